"""Figures by day and by group, and which of them are wanted."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

StatsBy = Literal["channel", "app", "agent", "model", "user", "state"]
STATS_BY: tuple[str, ...] = get_args(StatsBy)
TOP, MOST_TOP = 20, 100
Durations = dict[int, int]
"""How many took how long: counts by the bucket of their duration."""


class Sums(Struct, frozen=True, kw_only=True):
    """Messages.

    Tokens and money by the time of their message, sessions and runs by that of their beginning.
    """

    sessions: int = 0
    messages: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nanos: int = 0
    resolved: int = 0
    unresolved: int = 0
    runs: int = 0
    failed_runs: int = 0

    @property
    def failure_rate(self) -> float | None:
        """The share of the runs that failed; None without runs."""
        return round(self.failed_runs / self.runs, 4) if self.runs else None


class Tally(Sums, frozen=True, kw_only=True):
    """The sums of one day and of one value of the query's dimension.

    ``is_other`` stands for the values that are not named.

    Days are counted from 1970, in the query's time zone.
    """

    day: int
    value: str
    is_other: bool = False


class Group(Sums, frozen=True, kw_only=True):
    """The sums of all days of one value.

    ``run_p50`` and ``run_p95`` in seconds, None without runs.
    """

    value: str
    is_other: bool = False
    run_p50: float | None = None
    run_p95: float | None = None


class StatsQuery(Struct, frozen=True, kw_only=True):
    """Days ``first`` to ``last`` in the zone ``tz``, both included, and filters.

    A session passes all filters; the values of one are alternatives. ``by`` names the ``top``
    values that spent most.
    """

    first: int
    last: int
    tz: str = "UTC"
    by: StatsBy | None = None
    top: int = TOP
    channel: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    state: tuple[str, ...] = ()


class Stats(Struct, frozen=True, kw_only=True):
    """``tallies`` by day and value; ``hours`` has the sessions of each hour of the day.

    ``groups`` has the values over all days, the largest first. ``previous`` is the total of as many
    days before. ``medians`` has the median of the seconds to resolve, to within 3 %, of each day
    with a resolved session, and ``median`` that of all days. ``current`` is False while the figures
    still follow a large change.
    """

    tallies: list[Tally]
    groups: list[Group]
    total: Group
    previous: Group
    hours: list[int]
    medians: dict[int, float]
    median: float | None
    current: bool
