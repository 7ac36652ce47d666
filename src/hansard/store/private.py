"""Files that hold conversations are their owner's alone, whatever the umask."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_private(path: Path) -> None:
    """Make an empty file of mode 0600 where there is none. One that is there is not even opened: closing it would drop SQLite's locks on it."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
