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

HOUR_US = 3_600_000_000
PAGE_HOURS, SETUP_HOURS = 30 * 24, 1
PAGE, SETUP = "cookie", "setup"
"""What a sign-in is for: one for another purpose opens nothing."""


def is_sign_in(credential: str) -> bool:
    """Whether this looks like the token of a sign-in, which no key does."""
    workspace_id, _, secret = credential.partition(".")
    return is_workspace(workspace_id) and bool(secret) and credential.isascii()


class SignIns:
    """A sign-in stands on a key and ends with it, when that is revoked or expires.

    Its token is kept as a digest.
    """

    def __init__(self, store: Store, keys: Keys, secret: bytes, clock: Callable[[], int]) -> None:
        self._store = store
        self._keys = keys
        self._secret = secret
        self._clock = clock

    async def open(
        self, credential: str, purpose: str = PAGE, hours: int = PAGE_HOURS
    ) -> tuple[str, Principal]:
        """Sign in with a key for so many hours: the token of the sign-in, and who it is."""
        principal = await self._keys.authenticate(credential)
        return await self._issue(principal, purpose, hours), principal

    async def invite(self, principal: Principal) -> str:
        """A token for the first run's link: it signs in once, within an hour, as the caller."""
        return await self._issue(principal, SETUP, SETUP_HOURS)

    async def check(self, token: str, purpose: str = PAGE) -> Principal:
        """Who signed in; Unauthenticated when the token is not, or no longer, a sign-in."""
        workspace_id = token.partition(".")[0]
        if not is_sign_in(token):
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
        return await self._issue(principal, PAGE, PAGE_HOURS), principal

    async def close(self, token: str) -> None:
        if is_sign_in(token):
            workspace_id = token.partition(".")[0]
            await self._store.write(verbs.sign_out, workspace_id, self._digest(token))

    def proof(self, token: str) -> str:
        """A fresh token against forged requests, which only a page of this sign-in can know."""
        nonce = secrets.token_hex(8)
        return nonce + self._proof(token, nonce)

    def proves(self, token: str, proof: str) -> bool:
        return proof.isascii() and hmac.compare_digest(self._proof(token, proof[:16]), proof[16:])

    async def _issue(self, principal: Principal, purpose: str, hours: int) -> str:
        token = f"{principal.workspace_id}.{secrets.token_urlsafe(32)}"
        now = self._clock()
        await self._store.write(
            verbs.sign_in,
            principal.workspace_id,
            self._digest(token),
            purpose,
            principal.key_id,
            now,
            now + hours * HOUR_US,
        )
        return token

    def _digest(self, token: str) -> str:
        return hmac.digest(self._secret, b"sign-in:" + token.encode(), "sha256").hex()

    def _proof(self, token: str, nonce: str) -> str:
        return hmac.digest(self._secret, f"proof:{nonce}:{token}".encode(), "sha256").hex()[:32]
