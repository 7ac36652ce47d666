"""Sign-ins with a key, each held by a browser's cookie."""

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
    """Whether this has the form of a sign-in token, which no key has."""
    workspace_id, _, secret = credential.partition(".")
    return is_workspace(workspace_id) and bool(secret) and credential.isascii()


class SignIns:
    """A sign-in belongs to a key and ends when the key is revoked or expires.

    Only a digest of its token is stored.
    """

    def __init__(self, store: Store, keys: Keys, secret: bytes, clock: Callable[[], int]) -> None:
        self._store = store
        self._keys = keys
        self._secret = secret
        self._clock = clock

    async def open(
        self, credential: str, purpose: str = PAGE, hours: int = PAGE_HOURS
    ) -> tuple[str, Principal]:
        """Sign in with a key for ``hours``: the sign-in's token, and the principal."""
        principal = await self._keys.authenticate(credential)
        return await self._issue(principal, purpose, hours), principal

    async def invite(self, principal: Principal) -> str:
        """A token for the first run's link: it signs in once, within an hour, as the caller."""
        return await self._issue(principal, SETUP, SETUP_HOURS)

    async def check(self, token: str, purpose: str = PAGE) -> Principal:
        """The principal of a sign-in; Unauthenticated when the token is not valid, or no longer."""
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
        """Use up an invitation; the token of the new sign-in, and the principal."""
        principal = await self.check(token, SETUP)
        if not await self._store.write(verbs.sign_out, principal.workspace_id, self._digest(token)):
            raise Unauthenticated("this link was used already", code="signed_out")
        return await self._issue(principal, PAGE, PAGE_HOURS), principal

    async def close(self, token: str) -> None:
        if is_sign_in(token):
            workspace_id = token.partition(".")[0]
            await self._store.write(verbs.sign_out, workspace_id, self._digest(token))

    def proof(self, token: str) -> str:
        """A fresh CSRF token, which only a page of this sign-in can know."""
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
