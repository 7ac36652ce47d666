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
NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def spelled(prefix: str, headers: Headers) -> Headers:
    """The headers of a rate limit as a dialect names them that has this ``limit_prefix``."""
    return tuple((prefix + name, value) for name, value in headers)


class Bucket:
    """Holds ``size`` tokens and gains ``rate`` a second.

    Kept as the one moment at which each would be full again.

    A name that was not seen for long is forgotten, and begins with a full bucket.
    """

    def __init__(self, rate: float, size: int) -> None:
        self.rate = rate
        self.size = size
        self._full_at = ByteCache[str, float](4 * MIB, "rate_limits")

    def wait(self, name: str, now: float) -> float:
        """Seconds until there is a token; 0 while there is one."""
        missing = self.refill(name, now) * self.rate
        return (missing + 1 - self.size) / self.rate if missing + 1 > self.size + 1e-9 else 0.0

    def take(self, name: str, now: float) -> float:
        """Take a token, which must be there: how many are left."""
        refill = self.refill(name, now)
        self._full_at.put(name, now + refill + 1 / self.rate)
        return self.size - refill * self.rate - 1

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

        Raises TooMany, which carries them too and says when to come back. A request that is refused
        takes nothing, from the workspace neither: its other keys are not held up by it.
        """
        now = self._clock()
        workspace, key = principal.workspace_id, principal.key_id
        wait, left = max(self._workspaces.wait(workspace, now), self._keys.wait(key, now)), 0.0
        if not wait:
            left = min(self._workspaces.take(workspace, now), self._keys.take(key, now))
        reset = math.ceil(wait or self._keys.refill(key, now))
        values = (str(self._keys.size), str(int(left)), str(reset))
        headers = tuple(zip(NAMES, values, strict=True))
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
