"""The one clock that all processes of a store share: leases are measured by it, whatever each machine's clock says."""

from __future__ import annotations

from collections.abc import Callable

from hansard.store.steps import Steps, value

StoreClock = Callable[[], Steps[int]]


def store_time() -> Steps[int]:
    """The time of this moment in microseconds: the database's own, on SQLite the machine's without its jumps."""
    now: int = yield from value("store_clock")
    return now


def earlier_of(clock: StoreClock, now: int) -> Steps[int]:
    """The earlier of the store's time and ``now``: by it things are deleted, so that a clock that is ahead deletes nothing."""
    return min(now, (yield from clock()))
