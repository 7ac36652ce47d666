"""A disk that fails on demand, between SQLite and the real one.

An apsw VFS that every connection of this process uses.

with disk(tmp_path) as one:
    one.quota = 200_000      # bytes that may be written from now on: then the disk is full
    one.broken_syncs = True  # fsync answers EIO; writes since the last good one are lost
    one.record()             # remember every write, for `Recording.crash`
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw

SECTOR = 512


@dataclass
class Op:
    """Something that happened, in order: a write, a cut, a sync or a removal of a file.

    Or a note of the test's own.
    """

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class Recording:
    """Everything that was written, with the test's notes between."""

    ops: list[Op] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.ops.append(Op("note", text))

    def crash(self, moment: int, folder: Path, chance: random.Random) -> set[str]:
        """Write to `folder` what a disk may hold after the power went at the `moment`-th op.

        The notes before it.

        What was synced is there. Each write since then is there, or not, or only some of its
        sectors are.
        """
        durable: dict[str, bytearray] = {}
        loose: dict[str, list[Op]] = {}
        notes = set[str]()
        for op in self.ops[:moment]:
            if op.kind == "note":
                notes.add(op.name)
            elif op.kind == "sync":
                for change in loose.pop(op.name, []):
                    _apply(durable, change)
            else:
                loose.setdefault(op.name, []).append(op)
        for ops in loose.values():
            for op in ops:
                _tear(durable, op, chance)
        for name, content in durable.items():
            (folder / name).write_bytes(content)
        return notes


def _apply(files: dict[str, bytearray], op: Op) -> None:
    if op.kind == "delete":
        files.pop(op.name, None)
        return
    content = files.setdefault(op.name, bytearray())
    if op.kind == "truncate":
        del content[op.offset :]
        return
    if len(content) < op.offset:
        content.extend(bytes(op.offset - len(content)))
    content[op.offset : op.offset + len(op.data)] = op.data


def _tear(files: dict[str, bytearray], op: Op, chance: random.Random) -> None:
    fate = chance.random()
    if fate < 0.4:
        return
    if op.kind != "write" or fate < 0.8:
        _apply(files, op)
        return
    for start in range(0, len(op.data), SECTOR):
        if chance.random() < 0.5:
            _apply(files, Op("write", op.name, op.offset + start, op.data[start : start + SECTOR]))


class Disk:
    """What the files below one folder go through; all else passes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.quota: int | None = None
        self.broken_syncs = False
        self.failed_syncs = 0
        self.refused_writes = 0
        self.recording: Recording | None = None
        self.lock = threading.Lock()

    def record(self) -> Recording:
        self.recording = Recording()
        return self.recording

    def covers(self, name: str) -> bool:
        return Path(name).parent == self.folder and not name.endswith("-shm")

    def noted(self, op: Op) -> None:
        if self.recording is not None:
            self.recording.ops.append(op)

    def spend(self, size: int) -> None:
        """Raise what a full disk raises when `size` more bytes do not fit."""
        if self.quota is None:
            return
        if size > self.quota:
            self.refused_writes += 1
            raise apsw.FullError
        self.quota -= size


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        self._name = os.path.basename(self._path)  # noqa: PTH119 - SQLite gives text
        self._covered = bool(self._path) and disk.covers(self._path)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        if not self._covered:
            super().xWrite(data, offset)
            return
        with self._disk.lock:
            self._disk.spend(len(data))
            super().xWrite(data, offset)
            self._disk.noted(Op("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        with self._disk.lock:
            super().xTruncate(newsize)
            if self._covered:
                self._disk.noted(Op("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        with self._disk.lock:
            if self._covered and self._disk.broken_syncs:
                self._disk.failed_syncs += 1
                raise apsw.IOError
            if self._disk.recording is None:
                super().xSync(flags)
            if self._covered:
                self._disk.noted(Op("sync", self._name))


class _VFS(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(name, "unix", makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        super().xDelete(filename, syncdir)
        if self._disk.covers(filename):
            with self._disk.lock:
                self._disk.noted(Op("delete", Path(filename).name))
                self._disk.noted(Op("sync", Path(filename).name))


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """Put a disk under every connection that is opened inside."""
    before = apsw.vfs_names()[0]
    failing = Disk(folder)
    vfs = _VFS(f"failing-{id(failing)}", failing)
    try:
        yield failing
    finally:
        vfs.unregister()
        assert apsw.vfs_names()[0] == before
