"""Import and export of whole sessions."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.access import Principal
from hansard.errors import Forbidden, Invalid, TooLarge, TooMany
from hansard.ids import SESSION
from hansard.model.bounds import check_imported, not_ahead, own_id
from hansard.model.transfer import ImportedSession, Snapshot, Verdict
from hansard.service.rules import forget_deleted
from hansard.service.session_rows import drafted
from hansard.service.transfer_bounds import check_snapshot
from hansard.store.verbs import audit, export, restore
from hansard.store.verbs import documents as document_verbs
from hansard.store.verbs import import_sessions as verbs
from hansard.store.verbs.import_sessions import PreparedImport
from hansard.store.verbs.restore import ChainedSnapshot, KnownSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from hansard.ids import IdSource
    from hansard.model.document import Document
    from hansard.model.transfer import Incoming
    from hansard.service.audit import Audit
    from hansard.store import Store
    from hansard.store.steps import Steps


_AT_ONCE = 200
"""The most messages of one session that one transaction restores."""
_MOST_TAKEN = 8 << 20
"""Bytes of messages after which no further session is read at once."""
_FAR = 1 << 40
"""The distance of an incomplete new session's versions below its final version."""


_SLOTS = 2
"""The most imports that a server runs at once."""
_TURNS, _ALL_TURNS = 2, 8
"""The most imports that run or wait for one workspace, and for all of them."""
_RETRY = 5.0
"""Seconds."""


class Prepared(Struct, frozen=True):
    """Sessions to import, in their order; a Verdict for each that cannot be stored."""

    principal: Principal
    now: int
    checked: list[ImportedSession | PreparedImport | Verdict]


