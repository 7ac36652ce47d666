"""``/v1/stats``: figures by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.run import STATES
from hansard.model.stats import Stats, StatsBy, StatsQuery
from hansard.native.sessions import check_words

_EPOCH = date(1970, 1, 1)
_DAYS = 30
Values = Annotated[
    list[str], Meta(description="alternatives: repeat the parameter or separate by commas")
]


class StatsParams(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Days are those of UTC on which the sessions began; both ends are included."""

    from_: (
        Annotated[date, Meta(description="the first day; 29 days before `until` when absent")]
        | None
    ) = None
    until: Annotated[date, Meta(description="the last day; today when absent")] | None = None
    by: (
        Annotated[
            StatsBy,
            Meta(description="one row for each value of it and day, instead of one for each day"),
        ]
        | None
    ) = None
    channel: Values = []
    app: Values = []
    agent: Values = []
    state: Values = []


class DayOut(Struct, frozen=True, kw_only=True):
    """``value`` is null for sessions without one, and without ``by``."""

    day: str
    value: str | None
    sessions: int
    messages: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    resolved: int
    unresolved: int


class Median(Struct, frozen=True, kw_only=True):
    day: str
    seconds: float


class StatsOut(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """``hours`` are the sessions by the hour of the day in which they began.

    The medians, of the seconds from a session's beginning until it was resolved, are true to within 3 %.
    ``current`` is false while the figures still follow a large change, such as an import.
    """

    from_: str
    until: str
    by: str | None
    current: bool
    data: list[DayOut]
    hours: list[int]
    resolve_medians: list[Median]
    resolve_median: float | None


async def read_stats(call: Call[StatsParams, None]) -> StatsOut:
    """Count sessions, messages, tokens, cost and resolutions by day"""
    query = query_of(call.params)
    return stats_out(query, await call.service.stats.read(call.principal, query))


def query_of(asked: StatsParams) -> StatsQuery:
    last = asked.until or datetime.now(UTC).date()
    first = asked.from_ or last - timedelta(days=_DAYS - 1)
    check_words("state", asked.state, STATES)
    given = {field: tuple(getattr(asked, field)) for field in ("channel", "app", "agent", "state")}
    return StatsQuery(first=(first - _EPOCH).days, last=(last - _EPOCH).days, by=asked.by, **given)


def stats_out(query: StatsQuery, stats: Stats) -> StatsOut:
    return StatsOut(
        from_=_day(query.first),
        until=_day(query.last),
        by=query.by,
        current=stats.current,
        data=[
            DayOut(
                day=_day(one.day),
                value=one.value or None,
                sessions=one.sessions,
                messages=one.messages,
                input_tokens=one.input_tokens,
                output_tokens=one.output_tokens,
                cost_usd=one.cost_nanos / 1e9,
                resolved=one.resolved,
                unresolved=one.unresolved,
            )
            for one in stats.tallies
        ],
        hours=stats.hours,
        resolve_medians=[
            Median(day=_day(day), seconds=seconds) for day, seconds in stats.medians.items()
        ],
        resolve_median=stats.median,
    )


def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()


routes = (
    Route("GET /v1/stats", read_stats, scope="sessions:read", params=StatsParams, returns=StatsOut),
)
