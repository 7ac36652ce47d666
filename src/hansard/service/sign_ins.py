"""Sign-ins with a key: what a browser's cookie stands for."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from hansard.access import Principal
from hansard.errors import Unauthenticated
from hansard.ids import is_workspace
from hansard.store.verbs import sign_ins as verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.service.keys import Keys
    from hansard.store import Store

_SIGNED_IN_US = 30 * 86_400_000_000
_SETUP_US = 3_600_000_000
COOKIE, SETUP = "cookie", "setup"


class SignIns:
    """A sign-in stands on a key: when the key is revoked or expires, the sign-in ends with it. Tokens are kept as digests."""

    def __init__(self, store: Store, keys: Keys, secret: bytes, clock: Callable[[], int]) -> None:
        self._store = store
        self._keys = keys
        self._secret = secret
        self._clock = clock

    async def open(self, credential: str) -> tuple[str, Principal]:
        """Sign in with a key: the token of the sign-in, and who it is."""
        principal = await self._keys.authenticate(credential)
        return await self._issue(principal, COOKIE, _SIGNED_IN_US), principal

    async def invite(self, principal: Principal) -> str:
        """A token that signs in once, within an hour, with the rights of the caller's key: for the first run's link."""
        return await self._issue(principal, SETUP, _SETUP_US)

    async def check(self, token: str, purpose: str = COOKIE) -> Principal:
        """Who signed in; Unauthenticated when the token is not, or no longer, a sign-in."""
        workspace_id, _, secret = token.partition(".")
        if not is_workspace(workspace_id) or not secret or not token.isascii():
            raise Unauthenticated("you are not signed in", code="signed_out")
        key_id = await self._store.read(
            verbs.signed_in, workspace_id, self._digest(token), purpose, self._clock()
        )
        if key_id is None:
            raise Unauthenticated("your sign-in has ended: sign in again", code="signed_out")
        return await self._keys.holder(workspace_id, key_id)

    async def claim(self, token: str) -> tuple[str, Principal]:
        """Use an invitation up: the token of the sign-in that it becomes."""
        principal = await self.check(token, SETUP)
        if not await self._store.write(verbs.sign_out, principal.workspace_id, self._digest(token)):
            raise Unauthenticated("this link was used already", code="signed_out")
        return await self._issue(principal, COOKIE, _SIGNED_IN_US), principal

    async def close(self, token: str) -> None:
        workspace_id = token.partition(".")[0]
        await self._store.write(verbs.sign_out, workspace_id, self._digest(token))

    def proof(self, token: str) -> str:
        """A fresh token against forged requests, which only a page of this sign-in can know."""
        nonce = secrets.token_hex(8)
        return nonce + self._proof(token, nonce)

    def proves(self, token: str, proof: str) -> bool:
        return proof.isascii() and hmac.compare_digest(self._proof(token, proof[:16]), proof[16:])

    async def _issue(self, principal: Principal, purpose: str, lasts: int) -> str:
        token = f"{principal.workspace_id}.{secrets.token_urlsafe(32)}"
        now = self._clock()
        await self._store.write(
            verbs.sign_in,
            principal.workspace_id,
            self._digest(token),
            purpose,
            principal.key_id,
            now,
            now + lasts,
        )
        return token

    def _digest(self, token: str) -> str:
        return hmac.digest(self._secret, b"sign-in:" + token.encode(), "sha256").hex()

    def _proof(self, token: str, nonce: str) -> str:
        return hmac.digest(self._secret, f"proof:{nonce}:{token}".encode(), "sha256").hex()[:32]
