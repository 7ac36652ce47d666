"""``/v1/stats``: figures by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.run import STATES
from hansard.model.stats import Stats, StatsBy, StatsQuery
from hansard.native.errors import NOT_FOR_NARROWED
from hansard.native.filters import check_words
from hansard.native.schemas import Json, StateOut

_EPOCH = date(1970, 1, 1)
_DAYS = 30
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]


class StatsParams(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Which days and sessions. A session counts on the day, in UTC, on which it began."""

    example: ClassVar[Json] = {
        "from": "2026-01-01",
        "until": "2026-01-31",
        "by": "channel",
        "channel": ["web"],
        "app": ["shop"],
        "agent": ["support"],
        "state": ["failed"],
    }

    from_: date | None = None
    """The first day, in UTC; by default 29 days before `until`."""
    until: date | None = None
    """The last day, in UTC; today by default."""
    by: StatsBy | None = None
    """One row for each day and value of this field; by default one for each day."""
    channel: list[str] = []
    """Only sessions from one of these channels."""
    app: list[str] = []
    """Only sessions of one of these applications."""
    agent: list[str] = []
    """Only sessions with one of these agents."""
    state: list[StateOut] = []
    """Only sessions in one of these states."""


class DayOut(Struct, frozen=True, kw_only=True):
    """The figures of the sessions that began on one day."""

    example: ClassVar[Json] = {
        "day": "2026-01-31",
        "value": "web",
        "sessions": 120,
        "messages": 640,
        "input_tokens": 91000,
        "output_tokens": 18000,
        "cost_usd": 1.27,
        "resolved": 80,
        "unresolved": 12,
    }

    day: Day
    """The day on which the sessions began, in UTC."""
    value: str | None
    """Their value of the field `by`; null for sessions that have none, and without `by`."""
    sessions: int
    """How many sessions began."""
    messages: int
    """How many messages they have."""
    input_tokens: int
    """Model tokens that they read."""
    output_tokens: int
    """Model tokens that they wrote."""
    cost_usd: float
    """Their price, in US dollars."""
    resolved: int
    """How many of them are `resolved`."""
    unresolved: int
    """How many of them are `unresolved`."""


class Median(Struct, frozen=True, kw_only=True):
    """How long it took to resolve the sessions of one day."""

    example: ClassVar[Json] = {"day": "2026-01-31", "seconds": 312.0}

    day: Day
    """The day on which the sessions began, in UTC."""
    seconds: float
    """The median of the seconds from their beginning until they were resolved, to within 3 %."""


class StatsOut(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Figures of the sessions of some days."""

    example: ClassVar[Json] = {
        "from": "2026-01-01",
        "until": "2026-01-31",
        "by": "channel",
        "hours": [0, 0, 0, 0, 0, 1, 3, 8, 14, 17, 15, 12, 9, 11, 14, 10, 4, 2, 0, 0, 0, 0, 0, 0],
        "resolve_median": 312.0,
    }

    from_: Day
    """The first day, in UTC."""
    until: Day
    """The last day, in UTC."""
    by: str | None
    """The field `by` of the request."""
    current: bool
    """False while the figures still follow a large change, such as an import."""
    data: list[DayOut]
    """The figures by day, and by value with `by`; days without a session are left out."""
    hours: list[int]
    """How many sessions began in each hour of the day, in UTC: 24 numbers."""
    resolve_medians: list[Median]
    """How long it took to resolve them, for each day with a resolved session."""
    resolve_median: float | None
    """The same over all days, in seconds, to within 3 %; null without a resolved session."""


async def read_stats(call: Call[StatsParams, None]) -> StatsOut:
    """Count sessions, messages, tokens, cost and resolutions by day"""
    query = query_of(call.params)
    return stats_out(query, await call.service.stats.read(call.principal, query))


def query_of(params: StatsParams) -> StatsQuery:
    last = params.until or datetime.now(UTC).date()
    first = params.from_ or last - timedelta(days=_DAYS - 1)
    check_words("state", params.state, STATES)
    values = {
        field: tuple(getattr(params, field)) for field in ("channel", "app", "agent", "state")
    }
    return StatsQuery(
        first=(first - _EPOCH).days, last=(last - _EPOCH).days, by=params.by, **values
    )


def stats_out(query: StatsQuery, stats: Stats) -> StatsOut:
    return StatsOut(
        from_=_day(query.first),
        until=_day(query.last),
        by=query.by,
        current=stats.current,
        data=[
            DayOut(
                day=_day(tally.day),
                value=tally.value or None,
                sessions=tally.sessions,
                messages=tally.messages,
                input_tokens=tally.input_tokens,
                output_tokens=tally.output_tokens,
                cost_usd=tally.cost_nanos / 1e9,
                resolved=tally.resolved,
                unresolved=tally.unresolved,
            )
            for tally in stats.tallies
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
    Route(
        "GET /v1/stats",
        read_stats,
        scope="sessions:read",
        params=StatsParams,
        returns=StatsOut,
        errors=NOT_FOR_NARROWED,
    ),
)
