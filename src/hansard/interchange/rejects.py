"""Bad records are listed in FILE.errors.jsonl.

A line has the file, the record's number and the reason.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from hansard import private_files
from hansard.errors import Conflict

ENDING = ".errors.jsonl"


class Rejects:
    """Notes beside ``path``, made with the first one.

    An earlier import's notes go unless they are to ``keep``.

    Where nothing can or may be written beside it, they are made in the working directory.
    ``written`` names the file when there is one.
    """

    def __init__(self, path: Path | None, *, keep: bool) -> None:
        self._path = path.with_name(path.name + ENDING) if path is not None else None
        self._file: IO[bytes] | None = None
        self.written: list[str] = []
        if self._path is not None and not keep:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def note(self, file: str, number: int, reason: str) -> None:
        if self._path is None:
            return
        if self._file is None:
            self._file = self._opened(self._path)
            self.written.append(self._file.name)
        self._file.write(
            msgspec.json.encode({"file": file, "record": number, "reason": reason}) + b"\n"
        )

    @staticmethod
    def _opened(path: Path) -> IO[bytes]:
        try:
            return private_files.append(path)
        except (OSError, Conflict):
            return private_files.append(Path(path.name))
