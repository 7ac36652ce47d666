"""Figures by day, and which of them are wanted."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

StatsBy = Literal["channel", "app", "agent", "state"]
STATS_BY: tuple[str, ...] = get_args(StatsBy)


class Tally(Struct, frozen=True, kw_only=True):
    """Sums over the sessions that began on ``day`` and have ``value`` in the query's dimension.

    Days are counted from 1970, in UTC.
    """

    day: int
    value: str
    sessions: int
    messages: int
    input_tokens: int
    output_tokens: int
    cost_nanos: int
    resolved: int
    unresolved: int


class StatsQuery(Struct, frozen=True, kw_only=True):
    """Days ``first`` to ``last``, both included, and filters.

    A session passes all filters; the values of one are alternatives.
    """

    first: int
    last: int
    by: StatsBy | None = None
    channel: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    state: tuple[str, ...] = ()


class Stats(Struct, frozen=True, kw_only=True):
    """``tallies`` by day and value; ``hours`` has the sessions of each hour of the day.

    ``medians`` has the median of the seconds to resolve, to within 3 %, of each day with a resolved
    session, and ``median`` that of all days. ``current`` is False while the figures still follow a
    large change.
    """

    tallies: list[Tally]
    hours: list[int]
    medians: dict[int, float]
    median: float | None
    current: bool
