"""Whole sessions in and out: what imports and exports are made of."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.access import Principal
from hansard.errors import Forbidden, Invalid, TooLarge
from hansard.ids import SESSION
from hansard.model.transfer import ImportedSession, Snapshot, Verdict
from hansard.service.rules import forget_deleted, not_ahead
from hansard.service.transfer_bounds import check_draft, check_snapshot
from hansard.store.verbs import audit, export, restore
from hansard.store.verbs import import_sessions as verbs
from hansard.store.verbs.import_sessions import PreparedImport
from hansard.store.verbs.restore import ChainedSnapshot, KnownSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hansard.ids import IdSource
    from hansard.model.transfer import Incoming
    from hansard.service.audit import Audit
    from hansard.service.sessions import Sessions
    from hansard.store import Store
    from hansard.store.steps import Steps


_AT_ONCE = 200
"""So many messages of one session are restored in one transaction."""
_FAR = 1 << 40
"""How far the versions of a new session that is not whole yet lie below its own: nobody changes it so often."""


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
        self,
        store: Store,
        sessions: Sessions,
        audit: Audit,
        ids: IdSource,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._audit = audit
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
                prepared.principal,
                lambda: verbs.bring(workspace_id, arrivals, self._ids, prepared.now),
                dry_run=dry_run,
            )
        )
        return [one if isinstance(one, Verdict) else next(brought) for one in prepared.checked]

    async def restore(
        self, principal: Principal, snapshots: Sequence[Snapshot], *, dry_run: bool = False
    ) -> list[Verdict]:
        """Store sessions exactly as they were exported, and go on with those that are an earlier state of the same.

        A known session stays whose it is, and keeps every message that it has: a snapshot in which one of
        them is another is ``bad``, and so is one in which one is deleted, unless the key may delete.
        """
        _unnarrowed(principal)
        now = self._clock()
        checked = await asyncio.to_thread(
            lambda: [_restorable(principal, one, now) for one in snapshots]
        )
        verdicts: list[Verdict] = []
        waiting: list[ChainedSnapshot] = []
        for one in checked:
            if isinstance(one, ChainedSnapshot) and len(one.hashes) <= _AT_ONCE:
                waiting.append(one)
                continue
            verdicts += await self._restored(principal, waiting, now, dry_run=dry_run)
            waiting = []
            verdicts.append(
                one
                if isinstance(one, Verdict)
                else await self._restored_in_parts(principal, one, now, dry_run=dry_run)
            )
        return verdicts + await self._restored(principal, waiting, now, dry_run=dry_run)

    async def _restored(
        self, principal: Principal, given: Sequence[ChainedSnapshot], now: int, *, dry_run: bool
    ) -> list[Verdict]:
        if not given:
            return []
        may_delete = "sessions:delete" in principal.scopes
        verdicts = await self._write(
            principal,
            lambda: restore.restore(principal.workspace_id, given, now, may_delete=may_delete),
            dry_run=dry_run,
        )
        if any("messages_deleted" in one.changes for one in verdicts):
            await forget_deleted(self._store, principal.workspace_id)
        return verdicts

    async def _restored_in_parts(
        self, principal: Principal, one: ChainedSnapshot, now: int, *, dry_run: bool
    ) -> Verdict:
        """Restore a long session some messages at a time, so that nobody waits for it; a dry run looks at the first of them."""
        here = await self._store.read(
            restore.known, principal.workspace_id, one.snapshot.session.id
        )
        verdicts: list[Verdict] = []
        for part in parts_of(one, here, _AT_ONCE):
            verdicts += await self._restored(principal, [part], now, dry_run=dry_run)
            if dry_run or verdicts[-1].outcome == "bad":
                break
        return verdicts[-1] if verdicts[-1].outcome == "bad" else verdicts[0]

    async def take(self, principal: Principal, session_ids: Sequence[str]) -> list[Snapshot]:
        """All that is held of these sessions (by ``Session.id``), in one consistent state."""
        _unnarrowed(principal)
        return await self._store.snapshot(export.take, principal.workspace_id, session_ids)

    def _arrival(self, principal: Principal, one: Incoming, now: int) -> ImportedSession | Verdict:
        try:
            for index, draft in enumerate(one.messages):
                check_draft(draft, f"messages[{index}]", now)
            not_ahead(one.draft.created_at, now, "created_at")
            for field in ("ended_at", "archived_at"):
                not_ahead(getattr(one, field), now, field)
            session = self._sessions.drafted(principal, one.draft, None, now)
        except (Invalid, TooLarge) as problem:
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
        self, principal: Principal, verb: Callable[[], Steps[list[Verdict]]], *, dry_run: bool
    ) -> list[Verdict]:
        """Run the verb; each known session that it changed is named in the audit log, in the same transaction."""
        if not dry_run:
            return await self._store.write(self._noted, principal, verb)
        try:
            return await self._store.write(_undone, verb)
        except _Undone as found:
            return found.verdicts

    def _noted(
        self, principal: Principal, verb: Callable[[], Steps[list[Verdict]]]
    ) -> Steps[list[Verdict]]:
        verdicts = yield from verb()
        acts = [
            self._audit.act(
                principal, "session.imported", f"{SESSION}{one.session_id}", **one.changes
            )
            for one in verdicts
            if one.session_id is not None
        ]
        yield from audit.note_many(self._audit.secret, acts)
        return verdicts


class _Undone(Exception):
    """The way out of a transaction that must not be kept."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__("undone")
        self.verdicts = verdicts


def _undone(verb: Callable[[], Steps[list[Verdict]]]) -> Steps[list[Verdict]]:
    raise _Undone((yield from verb()))


def _restorable(principal: Principal, one: Snapshot, now: int) -> ChainedSnapshot | Verdict:
    try:
        check_snapshot(one, now)
    except (Invalid, TooLarge) as problem:
        return Verdict("bad", problem.message)
    session = msgspec.structs.replace(one.session, workspace_id=principal.workspace_id)
    return restore.hashed(msgspec.structs.replace(one, session=session))


def parts_of(
    one: ChainedSnapshot, here: KnownSession | None, most: int
) -> Iterator[ChainedSnapshot]:
    """Earlier states of an exported session, each with up to ``most`` more messages, and last itself.

    Each has a version of its own, between that of the session that is here and its own: where there are not
    enough of them, a part has more messages.  One that is broken off goes on with the next import.
    """
    session = one.snapshot.session
    stored = here.last_seq if here is not None else 0
    count = -(-(session.last_seq - stored) // most)
    first = session.version - (count if here is not None else _FAR)
    if here is not None and first < here.version:
        count, first = session.version - here.version, here.version
    step = -(-(session.last_seq - stored) // max(1, count))
    for number in range(1, count):
        yield _cut(one, stored + step * number, first + number)
    yield one


def _cut(one: ChainedSnapshot, until: int, version: int) -> ChainedSnapshot:
    """The session as if it had only the messages up to ``until``."""
    messages = one.snapshot.messages[:until]
    session = msgspec.structs.replace(
        one.snapshot.session,
        version=version,
        last_seq=until,
        message_count=sum(kept.deleted_at is None for kept in messages),
    )
    return ChainedSnapshot(Snapshot(session, one.snapshot.runs, messages), one.hashes[:until])


def _unnarrowed(principal: Principal) -> None:
    if principal.user_id is not None or principal.app is not None:
        raise Forbidden(
            "a key for one end user or app cannot import or export", code="narrowed_key"
        )
