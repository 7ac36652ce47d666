"""Links that show one session to whoever has them."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

import msgspec

from hansard.access import Principal
from hansard.errors import Forbidden, Invalid, NotFound
from hansard.ids import is_workspace
from hansard.model import Session
from hansard.model.share import Share
from hansard.service.rules import ref
from hansard.store.verbs import keys as key_verbs
from hansard.store.verbs import shares as verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.store import Store

_LONGEST_SHARE_US = 366 * 86_400_000_000


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
