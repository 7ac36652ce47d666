"""How far a file was read, and whether what was read still stands there."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, cast

from msgspec import Struct, structs

from hansard.interchange.documents import Document

_WINDOW = 4096
_LINES = (".jsonl", ".ndjson")


class FileState(Struct, kw_only=True):
    """A file of which ``offset`` bytes were read.

    ``head`` and ``tail`` are digests of the first and the last bytes before the offset.  ``beside``
    is the age of a database's log.  ``format`` is None where none was recognised, ``sessions``
    counts those that were read; ``is_broken`` says that something in it cannot be read.
    """

    device: int
    inode: int
    size: int
    modified_ns: int
    beside: int
    offset: int
    head: str
    tail: str
    format: str | None = None
    sessions: int = 0
    is_broken: bool = False

    def is_unchanged(self, other: os.stat_result, beside: int) -> bool:
        """Whether a file is just as it was when it was read."""
        return (self.device, self.inode, self.size, self.modified_ns, self.beside) == (
            other.st_dev, other.st_ino, other.st_size, other.st_mtime_ns, beside,
        )  # fmt: skip

    def is_of(self, file: IO[bytes], size: int) -> bool:
        """Whether a file begins with what was read."""
        return size >= self.offset and (self.head, self.tail) == _digests(file, self.offset)

    def is_same_file(self, other: os.stat_result) -> bool:
        return (self.device, self.inode) == (other.st_dev, other.st_ino)


def state_of(file: IO[bytes], info: os.stat_result, beside: int, offset: int) -> FileState:
    head, tail = _digests(file, offset)
    return FileState(
        device=info.st_dev,
        inode=info.st_ino,
        size=info.st_size,
        modified_ns=info.st_mtime_ns,
        beside=beside,
        offset=offset,
        head=head,
        tail=tail,
    )


def is_lines(path: Path) -> bool:
    """Whether a file has a record a line, so that lines are added at its end."""
    return path.suffix.lower() in _LINES


def log_age(path: Path) -> int:
    """When the log beside a SQLite file was last written, in nanoseconds; 0 without one."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_mtime_ns
    except OSError:
        return 0


def complete(file: IO[bytes], start: int, size: int) -> int:
    """Where the last complete line ends; a line without its end is complete when it is JSON."""
    at, rest = size, b""
    while at > start and b"\n" not in rest:
        begin = max(start, at - _WINDOW)
        file.seek(begin)
        rest, at = file.read(at - begin) + rest, begin
    end = at + rest.rfind(b"\n") + 1
    return size if _is_json(rest[end - at :]) else end


def up_to(document: Document, path: Path, end: int) -> Document:
    """The document of a file, of which no more than its first ``end`` bytes are read."""
    return structs.replace(document, open=lambda: _beginning(path, end), size=end)


def _beginning(path: Path, end: int) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(cast("IO[bytes]", _Beginning(path, end)))


def without_unfinished(document: Document, path: Path) -> Document:
    """The document of a file without a last line that is still being written."""
    if not is_lines(path):
        return document
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        end = complete(file, 0, size)
    return document if end == size else up_to(document, path, end)


class _Beginning:
    """The first bytes of a file, at most the number that is given."""

    def __init__(self, path: Path, size: int) -> None:
        self._file = path.open("rb")
        self._left = size

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        if not data:
            self._file.close()
        return data


def _is_json(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _digests(file: IO[bytes], offset: int) -> tuple[str, str]:
    file.seek(0)
    head = file.read(min(_WINDOW, offset))
    file.seek(max(0, offset - _WINDOW))
    tail = file.read(min(_WINDOW, offset))
    return _digest(head), _digest(tail)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()
