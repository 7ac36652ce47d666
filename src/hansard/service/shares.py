"""Links that show one session to anyone who has them."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

import msgspec

from hansard.access import Principal
from hansard.errors import Forbidden, Invalid, NotFound
from hansard.ids import is_workspace
from hansard.model import Key, Session
from hansard.model.share import Hidden, Share
from hansard.service.rules import ref
from hansard.service.workspaces import OPERATOR
from hansard.store.verbs import keys as key_verbs
from hansard.store.verbs import shares as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hansard.store import Store

_LONGEST_SHARE_US = 366 * 86_400_000_000


class Shares:
    """Links that show one session to anyone who has them.

    They are off until the workspace's setting ``sharing`` is true. A link shows no more than its
    key sees, and ends with that key.
    """

    def __init__(self, store: Store, secret: bytes, clock: Callable[[], int]) -> None:
        self._store = store
        self._secret = secret
        self._clock = clock

    async def create(
        self,
        principal: Principal,
        session: str,
        *,
        expires_at: int,
        hides: Iterable[Hidden] = (),
    ) -> tuple[str, Share]:
        """A link's secret name, shown once, and its stored form.

        Raises Forbidden while sharing is off, and for a key that may not read the session.
        """
        principal.require("sessions:read")
        now = self._clock()
        if not await self._is_on(principal.workspace_id):
            raise Forbidden(
                "sharing is off in this workspace: switch it on in the page's settings, "
                'or by PATCH /v1/workspace with {"settings": {"sharing": true}} (scope keys:admin)',
                code="sharing_off",
            )
        if not now < expires_at <= now + _LONGEST_SHARE_US:
            raise Invalid("expires_at must lie in the next 366 days", param="expires_at")
        share_id, secret = secrets.token_hex(8), secrets.token_urlsafe(24)
        draft = Share(
            share_id,
            "",
            self._digest(share_id, secret),
            principal.key_id,
            now,
            expires_at,
            None,
            msgspec.json.encode(sorted(set(hides))).decode(),
        )
        share = await self._store.write(verbs.share, ref(principal, session), draft)
        return f"{principal.workspace_id}.{share_id}.{secret}", _with_key(*share)

    async def list(self, principal: Principal, session: str) -> list[Share]:
        """The links to a session, ended ones included."""
        shares = await self._store.read(verbs.shares, ref(principal, session))
        return [_with_key(share, key) for share, key in shares]

    async def revoke(self, principal: Principal, session: str, share_id: str) -> None:
        await self._store.write(verbs.unshare, ref(principal, session), share_id, self._clock())

    async def open(self, name: str) -> tuple[Principal, Session, Share]:
        """What a link shows, and the principal that may read it.

        Raises NotFound when the link does not exist or has ended, and while sharing is off.
        """
        missing = NotFound("this link does not exist, or it has ended", code="share_not_found")
        workspace_id, _, rest = name.partition(".")
        share_id, _, secret = rest.partition(".")
        if not name.isascii() or not is_workspace(workspace_id):
            raise missing
        shared = await self._store.read(verbs.shared, workspace_id, share_id)
        if shared is None:
            raise missing
        kept, key, session = shared
        share = _with_key(kept, key)
        is_open = share.revoked_at is None and self._clock() < share.expires_at
        if (
            not is_open
            or not hmac.compare_digest(self._digest(share_id, secret), share.digest)
            or not await self._is_on(workspace_id)
        ):
            raise missing
        user_id, app = (key.user_id, key.app) if key else (None, None)
        scopes = frozenset({"sessions:read"})
        reader = Principal(workspace_id, "", f"share:{share_id}", scopes, user_id, app)
        return reader, session, share

    async def _is_on(self, workspace_id: str) -> bool:
        workspace = await self._store.read(key_verbs.workspace, workspace_id)
        return msgspec.json.decode(workspace.settings).get("sharing") is True

    def _digest(self, share_id: str, secret: str) -> str:
        return hmac.digest(self._secret, f"share:{share_id}:{secret}".encode(), "sha256").hex()


def _with_key(share: Share, key: Key | None) -> Share:
    """The link, ended when its key has ended; operators need no key."""
    if share.created_by == OPERATOR:
        return share
    if key is None:
        return msgspec.structs.replace(share, revoked_at=share.revoked_at or share.created_at)
    ends = [at for at in (share.revoked_at, key.revoked_at) if at is not None]
    return msgspec.structs.replace(
        share,
        revoked_at=min(ends, default=None),
        expires_at=min(share.expires_at, key.expires_at or share.expires_at),
    )
