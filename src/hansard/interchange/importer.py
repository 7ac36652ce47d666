"""Sessions out of foreign files into the store: idempotent, resumable, bad records set aside."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from hansard.access import Principal
from hansard.errors import Invalid, Retryable
from hansard.interchange import documents as files
from hansard.interchange import formats, reading
from hansard.interchange.bounds import BAD, OWN_MACHINE, Bounds
from hansard.interchange.documents import Document, from_pipe
from hansard.interchange.import_groups import Families, Group, Item, incoming_of, item_of
from hansard.interchange.reading import (
    BadRecord,
    DocumentPiece,
    Event,
    Reached,
    RecognisedFile,
    SessionPiece,
    SkippedFile,
    SnapshotPiece,
)
from hansard.interchange.reading_process import ReadingProcess
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.rejects import Rejects
from hansard.interchange.report import PROBLEMS, Options, Problem, Progress, Report, UnreadFile
from hansard.interchange.resume import ImportPosition, ImportTarget
from hansard.model.document import Document as StoredDocument
from hansard.model.transfer import Snapshot, Verdict
from hansard.service import Service
from hansard.service.transfers import Prepared

_TRIES, _NAMED = 5, 5
Events = AsyncIterator[Sequence[Event]]
T = TypeVar("T")


class Import:
    """One import; while a group of sessions is being written, the next one is read."""

    def __init__(
        self,
        service: Service,
        principal: Principal,
        options: Options,
        on_progress: Callable[[Progress], None] | None = None,
        bounds: Bounds = OWN_MACHINE,
    ) -> None:
        self._service = service
        self._principal = principal
        self._options = options
        self._on_progress = on_progress
        self._bounds = bounds
        self._format = _format(options.format)
        self._rules = Rules(
            now=service.clock(),
            zone=options.zone,
            channel=options.channel,
            keep_branches=options.keep_branches,
        )
        self._group = Group()
        self._snapshot: Snapshot | None = None
        self._reached: Reached | None = None
        self._records = 0
        self._passed = False
        self._verdict = Verdict("same")
        self._messages = 0
        self._flight: asyncio.Task[None] | None = None
        self._families = Families()
        self.report = Report()

    async def paths(self, paths: Sequence[Path]) -> Report:
        """Import files, folders and archives; FileNotFoundError when one is not there.

        A file of no known format is in the report's ``unread``.
        """
        for path in paths:
            await self._root(self._read(files.documents(path, self._bounds)), path.absolute())
        return self.report

    async def document(self, document: Document, aside: Path | None = None) -> Report:
        """Import what is open already; bad records are noted beside ``aside``, if given.

        Raises Invalid when nothing was read of it.
        """
        await self._root(self._read([document]), aside)
        self._check_read()
        return self.report

    async def documents(
        self, documents: Iterable[Document], on_event: Callable[[Event], None] | None = None
    ) -> Report:
        """Import documents and report what is read to ``on_event``; no bad record is set aside."""
        await self._root(self._read(documents, on_event), None)
        return self.report

    async def pipe(self, name: str, file: IO[bytes]) -> Report:
        """Import what is open already, which may be an archive."""
        await self._root(self._read(from_pipe(name, file, self._bounds)), None)
        return self.report

    def _check_read(self) -> None:
        report = self.report
        for unread in report.unread:
            code = "nothing_to_import" if report.empty else "invalid"
            reason = unread.reason.removeprefix("it ")
            raise Invalid(f"{unread.file} {reason}", code=code, param="format")
        if report.skipped and not (report.is_something or report.bad):
            names = ", ".join(report.skipped[:_NAMED])
            raise Invalid(f"no file in it is of a known format: {names}", param="format")

    async def upload(self, name: str, data: bytes) -> Report:
        """Import a file that came over the network: a process of its own reads it.

        Raises Invalid when nothing more was read after too many bad records.
        """
        process = ReadingProcess(name, data, self._options.format, self._rules, self._bounds)
        async with self._service.transfers.turn(self._principal), process.events() as events:
            await self._root(events, None)
        if self.report.stopped is not None:
            outcomes: dict[str, Any] = dict(self.report.outcomes())
            raise Invalid(self.report.stopped, code="too_many_bad_records", **outcomes)
        self._check_read()
        return self.report

    async def _read(
        self, documents: Iterable[Document], on_event: Callable[[Event], None] | None = None
    ) -> Events:
        for event in reading.read(documents, self._format, self._rules, self._bounds):
            if on_event is not None:
                on_event(event)
            yield (event,)

    async def _root(self, events: Events, path: Path | None) -> None:
        if self.report.stopped is not None:
            return
        before = self.report.outcomes()
        position = ImportPosition(
            path, self._bound(), resume=self._options.resume, keep=not self._options.dry_run
        )
        self.report.notes += filter(None, [position.note])
        with Rejects(None if self._options.dry_run else path, keep=position.done > 0) as aside:
            try:
                await self._follow(events, position, aside)
                await self._write_group(position, aside)
                await self._settle()
                await self._link()
            finally:
                if self._flight is not None:
                    self._flight.cancel()
            if self.report.stopped is None:
                position.forget()
        self.report.errors += aside.written
        await self._note(path, before)

    def _bound(self) -> ImportTarget:
        options, zone = self._options, self._options.zone
        return ImportTarget(
            store=self._service.store_name,
            workspace=self._principal.workspace_id,
            format=self._format.name if self._format else None,
            channel=options.channel,
            zone=None if zone is None else str(zone),
        )

    async def _note(self, path: Path | None, before: Counter[str]) -> None:
        """Tell the audit log what the import of one file or folder has changed."""
        done = {
            outcome: number - before[outcome] for outcome, number in self.report.outcomes().items()
        }
        is_audited = self._options.audited and not self._options.dry_run
        if is_audited and (done["new"] or done["updated"]):
            await self._service.audit.note(
                self._principal,
                "sessions.imported",
                reading.sound(path.name) if path is not None else "stream",
                **done,
            )

    async def _follow(self, events: Events, position: ImportPosition, aside: Rejects) -> None:
        """Take what is read, group by group, until it ends or too much of it is bad."""
        async for some in events:
            for event in some:
                if isinstance(event, SessionPiece | SnapshotPiece):
                    await self._take(event, position, aside)
                elif isinstance(event, DocumentPiece):
                    await self._keep(event.document)
                elif isinstance(event, BadRecord):
                    self._take_bad(event, position, aside)
                elif isinstance(event, RecognisedFile):
                    self.report.recognise(event.format)
                elif isinstance(event, SkippedFile):
                    self._skip(event)
                elif isinstance(event, Reached):
                    self._reached = event
                    self._tell()
            if self._is_hopeless():
                return

    async def _keep(self, document: StoredDocument) -> None:
        """Store a document that belongs to no session, where it is further on than what is there.

        A resumed import looks at it again, which changes nothing.
        """
        if not self._options.dry_run:
            restore = partial(self._service.transfers.restore_documents, self._principal)
            self.report.documents += await _patiently(lambda: restore([document]))

    def _skip(self, event: SkippedFile) -> None:
        self.report.empty += event.is_empty
        if event.chosen:
            self.report.unread.append(UnreadFile(event.file, event.reason))
        elif not event.is_empty:
            self.report.skipped.append(event.file)

    def _is_hopeless(self) -> bool:
        """Whether to stop reading: too many records are bad, and more than are good."""
        report = self.report
        if report.bad >= BAD and 2 * report.bad > self._records:
            first = report.problems[0]
            report.stopped = (
                f"stopped after {report.bad:,} bad records, more than good ones: is it a file of "
                "another format? "
                f"The first is record {first.record} of {first.file}: {first.reason}"
            )
        return report.stopped is not None

    async def _take(
        self, piece: SessionPiece | SnapshotPiece, position: ImportPosition, aside: Rejects
    ) -> None:
        """Put a piece to its group; one that fills it lets it be written."""
        is_first = piece.is_first if isinstance(piece, SessionPiece) else piece.session is not None
        if is_first:
            self._passed = position.passes()
            self.report.earlier += self._passed
            self._records += not self._passed
        if self._passed:
            return
        item = self._gathered(piece) if isinstance(piece, SnapshotPiece) else item_of(piece)
        if item is None:
            return
        if not self._group.has_room(self._bounds, len(item.record.messages), piece.size):
            await self._write_group(position, aside)
        self._group.add(item, piece.size)
        if not self._group.has_room(self._bounds):
            await self._write_group(position, aside)

    def _gathered(self, piece: SnapshotPiece) -> Item | None:
        """The exported session when its last messages have come."""
        if piece.session is not None:
            self._snapshot = Snapshot(piece.session, piece.runs, [], *piece.beside)
        assert self._snapshot is not None, "the session comes with its first piece"  # noqa: S101 - an invariant of reading
        self._snapshot.messages.extend(piece.messages)
        return Item(piece.file, piece.number, self._snapshot) if piece.is_last else None

    def _take_bad(self, event: BadRecord, position: ImportPosition, aside: Rejects) -> None:
        if position.passes():
            self.report.earlier += 1
            return
        self.report.bad += 1
        self._records += 1
        self._group.bad += 1
        self._set_aside(aside, Problem(event.file, event.number, event.reason))

    async def _write_group(self, position: ImportPosition, aside: Rejects) -> None:
        """Make a group ready while the one before it is being written, then let it follow."""
        group, self._group = self._group, Group()
        prepared = await self._prepared(group.items)
        await self._settle()
        if group.items:
            self._flight = asyncio.create_task(self._store(group, prepared, position, aside))
            await asyncio.sleep(0)
        else:
            position.settled(group.bad)

    async def _link(self) -> None:
        """Bring the sessions again that came before their parents, for their parents alone."""
        orphans = self._families.orphans()
        step = self._bounds.sessions_at_once
        for start in range(0, 0 if self._options.dry_run else len(orphans), step):
            some = orphans[start : start + step]
            transfers = self._service.transfers
            prepared = await _patiently(partial(transfers.prepare, self._principal, some))
            await _patiently(partial(transfers.bring, prepared))

    async def _settle(self) -> None:
        flight, self._flight = self._flight, None
        if flight is not None:
            await flight

    async def _prepared(self, items: Sequence[Item]) -> Prepared:
        incoming = [incoming_of(item) for item in items if isinstance(item.record, SessionRecord)]
        return await _patiently(lambda: self._service.transfers.prepare(self._principal, incoming))

    async def _store(
        self, group: Group, prepared: Prepared, position: ImportPosition, aside: Rejects
    ) -> None:
        """Write a group; only then are it and the bad records between its own settled."""
        verdicts = await _patiently(lambda: self._verdicts(group.items, prepared))
        for item, verdict in zip(group.items, verdicts, strict=True):
            self._judge(item, verdict, aside)
            self._families.note(item)
        position.settled(sum(item.is_last for item in group.items) + group.bad)
        self._tell()

    def _judge(self, item: Item, verdict: Verdict, aside: Rejects) -> None:
        """Count a session when the last of its messages are written.

        Bad once is bad, new once is new.
        """
        if item.is_first:
            self._verdict, self._messages = verdict, 0
            if isinstance(item.record, SessionRecord):
                self.report.remark(item.record.remarks)
        elif self._options.dry_run and verdict.outcome == "bad":
            pass  # its beginning, which was undone, is not there to go on with
        elif self._verdict.outcome == "same" or (
            verdict.outcome == "bad" and self._verdict.outcome != "bad"
        ):
            self._verdict = verdict
        self._messages += len(item.record.messages)
        if not item.is_last:
            return
        self.report.count(self._verdict, self._messages)
        if self._verdict.reason is not None:
            reason = reading.shown(self._verdict.reason)
            self._set_aside(aside, Problem(item.file, item.number, reason))

    async def _verdicts(self, items: Sequence[Item], prepared: Prepared) -> list[Verdict]:
        transfers, dry_run = self._service.transfers, self._options.dry_run
        snapshots = [item.record for item in items if isinstance(item.record, Snapshot)]
        goes_on = not items[0].is_first and self._verdict.outcome == "new"
        brought = iter(
            await transfers.bring(
                prepared, dry_run=dry_run, goes_on=goes_on, audited=self._options.audited
            )
            if prepared.checked
            else []
        )
        restored = iter(
            await transfers.restore(self._principal, snapshots, dry_run=dry_run)
            if snapshots
            else []
        )
        return [
            next(brought if isinstance(item.record, SessionRecord) else restored) for item in items
        ]

    def _set_aside(self, aside: Rejects, problem: Problem) -> None:
        aside.note(problem.file, problem.record, problem.reason)
        if len(self.report.problems) < PROBLEMS:
            self.report.problems.append(problem)

    def _tell(self) -> None:
        if self._on_progress and (reached := self._reached):
            done = self.report
            self._on_progress(
                Progress(
                    file=reached.file,
                    position=reached.position,
                    size=reached.size,
                    new=done.new,
                    same=done.same,
                    updated=done.updated,
                    bad=done.bad,
                    messages=done.messages,
                )
            )


def _format(name: str | None) -> formats.Format | None:
    if name in (None, "auto"):
        return None
    format_ = formats.named(name)
    if format_ is None:
        raise Invalid(
            f"unknown format {name!r}: choose from auto, {', '.join(formats.NAMES)}", param="format"
        )
    return format_


async def _patiently(act: Callable[[], Awaitable[T]]) -> T:
    """What the act gives; a store that is busy is asked again a few times."""
    for _ in range(_TRIES - 1):
        try:
            return await act()
        except Retryable as problem:
            await asyncio.sleep(problem.retry_after)
    return await act()
