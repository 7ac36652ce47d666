"""Give back to the system what the process has freed.

The allocator of GNU's C library keeps what was freed, for each thread that used it: after a few
bodies of 8 MiB a server would stay at twice the memory that it uses. Other allocators give it back
by themselves.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_WORTH = 16 * 1024**2
_STATISTICS = Path("/proc/self/statm")


class Trimmer:
    """Gives freed memory back when the process has grown by 16 MiB since the last time."""

    def __init__(self) -> None:
        self._trim = _trim()
        self._least = resident()

    def look(self) -> int:
        """Give back what is worth it; how many bytes that were.

        Call it on a thread: with much to give it takes some milliseconds.
        """
        now = resident()
        if self._trim is None or now - self._least < _WORTH:
            self._least = min(self._least, now)
            return 0
        self._trim(0)
        self._least = resident()
        return max(0, now - self._least)


def resident() -> int:
    """The bytes of this process in memory; 0 where the system does not say."""
    try:
        pages = int(_STATISTICS.read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _trim() -> Callable[[int], int] | None:
    """``malloc_trim``, where the C library has one."""
    try:
        trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (OSError, TypeError):  # a system without one, or Windows
        return None
    return trim
