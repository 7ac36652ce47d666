"""Whether the files of a store are still those that were opened.

An open file lives on when its name is removed or given to another file. What is written to it then
is gone with the process, and no error says so.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from hansard.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

_FRESH_SECONDS = 0.25


class FileIdentity:
    """The device and inode of a store's file and of its write-ahead log at opening time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: dict[str, tuple[int, int]] = {}
        self._looked_at = 0.0

    def note(self) -> None:
        """Take the files that are there now for those of the store; a connection to it is open."""
        file = self._path.absolute()
        log = f"{file.resolve()}-wal"
        self._opened = {name: _identity(name) for name in (str(file), log)}

    def check(self) -> None:
        """Raises StoreUnavailable when one of the files was removed or replaced since.

        It costs two system calls.
        """
        for name, opened in self._opened.items():
            try:
                is_there = _identity(name) == opened
            except OSError:
                is_there = False
            if not is_there:
                raise StoreUnavailable(
                    f"the file {name} was removed or replaced under the running server: nothing "
                    "is stored; "
                    "put it back, or restore a backup and start the server again",
                    code="store_missing",
                    retry_after=30,
                )

    def check_now_and_then(self) -> None:
        """The same for reads, which lose nothing: a quarter of a second apart."""
        now = time.monotonic()
        if now - self._looked_at > _FRESH_SECONDS:
            self.check()
            self._looked_at = now


def _identity(name: str) -> tuple[int, int]:
    status = os.stat(name)  # noqa: PTH116 - making a Path takes longer than the call
    return status.st_dev, status.st_ino
