"""How long a read may take.

Some seconds, or a budget of a few milliseconds on the event loop.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 5


class Deadline:
    """The end of the time of one read; ``at`` is by the monotonic clock.

    A budget is meant of the processor's time, which is looked at only when as much time has gone
    by: a read that waits for the processor is short all the same, and is sooner done here than
    behind the long ones. So it is extended by half of itself the first time, and while less than
    half of that was worked; at most to ``_LONGEST`` times the budget, since waiting for the disk
    holds up as well.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        self._monotonic = monotonic
        self._processor = worked
        self.end()

    def begin(self, seconds: float, budget: float = math.inf) -> None:
        now = self._monotonic()
        self.at = now + min(seconds, budget)
        self._longest = now + _LONGEST * budget if budget < seconds else -math.inf
        self._extension = budget / 2
        self._worked = math.inf

    @property
    def has_budget(self) -> bool:
        return self._longest > -math.inf

    def end(self) -> None:
        self.at, self._longest = math.inf, -math.inf

    def has_passed(self) -> bool:
        now = self._monotonic()
        if now <= self.at:
            return False
        if now > self._longest:
            return True
        before, self._worked = self._worked, self._processor()
        self.at = now + self._extension
        return self._worked - before > self._extension / 2
