"""How far an import of a file got, kept beside it until the import is through: FILE.resume.json."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
from msgspec import Struct

from hansard import private_files
from hansard.errors import Conflict

ENDING = ".resume.json"


class ImportTarget(Struct, frozen=True, kw_only=True):
    """Where an import writes and how it reads.

    Its progress says nothing about another target.
    """

    store: str
    workspace: str
    format: str | None
    channel: str | None
    zone: str | None


class _Kept(Struct, frozen=True):
    """``done`` records of a file of this size and age are settled."""

    done: int
    size: int
    modified_ns: int
    bound: ImportTarget


class ImportPosition:
    """Counts the settled records of one file or folder.

    Nothing is kept without ``path``, or unless it is to ``keep``.

    ``done`` says how many of its first records an earlier import has settled: zero unless that is
    to be resumed, is ``bound`` alike, and the file is as it was.  Where it could not be resumed,
    ``note`` says why.
    """

    def __init__(
        self, path: Path | None, bound: ImportTarget, *, resume: bool, keep: bool = True
    ) -> None:
        self._path = path
        self._bound = bound
        self._keep = keep
        self.done, self.note = self._earlier() if resume else (0, "")
        self._to_pass = self.done

    def passes(self) -> bool:
        """Whether the next record is one of those that are done."""
        self._to_pass -= 1
        return self._to_pass >= 0

    def settled(self, count: int) -> None:
        """So many more records are settled.

        From now on a process that is killed has left its place.
        """
        self.done += count
        if self._path is not None and self._keep and self.done:
            size, modified_ns = _state(self._path)
            kept = msgspec.json.encode(_Kept(self.done, size, modified_ns, self._bound))
            # Where nothing can or may be written, the next import reads from the beginning.
            with (
                contextlib.suppress(OSError, Conflict),
                private_files.replacing(self._file()) as opened,
            ):
                opened.write(kept)

    def forget(self) -> None:
        if self._path is not None and self._keep:
            with contextlib.suppress(OSError):
                self._file().unlink(missing_ok=True)

    def _earlier(self) -> tuple[int, str]:
        if self._path is None:
            return 0, "a stream cannot be resumed: it is read from the beginning"
        try:
            kept = msgspec.json.decode(private_files.read(self._file()), type=_Kept)
        except (OSError, msgspec.DecodeError):
            return 0, f"there is nothing to resume of {self._path}: it is read from the beginning"
        if kept.bound != self._bound:
            other = ", ".join(
                field
                for field in ImportTarget.__struct_fields__
                if getattr(kept.bound, field) != getattr(self._bound, field)
            )
            return (
                0,
                f"{self._file()} is about another {other}: {self._path} is read from the beginning",
            )
        if (kept.size, kept.modified_ns) != _state(self._path):
            return 0, f"{self._path} has changed since: it is read from the beginning"
        return kept.done, ""

    def _file(self) -> Path:
        assert self._path is not None  # noqa: S101 - asked only where there is a path
        return self._path.with_name(self._path.name + ENDING)


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
