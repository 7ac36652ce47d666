"""Bulk actions on all sessions that match a filter at one moment, with undo."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Conflict, Invalid, NotFound
from hansard.ids import SESSION, IdSource
from hansard.model.bounds import short
from hansard.model.deletion import Deletion, SubSessions
from hansard.service.filter_bounds import narrowed
from hansard.service.rules import forget_deleted, ref
from hansard.store.verbs import bulk as verbs
from hansard.store.verbs import deletes
from hansard.store.verbs import sessions as session_verbs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from hansard.access import Principal
    from hansard.model import Session, SessionFilter
    from hansard.service.audit import Audit
    from hansard.store import Store
    from hansard.store.verbs.audit import Act

Action = Literal["resolve", "reopen", "unresolve", "tag", "untag", "archive", "unarchive", "delete"]
ACTIONS: tuple[str, ...] = get_args(Action)
RESOLUTIONS = {"resolve": "resolved", "reopen": "open", "unresolve": "unresolved"}
NAMED = 200
"""The most sessions that one action takes by name."""
_STEP = 100
_WINDOW_US = 600_000_000
_TAG, _TAGS = 128, 64


class Outcome(Struct, frozen=True):
    """How many sessions changed, and the id that undoes it (None for what cannot be undone).

    ``deletion`` is what a deletion took. All of it is what would be, for a dry run.
    """

    changed: int
    undo: str | None
    deletion: Deletion | None = None


class BulkOptions(Struct, frozen=True, kw_only=True):
    """``value`` is the tag of an action with one; ``sub_sessions`` is for ``delete``."""

    value: str | None = None
    sub_sessions: SubSessions = "keep"
    dry_run: bool = False


_PLAIN = BulkOptions()


class Bulk:
    def __init__(self, store: Store, ids: IdSource, clock: Callable[[], int], audit: Audit) -> None:
        self._store = store
        self._audit = audit
        self._ids = ids
        self._clock = clock

    async def matching(self, principal: Principal, filters: SessionFilter, snapshot_at: int) -> int:
        """How many sessions match and were created by ``snapshot_at``."""
        return await self._store.read(
            session_verbs.count,
            principal.workspace_id,
            narrowed(principal, _until(filters, snapshot_at)),
        )

    async def apply_to_matching(  # noqa: PLR0913 - the facts of a bulk action
        self,
        principal: Principal,
        action: Action,
        filters: SessionFilter,
        *,
        snapshot_at: int,
        expected: int,
        options: BulkOptions = _PLAIN,
    ) -> Outcome:
        """Act on the sessions that match and were created by ``snapshot_at``.

        Raises Conflict ``selection_changed`` when their number is not ``expected``.
        """
        count = await self.matching(principal, filters, snapshot_at)
        if count != expected:
            raise Conflict(
                f"{count} sessions match now, not {expected}: count again, then retry",
                code="selection_changed",
                param="expected",
                count=count,
            )
        return await self._apply(
            principal, action, self._walk(principal, _until(filters, snapshot_at)), options
        )

    async def apply_to(
        self,
        principal: Principal,
        action: Action,
        names: Sequence[str],
        options: BulkOptions = _PLAIN,
    ) -> Outcome:
        """Act on sessions by name; sessions that no longer exist are skipped."""
        if not 0 < len(names) <= NAMED:
            raise Invalid(f"ids takes 1-{NAMED} sessions: use filter for more", param="ids")

        async def once() -> AsyncIterator[list[str]]:
            yield [*names]

        return await self._apply(principal, action, once(), options)

    async def undo(self, principal: Principal, action_id: str) -> tuple[int, int]:
        """Undo an action within ten minutes: how many sessions were restored, and how many skipped.

        A session that changed since is skipped. A narrowed caller can undo only actions of callers
        with the same narrowing; any other action is NotFound.
        """
        now = self._clock()
        if not action_id.endswith(_of(principal)):
            raise verbs.missing(action_id)
        await self._store.write(verbs.undo, principal.workspace_id, action_id, now, _WINDOW_US)
        restored, skipped = 0, 0
        after: str | None = ""
        while after is not None:
            more, left, after = await self._store.write(
                verbs.undo_some, principal.workspace_id, action_id, after, _STEP, now
            )
            restored, skipped = restored + more, skipped + left
        return restored, skipped

    async def _apply(
        self,
        principal: Principal,
        action: Action,
        groups: AsyncIterator[list[str]],
        options: BulkOptions,
    ) -> Outcome:
        now = self._clock()
        if action == "delete":
            principal.require("sessions:delete")
            deletion = Deletion()
            async for names in groups:
                deletion = deletion.plus(await self._delete(principal, names, now, options))
            return Outcome(deletion.sessions, None, deletion)
        amend = _amending(action, options.value, now)
        changed = 0
        if options.dry_run:
            async for names in groups:
                refs = [ref(principal, name) for name in names]
                changed += await self._store.read(verbs.count_changes, refs, amend)
            return Outcome(changed, None)
        action_id = self._ids.prefixed("bulk_") + _of(principal)
        await self._store.write(verbs.begin, principal.workspace_id, action_id, action, now)
        async for names in groups:
            changed += await self._store.write(
                verbs.apply, [ref(principal, name) for name in names], action_id, amend, now
            )
        return Outcome(changed, action_id)

    async def _delete(
        self, principal: Principal, names: Sequence[str], now: int, options: BulkOptions
    ) -> Deletion:
        def act(session_id: str, counts: dict[str, int]) -> Act:
            return self._audit.act(principal, "session.deleted", f"{SESSION}{session_id}", **counts)

        total = Deletion()
        for name in names:
            here = ref(principal, name)
            with contextlib.suppress(NotFound):
                total = total.plus(
                    await self._store.snapshot(deletes.preview, here, options.sub_sessions)
                    if options.dry_run
                    else await self._store.write(
                        deletes.delete_noted,
                        here,
                        now,
                        self._audit.secret,
                        act,
                        options.sub_sessions,
                    )
                )
        if not options.dry_run:
            await forget_deleted(self._store, principal.workspace_id)
        return total

    async def _walk(self, principal: Principal, filters: SessionFilter) -> AsyncIterator[list[str]]:
        after: list[Any] | None = None
        while rows := await self._store.read(
            verbs.positions, principal.workspace_id, narrowed(principal, filters), _STEP, after
        ):
            yield [session_id for session_id, _ in rows]
            after = rows[-1][1]


def _of(principal: Principal) -> str:
    """The suffix of the action ids that this caller may undo."""
    return f"-{principal.narrowing}" if principal.narrowing else ""


def _until(filters: SessionFilter, snapshot_at: int) -> SessionFilter:
    until = (
        snapshot_at if filters.created_until is None else min(filters.created_until, snapshot_at)
    )
    return msgspec.structs.replace(filters, created_until=until)


def _amending(action: Action, value: str | None, now: int) -> Callable[[Session], Session]:
    """The function that applies the action to a session."""
    if action in RESOLUTIONS:
        resolution = RESOLUTIONS[action]
        return lambda session: (
            session
            if session.resolution == resolution
            else msgspec.structs.replace(
                session,
                resolution=resolution,
                resolved_at=now if resolution == "resolved" else None,
            )
        )
    if action in {"archive", "unarchive"}:
        return lambda session: msgspec.structs.replace(
            session, archived_at=(session.archived_at or now) if action == "archive" else None
        )
    tag = short(value, "value", _TAG)
    if not tag:
        raise Invalid(f"{action} needs the tag as value", param="value")

    def tagged(session: Session) -> Session:
        tags = msgspec.json.decode(session.tags, type=list[str])
        if (tag in tags) == (action == "tag") or (action == "tag" and len(tags) >= _TAGS):
            return session
        return msgspec.structs.replace(
            session,
            tags=Raw(
                msgspec.json.encode(
                    [*tags, tag] if action == "tag" else [other for other in tags if other != tag]
                )
            ),
        )

    return tagged
