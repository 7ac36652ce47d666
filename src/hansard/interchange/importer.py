"""Sessions out of foreign files into the store: idempotent, resumable, bad records set aside."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from hansard.access import Principal
from hansard.errors import Invalid, Retryable
from hansard.interchange import formats
from hansard.interchange.detection import detected
from hansard.interchange.documents import Document, documents
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.rejects import Rejects
from hansard.interchange.resume import ImportPosition, ImportTarget
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad
from hansard.model.transfer import Incoming, Snapshot, Verdict
from hansard.service import Service
from hansard.service.transfers import Prepared

_MESSAGES_AT_ONCE, _SESSIONS_AT_ONCE, _TRIES, _PROBLEMS = 2000, 200, 5, 100

T = TypeVar("T")
Outcome = SessionRecord | Snapshot | Bad


class Options(Struct, frozen=True, kw_only=True):
    """How to read: ``format`` None is judged by each file; ``zone`` and ``channel`` are as in Rules.

    ``dry_run`` finds out what would happen; ``resume`` goes on where an import of the same file was broken off.
    """

    format: str | None = None
    zone: tzinfo | None = None
    channel: str | None = None
    dry_run: bool = False
    resume: bool = False


class Progress(Struct, frozen=True, kw_only=True):
    """Where an import stands: ``position`` of ``size`` bytes of ``file`` are read."""

    file: str
    position: int
    size: int | None
    new: int
    same: int
    updated: int
    bad: int
    messages: int


class Problem(Struct, frozen=True):
    """A record that was passed over."""

    file: str
    """The file, as it was named."""
    record: int
    """The number of the record in the file, from 1."""
    reason: str
    """Why it cannot be read."""


class Report(Struct, kw_only=True):
    """What became of the sessions: stored, there already, added to, set aside.

    ``earlier`` counts the records that the import which is resumed has settled, ``notes`` say what could not be
    resumed.  ``messages`` counts those of the sessions read.  ``skipped`` are files that are empty or of no known format inside
    a folder or archive, ``errors`` the files that say which records are bad and why, ``problems``
    the first hundred of these.
    """

    new: int = 0
    same: int = 0
    updated: int = 0
    bad: int = 0
    earlier: int = 0
    messages: int = 0
    notes: list[str] = []
    skipped: list[str] = []
    errors: list[str] = []
    problems: list[Problem] = []

    def outcomes(self) -> Counter[str]:
        return Counter(new=self.new, updated=self.updated, same=self.same, bad=self.bad)

    def count(self, verdict: Verdict, messages: int) -> None:
        setattr(self, verdict.outcome, getattr(self, verdict.outcome) + 1)
        self.messages += messages


class _Item(Struct, frozen=True):
    """One record under way: in which file, its number there, and what it is."""

    file: str
    number: int
    record: SessionRecord | Snapshot


class Import:
    """One import; while a group of sessions is being written, the next one is read."""

    def __init__(
        self,
        service: Service,
        principal: Principal,
        options: Options,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._service = service
        self._principal = principal
        self._options = options
        self._on_progress = on_progress
        self._format = _format(options.format)
        self._rules = Rules(now=service.clock(), zone=options.zone, channel=options.channel)
        self._group: list[_Item] = []
        self._waiting = 0
        self._bad = 0
        self._flight: asyncio.Task[None] | None = None
        self.report = Report()

    async def paths(self, paths: Sequence[Path]) -> Report:
        """Import files, folders and archives; FileNotFoundError when one is not there, Invalid when its format is unknown."""
        for path in paths:
            await self._root(documents(path), path.absolute())
        return self.report

    async def document(self, document: Document, aside: Path | None = None) -> Report:
        """Import what is open already; bad records are noted beside ``aside``, if given."""
        await self._root([document], aside)
        return self.report

    async def _root(self, found: Iterable[Document], path: Path | None) -> None:
        before = self.report.outcomes()
        place = ImportPosition(
            path, self._bound(), resume=self._options.resume, keep=not self._options.dry_run
        )
        self.report.notes += filter(None, [place.note])
        with Rejects(None if self._options.dry_run else path, keep=place.done > 0) as aside:
            try:
                for document in found:
                    await self._read(document, place, aside)
                await self._write_group(place, aside)
                await self._settle()
            finally:
                if self._flight is not None:
                    self._flight.cancel()
            place.forget()
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
        if not self._options.dry_run and (done["new"] or done["updated"]):
            await self._service.audit.note(
                self._principal,
                "sessions.imported",
                path.name if path is not None else "stream",
                **done,
            )

    async def _read(self, document: Document, place: ImportPosition, aside: Rejects) -> None:
        with document.stream() as stream:
            for number, outcome in enumerate(self._outcomes(document, stream), 1):
                if place.passes():
                    self.report.earlier += 1
                elif isinstance(outcome, Bad):
                    self.report.bad += 1
                    self._bad += 1
                    self._set_aside(aside, Problem(document.name, outcome.number, outcome.reason))
                elif self._take(document.name, number, outcome):
                    await self._write_group(place, aside)
                    self._tell(document, stream)
            self._tell(document, stream)

    def _outcomes(self, document: Document, stream: Stream) -> Iterator[Outcome]:
        if document.chosen and stream.is_empty_list():
            return
        detection = None if self._format else detected(document, stream, self._rules)
        format_ = detection.format if detection is not None else self._format
        if detection is not None and detection.outcomes is not None:
            yield from detection.outcomes
        elif format_ is not None:
            yield from format_.read(document, stream, self._rules)
        elif document.chosen and stream.is_empty():
            raise Invalid(
                f"{document.name} is empty: there is nothing to import; an export without sessions is imported with its format named",
                code="nothing_to_import",
            )
        elif document.chosen:
            raise Invalid(
                f"{document.name} is of no known format: name one of {', '.join(formats.NAMES)}",
                param="format",
            )
        else:
            self.report.skipped.append(document.name)

    def _take(self, file: str, number: int, record: SessionRecord | Snapshot) -> bool:
        """Put a record to its group, under its own number if it has one; True when the group is full."""
        self._group.append(_Item(file, getattr(record, "number", number), record))
        self._waiting += len(record.messages)
        return self._waiting >= _MESSAGES_AT_ONCE or len(self._group) >= _SESSIONS_AT_ONCE

    async def _write_group(self, place: ImportPosition, aside: Rejects) -> None:
        """Make a group ready while the one before it is being written, then let it follow."""
        group, self._group, self._waiting = self._group, [], 0
        prepared = await self._prepared(group)
        await self._settle()
        bad, self._bad = self._bad, 0
        if group:
            self._flight = asyncio.create_task(self._store(group, prepared, bad, place, aside))
            await asyncio.sleep(0)
        else:
            place.settled(bad)

    async def _settle(self) -> None:
        flight, self._flight = self._flight, None
        if flight is not None:
            await flight

    async def _prepared(self, group: Sequence[_Item]) -> Prepared:
        incoming = [
            _incoming(item.record) for item in group if isinstance(item.record, SessionRecord)
        ]
        return await _patiently(lambda: self._service.transfers.prepare(self._principal, incoming))

    async def _store(
        self,
        group: Sequence[_Item],
        prepared: Prepared,
        bad: int,
        place: ImportPosition,
        aside: Rejects,
    ) -> None:
        """Write a group; only then are it and the ``bad`` records between its own settled."""
        verdicts = await _patiently(lambda: self._verdicts(group, prepared))
        for item, verdict in zip(group, verdicts, strict=True):
            self.report.count(verdict, len(item.record.messages))
            if verdict.reason is not None:
                self._set_aside(aside, Problem(item.file, item.number, verdict.reason))
        place.settled(len(group) + bad)

    async def _verdicts(self, group: Sequence[_Item], prepared: Prepared) -> list[Verdict]:
        transfers, dry_run = self._service.transfers, self._options.dry_run
        snapshots = [item.record for item in group if isinstance(item.record, Snapshot)]
        brought = iter(await transfers.bring(prepared, dry_run=dry_run) if prepared.checked else [])
        restored = iter(
            await transfers.restore(self._principal, snapshots, dry_run=dry_run)
            if snapshots
            else []
        )
        return [
            next(brought if isinstance(item.record, SessionRecord) else restored) for item in group
        ]

    def _set_aside(self, aside: Rejects, problem: Problem) -> None:
        aside.note(problem.file, problem.record, problem.reason)
        if len(self.report.problems) < _PROBLEMS:
            self.report.problems.append(problem)

    def _tell(self, document: Document, stream: Stream) -> None:
        if self._on_progress:
            done = self.report
            self._on_progress(
                Progress(
                    file=document.name,
                    position=stream.position,
                    size=document.size,
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
    found = formats.named(name)
    if found is None:
        raise Invalid(
            f"unknown format {name!r}: choose from auto, {', '.join(formats.NAMES)}", param="format"
        )
    return found


async def _patiently(act: Callable[[], Awaitable[T]]) -> T:
    """What the act gives; a store that is busy is asked again a few times."""
    for _ in range(_TRIES - 1):
        try:
            return await act()
        except Retryable as problem:
            await asyncio.sleep(problem.retry_after)
    return await act()


def _incoming(record: SessionRecord) -> Incoming:
    return Incoming(
        draft=record.draft,
        messages=record.messages,
        ended_at=record.ended_at,
        archived_at=record.archived_at,
    )
