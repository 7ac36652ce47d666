"""Keys: authentication, and the credentials of a workspace."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.access import ALL_SCOPES, KeyMint, Principal
from hansard.access.keys import read as read_key
from hansard.byte_cache import MIB, ByteCache
from hansard.errors import Forbidden, Invalid, NotFound, StoreUnavailable, Unauthenticated
from hansard.model import Key, Workspace
from hansard.model.bounds import short
from hansard.model.times import rfc3339
from hansard.store.verbs import keys as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.service.audit import Audit
    from hansard.store import Store
    from hansard.store.verbs.audit import Act

    ReadKey = tuple[tuple[Key, Workspace] | None, float]
    """A key with its workspace, if there is one, and when reading it began."""

_FRESH_SECONDS = 1.0
_USED_SECONDS = 60.0
DEFAULT_SCOPES = ("sessions:read", "sessions:write")


class Known(Struct):
    """A key that was checked recently; its times are by the monotonic clock."""

    key: Key
    principal: Principal
    checked_at: float
    used_noted_at: float


class Keys:
    """Checks each key against the store at most once a second.

    So a revocation takes effect within two seconds. ``clock`` is the wall clock in microseconds, by
    which keys expire; ``monotonic`` counts seconds and ages the checks.
    """

    def __init__(
        self,
        store: Store,
        pepper: bytes,
        clock: Callable[[], int],
        audit: Audit,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._store = store
        self._audit = audit
        self._mint = KeyMint(pepper)
        self._clock = clock
        self._known = ByteCache[str, Known](4 * MIB, "keys")
        self._finding: dict[str, asyncio.Task[ReadKey]] = {}

    async def authenticate(self, credential: str | None) -> Principal:
        """The principal of a credential; Unauthenticated.

        The error gives the reason only to a caller who presents a whole key that was once valid.
        """
        known = self._known.get(credential or "")
        return self.known(credential) or await self._check(credential, known)

    def known(self, credential: str | None) -> Principal | None:
        """The principal of a credential that was checked within the last second."""
        known = self._known.get(credential or "")
        if (
            known is not None
            and self._monotonic() - known.checked_at < _FRESH_SECONDS
            and _alive(known.key, self._clock())
        ):
            return known.principal
        return None

    async def holder(self, workspace_id: str, key_id: str) -> Principal:
        """The principal of a key that was verified before; Unauthenticated when it has ended."""
        row = await self._store.read(verbs.find, key_id)
        if row is None or row[0].workspace_id != workspace_id or not _alive(row[0], self._clock()):
            raise Unauthenticated(
                "the key of this sign-in is no longer valid: sign in again", code="signed_out"
            )
        return _principal(*row)

    async def _check(self, credential: str | None, known: Known | None) -> Principal:
        presented = read_key(credential) if credential else None
        row, began = await self._find(presented.id) if presented else (None, 0.0)
        if (
            presented is None
            or credential is None
            or row is None
            or not self._mint.matches(presented, row[0].digest)
        ):
            self._known.pop(credential or "")
            raise Unauthenticated(
                "no valid API key: send one as 'Authorization: Bearer hsd_…' or 'X-API-KEY: hsd_…'"
            )
        key, workspace = row
        if not _alive(key, self._clock()):
            self._known.pop(credential)
            raise Unauthenticated(
                f"this key {_ended(key)}: create one with 'hansard keys create' or POST /v1/keys"
            )
        noted_at = known.used_noted_at if known else began - _since_used(key, self._clock())
        if began - noted_at > _USED_SECONDS:
            with contextlib.suppress(StoreUnavailable):  # a full disk must not end reading
                await self._store.write(verbs.used, key.workspace_id, key.id, self._clock())
            noted_at = began
        principal = _principal(key, workspace)
        self._known.put(credential, Known(key, principal, began, noted_at))
        return principal

    async def _find(self, key_id: str) -> ReadKey:
        """What the store has; whoever asks while it is read is answered by the same reading."""
        finding = self._finding.get(key_id)
        if finding is None:
            finding = self._finding[key_id] = asyncio.create_task(self._read(key_id))
            finding.add_done_callback(lambda _: self._finding.pop(key_id, None))
        return await asyncio.shield(finding)

    async def _read(self, key_id: str) -> ReadKey:
        began = self._monotonic()
        return await self._store.read(verbs.find, key_id), began

    async def create(  # noqa: PLR0913 - the facts of a key
        self,
        principal: Principal,
        name: str,
        scopes: Sequence[str] = DEFAULT_SCOPES,
        *,
        expires_at: int | None = None,
        user_id: str | None = None,
        app: str | None = None,
    ) -> tuple[str, Key]:
        """A new key of the caller's workspace: its text, shown once, and its stored form.

        Raises Forbidden when the key would have more rights than the caller.
        """
        text, key = self._new_key(
            principal.workspace_id,
            name,
            scopes,
            expires_at,
            user_id or principal.user_id,
            app or principal.app,
        )
        _check_within(principal, key)
        await self._store.write(
            self._audit.within(
                lambda created: self._act_on(principal, "key.created", created), verbs.put
            ),
            key,
        )
        return text, key

    async def list(self, principal: Principal) -> list[Key]:
        """The keys of the workspace; a narrowed caller sees only keys that reach no further."""
        keys = await self._store.read(verbs.page, principal.workspace_id)
        return [
            key
            for key in keys
            if principal.user_id in (None, key.user_id) and principal.app in (None, key.app)
        ]

    async def rotate(self, principal: Principal, key_id: str, *, grace_us: int) -> tuple[str, Key]:
        """A new key with the same rights and lifetime.

        The old key works for ``grace_us`` more microseconds.
        """
        now = self._clock()
        old = next(
            (key for key in await self.list(principal) if key.id == key_id and _alive(key, now)),
            None,
        )
        if old is None:
            raise NotFound(
                f"no active key {key_id!r} in this workspace", code="key_not_found", param="key_id"
            )
        _check_within(principal, old)
        expires_at = None if old.lifetime is None else now + old.lifetime
        text, key = self._new_key(
            old.workspace_id, old.name, old.scopes, expires_at, old.user_id, old.app
        )
        noted_rotate = self._audit.within(
            lambda created: self._act_on(principal, "key.rotated", created, replaced=key_id),
            verbs.rotate,
        )
        await self._store.write(noted_rotate, key_id, key, now + grace_us)
        return text, key

    async def revoke(self, principal: Principal, key_id: str) -> None:
        """Revoke a key: at once in this process, within two seconds in the others."""
        if key_id not in {key.id for key in await self.list(principal)}:
            raise NotFound(
                f"no key {key_id!r} in this workspace", code="key_not_found", param="key_id"
            )
        noted_revoke = self._audit.within(
            lambda _: self._audit.act(principal, "key.revoked", key_id), verbs.revoke
        )
        await self._store.write(noted_revoke, principal.workspace_id, key_id, self._clock())
        for text, known in self._known.items():
            if known.key.id == key_id:
                self._known.pop(text)

    def forget(self) -> None:
        """Check every key again on its next use."""
        self._known.clear()

    def _act_on(self, principal: Principal, action: str, key: Key, **more: str) -> Act:
        return self._audit.act(
            principal,
            action,
            key.id,
            scopes=[*key.scopes],
            narrowed=key.user_id is not None or key.app is not None,
            **more,
        )

    def _new_key(  # noqa: PLR0913 - the facts of a key
        self,
        workspace_id: str,
        name: str,
        scopes: Sequence[str],
        expires_at: int | None,
        user_id: str | None,
        app: str | None,
    ) -> tuple[str, Key]:
        unknown = sorted(set(scopes) - set(ALL_SCOPES))
        if unknown or not scopes:
            raise Invalid(
                f"unknown scope {', '.join(unknown) or '(none given)'}: "
                f"choose from {', '.join(ALL_SCOPES)}",
                param="scopes",
            )
        now = self._clock()
        if expires_at is not None and expires_at <= now:
            raise Invalid("expires_at is in the past", param="expires_at")
        text, minted, digest = self._mint.make()
        chosen = tuple(scope for scope in ALL_SCOPES if scope in scopes)
        return text, Key(
            minted.id,
            workspace_id,
            short(name, "name") or "key",
            chosen,
            digest,
            user_id,
            app,
            now,
            expires_at,
            None,
            None,
        )


def _check_within(principal: Principal, key: Key) -> None:
    """Raise Forbidden when the key has more rights than the caller."""
    beyond = set(key.scopes) - principal.scopes
    if (
        beyond
        or principal.user_id not in (None, key.user_id)
        or principal.app not in (None, key.app)
    ):
        raise Forbidden(
            "a key cannot grant what it does not have: "
            f"{', '.join(sorted(beyond)) or 'other users or apps'}",
            code="missing_scope",
            param="scopes",
        )


def _alive(key: Key, now: int) -> bool:
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


def _since_used(key: Key, now: int) -> float:
    """Seconds since the key's last use; infinite when it was never used or the time is ahead."""
    used_at = key.last_used_at
    return math.inf if used_at is None or used_at > now else (now - used_at) / 1_000_000


def _ended(key: Key) -> str:
    """How a key ended that is no longer valid."""
    return (
        f"expired at {rfc3339(key.expires_at or 0)}"
        if key.revoked_at is None
        else f"was revoked at {rfc3339(key.revoked_at)}"
    )


def _principal(key: Key, workspace: Workspace) -> Principal:
    return Principal(
        key.workspace_id, workspace.name, key.id, frozenset(key.scopes), key.user_id, key.app
    )
