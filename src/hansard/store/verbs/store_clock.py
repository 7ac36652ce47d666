"""The one clock that all processes of a store share.

Leases are measured by it, whatever each machine's clock says.
"""

from __future__ import annotations

from collections.abc import Callable

from hansard.store.steps import Steps, value

StoreClock = Callable[[], Steps[int]]


def store_time() -> Steps[int]:
    """The current time in microseconds.

    The database's on PostgreSQL; on SQLite the machine's without its jumps.
    """
    now: int = yield from value("store_clock")
    return now


def earlier_of(clock: StoreClock, now: int) -> Steps[int]:
    """The earlier of the store's time and ``now``.

    Deletions go by it, so that a fast clock deletes nothing.
    """
    return min(now, (yield from clock()))
