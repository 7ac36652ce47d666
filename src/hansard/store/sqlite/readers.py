"""Threads for reads that take long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hansard.fair_threads import FairThreads
from hansard.store.sqlite.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS, THREADS_EACH = 3, 2
WAITING = 128
PAUSE = 0.05
"""Seconds for which a verb that ran over on the event loop is sent to a thread at once."""
_REMEMBERED = 512


class Readers(FairThreads[Connection]):
    """Remembers as well which reads ran over on the event loop."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        threads: int = THREADS,
        each: int = THREADS_EACH,
        waiting: int = WAITING,
    ) -> None:
        super().__init__(
            "read", connect, Connection.close, threads=threads, each=each, waiting=waiting
        )
        self._overruns: dict[tuple[str, object], float] = {}

    def ran_over(self, owner: str, verb: object) -> None:
        """Note that a verb used up its budget on the event loop."""
        if len(self._overruns) >= _REMEMBERED:
            self._overruns.clear()
        self._overruns[owner, verb] = time.monotonic()

    def ran_over_lately(self, owner: str, verb: object) -> bool:
        """Whether the read would likely exceed its budget again.

        Many such reads hold the event loop up only once.
        """
        at = self._overruns.get((owner, verb))
        return at is not None and time.monotonic() - at < PAUSE
