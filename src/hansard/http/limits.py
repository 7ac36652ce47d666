"""Rate limits: a token bucket per key and one per workspace, in this process.

Off unless a rate is set.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from hansard.byte_cache import MIB, ByteCache
from hansard.errors import TooMany

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.access import Principal

BURST_SECONDS = 10
WORKSPACE_FACTOR = 10
Headers = tuple[tuple[str, str], ...]


class Bucket:
    """Holds ``size`` tokens and gains ``rate`` a second.

    Kept as the one moment at which each would be full again.

    A name that was not seen for long is forgotten, and begins with a full bucket.
    """

    def __init__(self, rate: float, size: int) -> None:
        self.rate = rate
        self.size = size
        self._full_at = ByteCache[str, float](4 * MIB, "rate_limits")

    def take(self, name: str, now: float) -> tuple[float, float]:
        """Take a token: how many are left, and 0.

        Or, without one, the seconds until there is one, and nothing is taken.
        """
        full_at = max(self._full_at.get(name) or now, now)
        missing = (full_at - now) * self.rate
        if missing + 1 > self.size + 1e-9:
            return 0.0, (missing + 1 - self.size) / self.rate
        self._full_at.put(name, full_at + 1 / self.rate)
        return self.size - missing - 1, 0.0

    def refill(self, name: str, now: float) -> float:
        """Seconds until the bucket is full."""
        return max(0.0, (self._full_at.get(name) or now) - now)


class Limits:
    """``rate`` requests a second for each key, ten times that for each workspace.

    A burst may have ten seconds of both.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._keys = Bucket(rate, max(1, math.ceil(rate * BURST_SECONDS)))
        self._workspaces = Bucket(
            rate * WORKSPACE_FACTOR, max(1, math.ceil(rate * BURST_SECONDS * WORKSPACE_FACTOR))
        )

    def take(self, principal: Principal) -> Headers:
        """Count a request; the headers of its answer.

        Raises TooMany, which carries them too and says when to come back.
        """
        now = self._clock()
        left, wait = self._workspaces.take(principal.workspace_id, now)
        if not wait:
            left, wait = self._keys.take(principal.key_id, now)
        reset = math.ceil(wait or self._keys.refill(principal.key_id, now))
        headers = (
            ("RateLimit-Limit", str(self._keys.size)),
            ("RateLimit-Remaining", str(int(left))),
            ("RateLimit-Reset", str(reset)),
        )
        if wait:
            raise Limited(
                f"more requests than this key or its workspace may make: wait {wait:.1f} seconds",
                retry_after=math.ceil(wait),
                headers=headers,
            )
        return headers


class Limited(TooMany):
    """TooMany with the headers that tell where the limit is."""

    def __init__(self, message: str, *, retry_after: float, headers: Headers) -> None:
        super().__init__(message, retry_after=retry_after)
        self.headers = headers