class Transfers:
    """Each call is one transaction; verdicts are in the order of the sessions.

    ``dry_run`` returns the verdicts and writes nothing. Raises Forbidden for a key that is narrowed
    to one user or app.
    """

    def __init__(
        self,
        store: Store,
        audit: Audit,
        ids: IdSource,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._audit = audit
        self._ids = ids
        self._clock = clock
        self._slots = asyncio.Semaphore(_SLOTS)
        self._turns: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, principal: Principal) -> AsyncIterator[None]:
        """Wait until this import may run. Raises TooMany when too many run or wait already."""
        workspace_id = principal.workspace_id
        if self._turns[workspace_id] >= _TURNS or self._turns.total() >= _ALL_TURNS:
            raise TooMany(
                "imports are being worked on: send this one when they are through",
                code="too_many_imports",
                retry_after=_RETRY,
            )
        self._turns[workspace_id] += 1
        try:
            async with self._slots:
                yield
        finally:
            self._turns[workspace_id] -= 1
            self._turns += Counter()  # without those that have none

    async def prepare(self, principal: Principal, incoming: Sequence[Incoming]) -> Prepared:
        """Read and compute what ``bring`` needs, while earlier sessions are being written."""
        _unnarrowed(principal)
        now = self._clock()
        checked = await asyncio.to_thread(
            lambda: [self._arrival(principal, item, now) for item in incoming]
        )
        arrivals = [item for item in checked if isinstance(item, ImportedSession)]
        taken = (
            await self._store.read(verbs.taken, principal.workspace_id, arrivals)
            if arrivals
            else set()
        )

        def built() -> list[ImportedSession | PreparedImport | Verdict]:
            return [
                verbs.ready(item, self._ids, now)
                if isinstance(item, ImportedSession)
                and not item.is_continued
                and taken.isdisjoint(verbs.names(item))
                else item
                for item in checked
            ]

        return Prepared(principal, now, await asyncio.to_thread(built))

    async def bring(
        self,
        prepared: Prepared,
        *,
        dry_run: bool = False,
        goes_on: bool = False,
        audited: bool = True,
    ) -> list[Verdict]:
        """Store new sessions, and add missing messages to existing ones; overwrites nothing.

        A session keeps its own times: its ``updated_at`` is that of its last message.  With
        ``goes_on`` the first is a new session that an earlier call began.  The audit log gets what
        changed in known sessions if ``audited``.
        """
        arrivals = [item for item in prepared.checked if not isinstance(item, Verdict)]
        workspace_id = prepared.principal.workspace_id
        brought = iter(
            await self._write(
                prepared.principal,
                lambda: verbs.bring(workspace_id, arrivals, self._ids, prepared.now),
                dry_run=dry_run,
                known_from=int(goes_on) if audited else len(arrivals),
            )
        )
        return [item if isinstance(item, Verdict) else next(brought) for item in prepared.checked]

    async def restore(
        self, principal: Principal, snapshots: Sequence[Snapshot], *, dry_run: bool = False
    ) -> list[Verdict]:
        """Store sessions exactly as exported, or extend an earlier state of the same session.

        An existing session keeps its owner and all its messages. A snapshot with a different
        message is ``bad``. So is one with a deleted message, unless the key may delete.
        """
        _unnarrowed(principal)
        now = self._clock()
        checked = await asyncio.to_thread(
            lambda: [_restorable(principal, snapshot, now) for snapshot in snapshots]
        )
        verdicts: list[Verdict] = []
        waiting: list[ChainedSnapshot] = []
        for item in checked:
            if isinstance(item, ChainedSnapshot) and len(item.hashes) <= _AT_ONCE:
                waiting.append(item)
                continue
            verdicts += await self._restored(principal, waiting, now, dry_run=dry_run)
            waiting = []
            verdicts.append(
                item
                if isinstance(item, Verdict)
                else await self._restored_in_parts(principal, item, now, dry_run=dry_run)
            )
        return verdicts + await self._restored(principal, waiting, now, dry_run=dry_run)

    async def _restored(
        self,
        principal: Principal,
        chained: Sequence[ChainedSnapshot],
        now: int,
        *,
        dry_run: bool,
        goes_on: bool = False,
    ) -> list[Verdict]:
        if not chained:
            return []
        may_delete = "sessions:delete" in principal.scopes
        verdicts = await self._write(
            principal,
            lambda: restore.restore(principal.workspace_id, chained, now, may_delete=may_delete),
            dry_run=dry_run,
            known_from=int(goes_on),
        )
        if any("messages_deleted" in verdict.changes for verdict in verdicts):
            await forget_deleted(self._store, principal.workspace_id)
        return verdicts

    async def _restored_in_parts(
        self, principal: Principal, chained: ChainedSnapshot, now: int, *, dry_run: bool
    ) -> Verdict:
        """Restore a long session in batches, so that others are not held up.

        A dry run checks the first batch only.
        """
        here = await self._store.read(
            restore.known, principal.workspace_id, chained.snapshot.session.id
        )
        verdicts: list[Verdict] = []
        for part in parts_of(chained, here, _AT_ONCE):
            verdicts += await self._restored(
                principal, [part], now, dry_run=dry_run, goes_on=here is None
            )
            if dry_run or verdicts[-1].outcome == "bad":
                break
        return verdicts[-1] if verdicts[-1].outcome == "bad" else verdicts[0]

    async def take(
        self, principal: Principal, session_ids: Sequence[str], most_bytes: int = _MOST_TAKEN
    ) -> list[Snapshot]:
        """Everything stored of these sessions (by ``Session.id``), in one consistent state.

        Only of the first ones, at least one, where all of them have more than ``most_bytes``.
        """
        _unnarrowed(principal)
        return await self._store.snapshot(
            export.take, principal.workspace_id, session_ids, most_bytes
        )

    async def documents(self, principal: Principal) -> AsyncIterator[Document]:
        """The documents of users, apps and the workspace, each as it is when it is read."""
        _unnarrowed(principal)
        for scope in document_verbs.BEYOND_SESSIONS:
            after = ("", "")
            while some := await self._store.read(
                document_verbs.walk_scope, principal.workspace_id, scope, after
            ):
                for each in some:
                    yield each
                after = (some[-1].owner, some[-1].key)

    async def restore_documents(self, principal: Principal, documents: Sequence[Document]) -> int:
        """Store documents of ``documents`` as they were, where they are further on; how many."""
        _unnarrowed(principal)
        return await self._store.write(
            document_verbs.restore_beyond, principal.workspace_id, documents
        )

    def _arrival(
        self, principal: Principal, incoming: Incoming, now: int
    ) -> ImportedSession | Verdict:
        try:
            for index, draft in enumerate(incoming.messages):
                own_id(draft.client_id or "", f"messages[{index}].client_id")
                check_imported(draft, f"messages[{index}]", now)
            not_ahead(incoming.draft.created_at, now, "created_at")
            for field in ("ended_at", "archived_at"):
                not_ahead(getattr(incoming, field), now, field)
            session = drafted(principal, incoming.draft, None, self._ids, now)
        except (Invalid, TooLarge) as problem:
            return Verdict("bad", problem.message)
        settled = session.resolved_at and (incoming.ended_at or session.created_at)
        begun = msgspec.structs.replace(
            session,
            state="completed" if incoming.ended_at is not None else None,
            ended_at=incoming.ended_at,
            archived_at=incoming.archived_at,
            resolved_at=settled,
            updated_at=max(session.created_at, incoming.ended_at or session.created_at),
        )
        return ImportedSession(
            begun,
            incoming.draft.parent,
            incoming.messages,
            incoming.is_continued,
            incoming.file_safe,
        )

    async def _write(
        self,
        principal: Principal,
        verb: Callable[[], Steps[list[Verdict]]],
        *,
        dry_run: bool,
        known_from: int,
    ) -> list[Verdict]:
        """Run the verb; audit each existing session that it changed, in the same transaction.

        The verdicts before ``known_from`` are about sessions that this import began.
        """
        if not dry_run:
            return await self._store.write(self._noted, principal, verb, known_from)
        try:
            return await self._store.write(_undone, verb)
        except _Undone as outcome:
            return outcome.verdicts

    def _noted(
        self, principal: Principal, verb: Callable[[], Steps[list[Verdict]]], known_from: int
    ) -> Steps[list[Verdict]]:
        verdicts = yield from verb()
        acts = [
            self._audit.act(
                principal, "session.imported", f"{SESSION}{verdict.session_id}", **verdict.changes
            )
            for verdict in verdicts[known_from:]
            if verdict.session_id is not None
        ]
        yield from audit.note_many(self._audit.secret, acts)
        return verdicts


