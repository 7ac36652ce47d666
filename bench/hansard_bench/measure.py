"""Measurements side by side.

Contestants take turns in short rounds, and the median of each one's rounds counts.

Whatever else the machine does falls on all alike. Two methods:

* ``saturated``: so many clients that the server's core is never idle; the figure is answers a
  second.
* ``in_turn``: one client, one request after the other, so that a write can come between any two
  reads. The figure is the *server's time*: the median answer time less that of the floor in the
  same run, plus what a saturated floor needs for one answer. So it compares with ``saturated``
  figures, without the client's share.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hansard_bench.wire import Sample


class Effort(Struct, frozen=True, kw_only=True):
    """How long to measure.

    Rounds of each contest, their seconds, and the requests of a round that goes in turn.

    ``neighbour`` is the share of the neighbours' data that is made.
    """

    rounds: int
    seconds: float
    requests: int
    neighbour: float = 1.0


EFFORTS = {
    "tiny": Effort(rounds=1, seconds=0.05, requests=5, neighbour=0.01),
    "quick": Effort(rounds=2, seconds=0.4, requests=40),
}
THOROUGH = Effort(rounds=5, seconds=1.5, requests=200)


class Result(Struct, frozen=True):
    """Medians over the rounds; times in seconds."""

    rate: float
    p50: float
    p99: float


async def rounds(
    count: int, contestants: Mapping[str, Callable[[], Awaitable[Sample]]]
) -> dict[str, Result]:
    """Let each contestant run ``count`` times, in turns, after one round that does not count."""
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    for number in range(count + 1):
        for name, run in contestants.items():
            sample = await run()
            if number:
                samples[name].append(sample)
    return {name: _medians(taken) for name, taken in samples.items()}


def _medians(samples: list[Sample]) -> Result:
    return Result(
        rate=median(sample.rate for sample in samples),
        p50=median(sample.percentile(0.5) for sample in samples),
        p99=median(sample.percentile(0.99) for sample in samples),
    )


def server_time(measured: Result, floor_in_turn: Result, floor_saturated: Result) -> float:
    """Seconds of the server for one answer, of a contestant that went ``in_turn``."""
    return max(measured.p50 - floor_in_turn.p50, 0.0) + 1 / floor_saturated.rate
