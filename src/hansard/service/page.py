"""What the page stands on: sign-ins with a key, saved views, share links."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

import msgspec

from hansard.access import Principal
from hansard.errors import Forbidden, Invalid, NotFound, Unauthenticated
from hansard.ids import is_workspace
from hansard.model import Session
from hansard.model.share import Share, View
from hansard.service.rules import ref, short, whole
from hansard.store.verbs import keys as key_verbs
from hansard.store.verbs import page as verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.ids import IdSource
    from hansard.service.keys import Keys
    from hansard.store import Store

_SIGNED_IN_US = 30 * 86_400_000_000
_SETUP_US = 3_600_000_000
_QUERY = 4000
_LONGEST_SHARE_US = 366 * 86_400_000_000
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


class Views:
    def __init__(self, store: Store, ids: IdSource, clock: Callable[[], int]) -> None:
        self._store = store
        self._ids = ids
        self._clock = clock

    async def list(self, principal: Principal) -> list[View]:
        """The workspace's saved views, oldest first; none for a caller who is narrowed to one end user or app."""
        if principal.user_id is not None or principal.app is not None:
            return []
        return await self._store.read(verbs.views, principal.workspace_id)

    async def save(self, principal: Principal, name: str, query: str) -> View:
        """Keep a filter under a name; Conflict when another view has it."""
        whole(principal)
        named = (short(name.strip(), "name", 100) or "").strip()
        if not named:
            raise Invalid("a view needs a name", param="name")
        short(query, "query", _QUERY)
        return await self._store.write(
            verbs.put_view,
            principal.workspace_id,
            View(self._ids.prefixed("view_"), named, query, self._clock()),
        )

    async def delete(self, principal: Principal, view_id: str) -> None:
        whole(principal)
        await self._store.write(verbs.delete_view, principal.workspace_id, view_id)


class Shares:
    """Links that show one session to whoever has them; off until the workspace's setting ``sharing`` is true."""

    def __init__(self, store: Store, secret: bytes, clock: Callable[[], int]) -> None:
        self._store = store
        self._secret = secret
        self._clock = clock

    async def create(
        self, principal: Principal, session: str, *, expires_at: int
    ) -> tuple[str, Share]:
        """A link's secret name, told once, and what is kept of it; Forbidden while sharing is off."""
        now = self._clock()
        if not await self._is_on(principal.workspace_id):
            raise Forbidden(
                "sharing is off in this workspace: switch it on in the page's settings, "
                'or by PATCH /v1/workspace with {"settings": {"sharing": true}} (scope keys:admin)',
                code="sharing_off",
            )
        if not now < expires_at <= now + _LONGEST_SHARE_US:
            raise Invalid("expires_at must lie in the next 366 days", param="expires_at")
        ident, secret = secrets.token_hex(8), secrets.token_urlsafe(24)
        draft = Share(
            ident, "", self._digest(ident, secret), principal.key_id, now, expires_at, None
        )
        made = await self._store.write(verbs.share, ref(principal, session), draft)
        return f"{principal.workspace_id}.{ident}.{secret}", made

    async def list(self, principal: Principal, session: str) -> list[Share]:
        return await self._store.read(verbs.shares, ref(principal, session))

    async def revoke(self, principal: Principal, session: str, share_id: str) -> None:
        await self._store.write(verbs.unshare, ref(principal, session), share_id, self._clock())

    async def open(self, name: str) -> tuple[Principal, Session, Share]:
        """What a link shows, and a caller who may read it; NotFound when it never was, has ended, or sharing is off."""
        missing = NotFound("this link does not exist, or it has ended", code="share_not_found")
        workspace_id, _, rest = name.partition(".")
        ident, _, secret = rest.partition(".")
        if not name.isascii() or not is_workspace(workspace_id):
            raise missing
        got = await self._store.read(verbs.shared, workspace_id, ident)
        if got is None:
            raise missing
        share, session = got
        is_open = share.revoked_at is None and self._clock() < share.expires_at
        if (
            not is_open
            or not hmac.compare_digest(self._digest(ident, secret), share.digest)
            or not await self._is_on(workspace_id)
        ):
            raise missing
        return (
            Principal(workspace_id, "", f"share:{ident}", frozenset({"sessions:read"})),
            session,
            share,
        )

    async def _is_on(self, workspace_id: str) -> bool:
        workspace = await self._store.read(key_verbs.workspace, workspace_id)
        return msgspec.json.decode(workspace.settings).get("sharing") is True

    def _digest(self, ident: str, secret: str) -> str:
        return hmac.digest(self._secret, f"share:{ident}:{secret}".encode(), "sha256").hex()
