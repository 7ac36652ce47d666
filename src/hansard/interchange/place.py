"""How far an import of a file got, kept beside it while the import is broken off: FILE.resume.json."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
from msgspec import Struct

ENDING = ".resume.json"


class _Kept(Struct):
    """``done`` records of a file of this size and age are settled."""

    done: int
    size: int
    modified_ns: int


class Place:
    """Counts the settled records of one file or folder; without ``path`` nothing is kept.

    ``done`` says how many of its first records an earlier import has settled: zero unless that is
    to be resumed, and when the file has changed since.
    """

    def __init__(self, path: Path | None, *, resume: bool) -> None:
        self._path = path
        self.done = self._earlier() if resume else 0
        self._to_pass = self.done

    def passes(self) -> bool:
        """Whether the next record is one of those that are done."""
        self._to_pass -= 1
        return self._to_pass >= 0

    def settled(self, count: int) -> None:
        self.done += count

    def save(self) -> None:
        if self._path is not None and self.done:
            size, modified_ns = self._state()
            with contextlib.suppress(OSError):  # nothing can be written there: the next import reads from the beginning
                self._file().write_bytes(msgspec.json.encode(_Kept(self.done, size, modified_ns)))

    def forget(self) -> None:
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._file().unlink(missing_ok=True)

    def _earlier(self) -> int:
        if self._path is None:
            return 0
        try:
            kept = msgspec.json.decode(self._file().read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            return 0
        return kept.done if (kept.size, kept.modified_ns) == self._state() else 0

    def _state(self) -> tuple[int, int]:
        assert self._path is not None  # noqa: S101 - asked only where there is a path
        stat = self._path.stat()
        return stat.st_size, stat.st_mtime_ns

    def _file(self) -> Path:
        assert self._path is not None  # noqa: S101 - asked only where there is a path
        return self._path.with_name(self._path.name + ENDING)