class _Undone(Exception):
    """Raised to roll a dry run's transaction back."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__("undone")
        self.verdicts = verdicts


def _undone(verb: Callable[[], Steps[list[Verdict]]]) -> Steps[list[Verdict]]:
    raise _Undone((yield from verb()))


def _restorable(principal: Principal, snapshot: Snapshot, now: int) -> ChainedSnapshot | Verdict:
    try:
        check_snapshot(snapshot, now)
    except (Invalid, TooLarge) as problem:
        return Verdict("bad", problem.message)
    session = msgspec.structs.replace(snapshot.session, workspace_id=principal.workspace_id)
    return restore.hashed(msgspec.structs.replace(snapshot, session=session))


def parts_of(
    chained: ChainedSnapshot, known: KnownSession | None, most: int
) -> Iterator[ChainedSnapshot]:
    """Earlier states of an exported session, each ``most`` messages longer; last the whole one.

    Each state has its own version, between the stored one and the final one. Where there are too
    few versions, a state adds more messages. The next import resumes an interrupted one.
    """
    session = chained.snapshot.session
    stored = known.last_seq if known is not None else 0
    count = -(-(session.last_seq - stored) // most)
    first = session.version - (count if known is not None else _FAR)
    if known is not None and first < known.version:
        count, first = session.version - known.version, known.version
    step = -(-(session.last_seq - stored) // max(1, count))
    for number in range(1, count):
        yield _cut(chained, stored + step * number, first + number)
    yield chained


def _cut(chained: ChainedSnapshot, until: int, version: int) -> ChainedSnapshot:
    """The session as if it had only the messages up to ``until``."""
    messages = chained.snapshot.messages[:until]
    session = msgspec.structs.replace(
        chained.snapshot.session,
        version=version,
        last_seq=until,
        message_count=sum(kept.deleted_at is None for kept in messages),
    )
    return ChainedSnapshot(
        Snapshot(session, chained.snapshot.runs, messages), chained.hashes[:until]
    )


def _unnarrowed(principal: Principal) -> None:
    if principal.user_id is not None or principal.app is not None:
        raise Forbidden(
            "a key for one end user or app cannot import or export", code="narrowed_key"
        )
