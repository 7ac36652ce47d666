"""Whole sessions in and out: what imports and exports are made of."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.access import Principal
from hansard.errors import Forbidden, Invalid
from hansard.model.transfer import ImportedSession, Verdict
from hansard.service.rules import own_id
from hansard.store.verbs import export
from hansard.store.verbs import import_sessions as verbs
from hansard.store.verbs.import_sessions import PreparedImport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.ids import IdSource
    from hansard.model.transfer import Incoming, Snapshot
    from hansard.service.sessions import Sessions
    from hansard.store import Store
    from hansard.store.steps import Steps


class Prepared(Struct, frozen=True):
    """Sessions on their way in, each in its place; a Verdict for one that cannot be stored."""

    principal: Principal
    now: int
    checked: list[ImportedSession | PreparedImport | Verdict]


class Transfers:
    """Each call is one transaction; a verdict stands at the place of the session that it is about.

    With ``dry_run`` the verdicts are found and nothing is written.  Raises Forbidden for a key
    that is narrowed to one user or app.
    """

    def __init__(
        self, store: Store, sessions: Sessions, ids: IdSource, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._ids = ids
        self._clock = clock

    async def prepare(self, principal: Principal, incoming: Sequence[Incoming]) -> Prepared:
        """All that ``bring`` needs to know and to compute beforehand, so that it can be done while others are brought."""
        _unnarrowed(principal)
        now = self._clock()
        checked = [self._arrival(principal, one, now) for one in incoming]
        arrivals = [one for one in checked if isinstance(one, ImportedSession)]
        taken = (
            await self._store.read(verbs.taken, principal.workspace_id, arrivals)
            if arrivals
            else set()
        )

        def made() -> list[ImportedSession | PreparedImport | Verdict]:
            return [
                verbs.ready(one, self._ids, now)
                if isinstance(one, ImportedSession) and taken.isdisjoint(verbs.names(one))
                else one
                for one in checked
            ]

        return Prepared(principal, now, await asyncio.to_thread(made))

    async def bring(self, prepared: Prepared, *, dry_run: bool = False) -> list[Verdict]:
        """Store the sessions that are not there and add to the others what they lack; nothing is overwritten.

        A session keeps its own times: it was updated when its last message was said.
        """
        arrivals = [one for one in prepared.checked if not isinstance(one, Verdict)]
        workspace_id = prepared.principal.workspace_id
        brought = iter(
            await self._write(
                lambda: verbs.bring(workspace_id, arrivals, self._ids, prepared.now),
                dry_run=dry_run,
            )
        )
        return [one if isinstance(one, Verdict) else next(brought) for one in prepared.checked]

    async def restore(
        self, principal: Principal, snapshots: Sequence[Snapshot], *, dry_run: bool = False
    ) -> list[Verdict]:
        """Store sessions exactly as they were exported; an earlier state of the same session is replaced."""
        _unnarrowed(principal)
        now = self._clock()
        owned = [
            msgspec.structs.replace(
                one,
                session=msgspec.structs.replace(one.session, workspace_id=principal.workspace_id),
            )
            for one in snapshots
        ]
        return await self._write(
            lambda: export.restore(principal.workspace_id, owned, now), dry_run=dry_run
        )

    async def take(self, principal: Principal, session_ids: Sequence[str]) -> list[Snapshot]:
        """All that is held of these sessions (by ``Session.id``), in one consistent state."""
        _unnarrowed(principal)
        return await self._store.snapshot(export.take, principal.workspace_id, session_ids)

    def _arrival(self, principal: Principal, one: Incoming, now: int) -> ImportedSession | Verdict:
        try:
            for index, draft in enumerate(one.messages):
                own_id(draft.client_id or "", f"messages[{index}].client_id")
            session = self._sessions.drafted(principal, one.draft, None, now)
        except Invalid as problem:
            return Verdict("bad", problem.message)
        settled = session.resolved_at and (one.ended_at or session.created_at)
        begun = msgspec.structs.replace(
            session,
            state="completed" if one.ended_at is not None else None,
            ended_at=one.ended_at,
            archived_at=one.archived_at,
            resolved_at=settled,
            updated_at=max(session.created_at, one.ended_at or session.created_at),
        )
        return ImportedSession(begun, one.draft.parent, one.messages)

    async def _write(
        self, verb: Callable[[], Steps[list[Verdict]]], *, dry_run: bool
    ) -> list[Verdict]:
        if not dry_run:
            return await self._store.write(verb)
        try:
            return await self._store.write(_undone, verb)
        except _Undone as found:
            return found.verdicts


class _Undone(Exception):
    """The way out of a transaction that must not be kept."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__("undone")
        self.verdicts = verdicts


def _undone(verb: Callable[[], Steps[list[Verdict]]]) -> Steps[list[Verdict]]:
    raise _Undone((yield from verb()))


def _unnarrowed(principal: Principal) -> None:
    if principal.user_id is not None or principal.app is not None:
        raise Forbidden(
            "a key for one end user or app cannot import or export", code="narrowed_key"
        )
