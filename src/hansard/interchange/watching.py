"""Files that grow, followed: what is new in them is imported, from where they were read to."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, cast

import msgspec
from msgspec import Struct

from hansard import private_files
from hansard.access import Principal
from hansard.errors import Conflict
from hansard.interchange import documents as files
from hansard.interchange import formats
from hansard.interchange.documents import Document
from hansard.interchange.growth import (
    FileState,
    complete,
    is_lines,
    log_age,
    state_of,
    up_to,
)
from hansard.interchange.importer import Import
from hansard.interchange.reading import Event, RecognisedFile, SessionPiece, SnapshotPiece
from hansard.interchange.report import Options, Report
from hansard.interchange.tails import Trail, tail, trail_of
from hansard.service import Service

_TRAILS, _AT_ONCE, _LARGEST = 64, 64, 32 * 1024 * 1024
_AGAIN, _QUICK, _LARGE = 4, 0.25, 1024 * 1024
"""A larger file that takes longer to read than ``_QUICK`` seconds rests so many times as long."""
_SAVE_SECONDS = 5.0
_WRITING = 2.0
"""A document that changed in the last seconds, this many, may be half written."""


class Saved(Struct):
    """What is kept between two runs."""

    files: dict[str, FileState] = {}


class Look(Struct):
    """A file as it is now, and the state in which it will be when that is imported."""

    path: Path
    state: FileState
    document: Document
    modified: float
    bad: int = 0


class Sources(Struct, frozen=True):
    """What lists the files to follow, and which of them the caller named."""

    listed: Callable[[], Iterable[Path]]
    named: frozenset[Path] = frozenset()


class Watcher:
    """Follows the files of ``sources``; ``saved`` is where it notes how far it has read.

    What it notes is imported already. Without its notes it reads everything again, and imports
    nothing twice; a file in which something is broken is read again by the next run, so that each
    says so. Of a file that was named it is said why nothing is read.
    """

    def __init__(
        self,
        service: Service,
        principal: Principal,
        options: Options,
        sources: Sources,
        saved: Path | None = None,
    ) -> None:
        self._service = service
        self._principal = principal
        self._options = options
        self._sources = sources
        self._saved = saved
        self._states = _read(saved)
        self._trails: OrderedDict[Path, Trail] = OrderedDict()
        self._resting: dict[Path, float] = {}
        self._next_save = 0.0
        self._is_dirty = False

    async def round(self) -> Report:
        """Look at every file once and import what is new; unchanged files count as the same."""
        total = Report()
        paths = list(self._sources.listed())
        self._forget_all_but(paths)
        whole: list[Path] = []
        for path in paths:
            with contextlib.suppress(FileNotFoundError, PermissionError):
                if self._is_resting(path):
                    continue
                if (same := self._unchanged(path)) is not None:
                    total.same += same
                elif (report := await self._grown(path)) is not None:
                    total = total.plus(report)
                else:
                    whole.append(path)
        for start in range(0, len(whole), _AT_ONCE):
            total = total.plus(await self._read_whole(whole[start : start + _AT_ONCE]))
        self._save()
        return total

    def close(self) -> None:
        """Note how far all files are read."""
        self._next_save = 0.0
        self._save()

    def _unchanged(self, path: Path) -> int | None:
        """The sessions of a file that is as it was; None for one that is not."""
        state = self._states.get(str(path))
        if state is None or not state.is_unchanged(path.stat(), log_age(path)):
            return None
        return state.sessions

    def _is_resting(self, path: Path) -> bool:
        return self._resting.get(path, 0.0) > time.monotonic()

    async def _grown(self, path: Path) -> Report | None:
        """Import the lines that were added to a file; None where the whole file has to be read."""
        state = self._states.get(str(path))
        if state is None or not is_lines(path):
            return None
        with path.open("rb") as file:
            info = os.fstat(file.fileno())
            if not (state.is_same_file(info) and state.is_of(file, info.st_size)):
                await self._rotated(path, state)
                return None
            return await self._added(path, file, info, state, path)

    async def _rotated(self, path: Path, state: FileState) -> None:
        """Import what was added to a file before another one took its name, wherever it is now."""
        moved = _moved(path, state)
        self._trails.pop(path, None)
        if moved is not None:
            with moved.open("rb") as file:
                await self._added(path, file, os.fstat(file.fileno()), state, moved)

    async def _added(
        self, path: Path, file: IO[bytes], info: os.stat_result, state: FileState, content: Path
    ) -> Report | None:
        """Import what stands behind the offset, as a part of ``path``; it lies in ``content``."""
        end = complete(file, state.offset, info.st_size)
        if end - state.offset > _LARGEST:
            return None
        file.seek(state.offset)
        data = file.read(end - state.offset)
        report = Report(same=state.sessions)
        format_ = formats.named(state.format) if state.format else None
        if data.strip():
            if format_ is None:
                return None
            trail = self._trail(path, content, state.offset, format_)
            part = tail(format_, trail.lines(), data.splitlines())
            if part is None:
                return None
            report = await self._imported([_part(path, part)], format_.name)
            if report.new or report.bad:  # the session is not there any more, or a line is broken
                return None
            if not report.is_something:  # the lines say nothing, as those of progress do
                report.same = state.sessions
            for line in data.splitlines(keepends=True):
                trail.add(line)
        if content == path:
            self._note(path, _with(state_of(file, info, log_age(path), end), state))
        return report

    def _trail(self, path: Path, content: Path, offset: int, format_: formats.Format) -> Trail:
        trail = self._trails.pop(path, None) or trail_of(content, offset, format_)
        self._trails[path] = trail
        while len(self._trails) > _TRAILS:
            self._trails.popitem(last=False)
        return trail

    async def _read_whole(self, paths: Sequence[Path]) -> Report:
        """Import files from their beginning, up to their last complete line."""
        began = time.monotonic()
        looks: dict[str, Look] = {}

        def note(event: Event) -> None:
            look = looks.get(getattr(event, "file", ""))
            if look is not None:
                _count(look, event)

        def opened() -> Iterable[Document]:
            for path in paths:
                with contextlib.suppress(OSError):
                    look = _look(path, chosen=path in self._sources.named)
                    looks[look.document.name] = look
                    yield look.document

        report = await self._imported(opened(), on_event=note)
        if report.stopped is not None and len(paths) > 1:
            for path in paths:
                report = report.plus(await self._read_whole([path]))
            return report
        took = time.monotonic() - began
        for look in looks.values():
            self._trails.pop(look.path, None)
            if took > _QUICK and look.state.offset > _LARGE:
                self._resting[look.path] = time.monotonic() + _AGAIN * took
            if not (look.bad and time.time() - look.modified < _WRITING):
                self._note(look.path, look.state)
        return report

    async def _imported(
        self,
        documents: Iterable[Document],
        part_of: str | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> Report:
        """Import whole files, or the end of one of the format ``part_of``, which is an append."""
        options = self._options
        if part_of is not None:
            options = msgspec.structs.replace(options, format=part_of, audited=False)
        return await Import(self._service, self._principal, options).documents(documents, on_event)

    def _note(self, path: Path, state: FileState) -> None:
        self._states[str(path)] = state
        self._is_dirty = True

    def _forget_all_but(self, paths: Sequence[Path]) -> None:
        kept = set(map(str, paths))
        for name in [name for name in self._states if name not in kept]:
            del self._states[name]
            self._trails.pop(Path(name), None)
            self._resting.pop(Path(name), None)

    def _save(self) -> None:
        if self._saved is None or not self._is_dirty or time.monotonic() < self._next_save:
            return
        with (
            contextlib.suppress(OSError, Conflict),  # the next run reads everything once more
            private_files.replacing(self._saved) as file,
        ):
            file.write(msgspec.json.encode(Saved(self._states)))
        self._is_dirty = False
        self._next_save = time.monotonic() + _SAVE_SECONDS


def _read(saved: Path | None) -> dict[str, FileState]:
    try:
        files = msgspec.json.decode(private_files.read(saved), type=Saved).files if saved else {}
    except (OSError, msgspec.DecodeError):
        return {}
    return {path: state for path, state in files.items() if not state.is_broken}


def _look(path: Path, *, chosen: bool) -> Look:
    """A file as it is to be read now; FileNotFoundError, or another OSError."""
    document = next(iter(files.documents(path)))
    with path.open("rb") as file:
        info = os.fstat(file.fileno())
        end = complete(file, 0, info.st_size) if is_lines(path) else info.st_size
        state = state_of(file, info, log_age(path), end)
    whole = up_to(document, path, end) if is_lines(path) else document
    return Look(path, state, msgspec.structs.replace(whole, chosen=chosen), info.st_mtime)


def _part(path: Path, data: bytes) -> Document:
    """The end of a file, with the lines that it needs before it."""
    document = next(iter(files.documents(path)))
    return msgspec.structs.replace(
        document,
        chosen=False,
        is_part=True,
        size=len(data),
        open=lambda: nullcontext(cast("IO[bytes]", io.BytesIO(data))),
    )


def _count(look: Look, event: Event) -> None:
    if isinstance(event, RecognisedFile):
        look.state.format = event.format
    elif isinstance(event, SessionPiece):
        look.state.sessions += event.is_first
    elif isinstance(event, SnapshotPiece):
        look.state.sessions += event.session is not None
    else:
        look.bad += hasattr(event, "reason")
        look.state.is_broken = look.bad > 0


def _with(state: FileState, before: FileState) -> FileState:
    state.format, state.sessions = before.format, before.sessions
    state.is_broken = before.is_broken
    return state


def _moved(path: Path, state: FileState) -> Path | None:
    """The file in the same folder that has the content now: the same one renamed, or a copy."""
    with contextlib.suppress(OSError):
        for entry in sorted(path.parent.iterdir()):
            if entry == path or not entry.name.startswith(path.stem) or not entry.is_file():
                continue
            with contextlib.suppress(OSError), entry.open("rb") as file:
                if state.offset and state.is_of(file, os.fstat(file.fileno()).st_size):
                    return entry
    return None
