"""What is counted per day, and the terms in which it is asked for."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

StatsBy = Literal["channel", "app", "agent", "state"]
STATS_BY: tuple[str, ...] = get_args(StatsBy)


class Tally(Struct, frozen=True, kw_only=True):
    """Sums over the sessions that began on ``day`` (days since 1970, UTC) and have ``value`` in the dimension asked for."""

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
    """Days ``first`` to ``last``, both included; values within a field are alternatives, fields add up."""

    first: int
    last: int
    by: StatsBy | None = None
    channel: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    state: tuple[str, ...] = ()


class Stats(Struct, frozen=True, kw_only=True):
    """``tallies`` by day and value; ``hours`` has the sessions of each hour of the day.

    ``medians`` has the median seconds to resolve of each day with a resolved session, to within 3 %, and
    ``median`` that of all days together.  ``current`` is False while the figures still follow a large change.
    """

    tallies: list[Tally]
    hours: list[int]
    medians: dict[int, float]
    median: float | None
    current: bool
