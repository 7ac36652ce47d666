"""Clocks that a test sets, in the places of those that a service has."""

from __future__ import annotations

from collections.abc import Callable

from hansard.store.steps import Steps
from hansard.store.verbs.store_clock import StoreClock


def store_clock(clock: Callable[[], int]) -> StoreClock:
    """A store's clock that shows what ``clock`` shows, in microseconds."""

    def now() -> Steps[int]:
        yield from ()
        return clock()

    return now
