"""A clock shared by all processes of a machine that nobody can set.

It is the monotonic clock, made to tell the time.

The wall clock jumps when somebody sets it, and all leases would lapse at once. So the store keeps
by how much the wall clock was ahead of the monotonic one when the store was first opened since the
machine started; that is never changed until it starts again.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hansard.ids import microseconds
from hansard.store.steps import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from hansard.store.sqlite.connection import Connection

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class MachineClock:
    """``wall`` and ``monotonic`` are in microseconds, ``boot`` names this run of the machine."""

    def __init__(
        self,
        wall: Callable[[], int] = microseconds,
        monotonic: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
        boot: str = "",
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._boot = boot or _boot_of_the_machine()

    def add_functions(self, db: apsw.Connection) -> None:
        """What the statements ``store_clock`` and ``store_clock_set`` call."""
        db.create_scalar_function("wall_clock", lambda *_: self._wall(), 0)
        db.create_scalar_function("monotonic_clock", lambda *_: self._monotonic(), 0)
        db.create_scalar_function("boot", lambda *_: self._boot, 0)

    def start(self, connection: Connection) -> None:
        """Set the store's clock at its first use since the machine started.

        A store that is not migrated has none yet.
        """
        if connection.execute("select 1 from sqlite_master where name = 'store_facts'"):
            connection.ask(Query("store_clock_set"))


def _boot_of_the_machine() -> str:
    """A name for this run of the machine.

    Where the system has none, for this run of the program.
    """
    with contextlib.suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip()
    return secrets.token_hex(18)
