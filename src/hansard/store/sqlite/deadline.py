"""How long a read may take.

Some seconds, or a budget of a few milliseconds on the event loop.
"""

from __future__ import annotations

import math
import time

_LONGEST = 5


class Deadline:
    """The end of the time of one read; ``at`` is by the monotonic clock.

    A budget is meant of the processor's time, which is looked at only when as much time has gone
    by: a read that waits for the processor is short all the same, and is sooner done here than
    behind the long ones. So it is extended by half of itself the first time, and while less than
    half of that was worked; at most to ``_LONGEST`` times the budget, since waiting for the disk
    holds up as well.
    """

    def __init__(self) -> None:
        self.end()

    def begin(self, seconds: float, budget: float = math.inf) -> None:
        now = time.monotonic()
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
        now = time.monotonic()
        if now <= self.at:
            return False
        if now > self._longest:
            return True
        before, self._worked = self._worked, time.thread_time()
        self.at = now + self._extension
        return self._worked - before > self._extension / 2
