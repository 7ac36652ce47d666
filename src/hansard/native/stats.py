"""``/v1/stats``: figures by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.run import STATES
from hansard.model.stats import MOST_TOP, STATS_BY, TOP, Group, Stats, StatsBy, StatsQuery, Sums
from hansard.model.zones import today
from hansard.native.errors import NOT_FOR_NARROWED
from hansard.native.filters import check_words
from hansard.native.schemas import Json, StateOut
from hansard.service.named_days import named_day

_EPOCH = date(1970, 1, 1)
_DAYS = 30
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]


class StatsParams(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Which days and sessions.

    Messages, tokens and cost count on the day of the message, sessions and runs on the day on which
    they began.
    """

    example: ClassVar[Json] = {
        "from": "2026-01-01",
        "until": "2026-01-31",
        "tz": "Europe/Berlin",
        "by": "model",
        "top": 10,
        "channel": ["web"],
        "app": ["shop"],
        "agent": ["support"],
        "model": ["gpt-5"],
        "user": ["ada"],
        "state": ["failed"],
    }

    from_: str | None = None
    """The first day: one such as `2026-01-31`, a month, a year, `today`, `yesterday`, so long ago
    (`7d`), or the day of a time; by default 29 days before `until`."""
    until: str | None = None
    """The last day, named the same ways; today by default."""
    tz: str = "UTC"
    """The IANA time zone of the days, such as `Europe/Berlin`."""
    by: StatsBy | None = None
    """One row for each day and value of this field; by default one for each day."""
    top: Annotated[int, Meta(ge=1, le=MOST_TOP)] = TOP
    """How many values of `by` are named: those that cost most, then those with the most tokens,
    messages and sessions. All others are one more."""
    channel: list[str] = []
    """Only sessions from one of these channels."""
    app: list[str] = []
    """Only sessions of one of these applications."""
    agent: list[str] = []
    """Only sessions with one of these agents."""
    model: list[str] = []
    """Only messages of one of these models, and sessions and runs with one of them."""
    user: list[str] = []
    """Only sessions of one of these end users."""
    state: list[StateOut] = []
    """Only sessions in one of these states."""


class SumsOut(Struct, frozen=True, kw_only=True):
    """Figures of some sessions."""

    example: ClassVar[Json] = {
        "sessions": 120,
        "messages": 640,
        "input_tokens": 91000,
        "output_tokens": 18000,
        "cache_read_tokens": 52000,
        "cache_write_tokens": 9000,
        "reasoning_tokens": 6000,
        "cost_usd": 1.27,
        "resolved": 80,
        "unresolved": 12,
        "runs": 130,
        "failed_runs": 4,
    }

    sessions: int
    """How many sessions began."""
    messages: int
    """How many messages were written, without those that forks copied."""
    input_tokens: int
    """Model tokens that were read, cached ones included."""
    output_tokens: int
    """Model tokens that were written, reasoning included."""
    cache_read_tokens: int
    """Those of the input that a cache held."""
    cache_write_tokens: int
    """Those of the input that a cache took in."""
    reasoning_tokens: int
    """Those of the output that were reasoning."""
    cost_usd: float
    """Their price, in US dollars."""
    resolved: int
    """How many of the sessions are `resolved`."""
    unresolved: int
    """How many of the sessions are `unresolved`."""
    runs: int
    """How many runs began that are over."""
    failed_runs: int
    """How many of them are `failed` or `interrupted`."""


class DayOut(SumsOut, frozen=True, kw_only=True):
    """The figures of one day."""

    example: ClassVar[Json] = {
        "day": "2026-01-31",
        "value": "web",
        "other": False,
        **SumsOut.example,
    }

    day: Day
    """The day, in the time zone `tz`."""
    value: str | None
    """The value of the field `by`; null for sessions that have none, for `other`, and without
    `by`."""
    other: bool
    """Whether the row is of all values that are not among the `top`."""


class TotalOut(SumsOut, frozen=True, kw_only=True):
    """The figures of all days together."""

    example: ClassVar[Json] = {
        **SumsOut.example,
        "failure_rate": 0.0308,
        "run_p50": 2.4,
        "run_p95": 11.0,
    }

    failure_rate: float | None
    """The share of `failed_runs` in `runs`, from 0 to 1; null without runs."""
    run_p50: float | None
    """The seconds within which half of the runs were over, to within 3 %; null without runs."""
    run_p95: float | None
    """The seconds within which 95 % of the runs were over, to within 3 %; null without runs."""


class GroupOut(TotalOut, frozen=True, kw_only=True):
    """The figures of one value of the field `by`, over all days."""

    example: ClassVar[Json] = {"value": "web", "other": False, **TotalOut.example}

    value: str | None
    """The value; null for sessions that have none, and for `other`."""
    other: bool
    """Whether the row is of all values that are not among the `top`."""


class Median(Struct, frozen=True, kw_only=True):
    """How long it took to resolve the sessions of one day."""

    example: ClassVar[Json] = {"day": "2026-01-31", "seconds": 312.0}

    day: Day
    """The day on which the sessions began, in the time zone `tz`."""
    seconds: float
    """The median of the seconds from their beginning until they were resolved, to within 3 %."""


class StatsOut(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Figures of the sessions of some days."""

    example: ClassVar[Json] = {
        "from": "2026-01-01",
        "until": "2026-01-31",
        "tz": "Europe/Berlin",
        "by": "channel",
        "hours": [0, 0, 0, 0, 0, 1, 3, 8, 14, 17, 15, 12, 9, 11, 14, 10, 4, 2, 0, 0, 0, 0, 0, 0],
        "resolve_median": 312.0,
    }

    from_: Day
    """The first day."""
    until: Day
    """The last day."""
    tz: str
    """The time zone of the days."""
    by: str | None
    """The field `by` of the request."""
    current: bool
    """False while the figures still follow a large change, such as an import."""
    data: list[DayOut]
    """The figures by day, and by value with `by`; days on which nothing happened are left out."""
    groups: list[GroupOut]
    """With `by`.

    The figures of each value over all days, the largest first, and last of `other`.
    """
    total: TotalOut
    """The figures over all days."""
    previous: TotalOut
    """Those of as many days before `from`."""
    hours: list[int]
    """How many sessions began in each hour of the day, in the time zone `tz`: 24 numbers."""
    resolve_medians: list[Median]
    """How long it took to resolve them, for each day with a resolved session."""
    resolve_median: float | None
    """The time to resolve over all days, in seconds, to within 3 %; null without a resolved one."""


async def read_stats(call: Call[StatsParams, None]) -> StatsOut:
    """Count sessions, messages, tokens, cost, resolutions and runs by day"""
    query = query_of(call.params)
    return stats_out(query, await call.service.stats.read(call.principal, query))


def query_of(params: StatsParams) -> StatsQuery:
    now = datetime.now(UTC)
    until, from_ = params.until, params.from_
    last = today(params.tz, now) if until is None else named_day("until", until, params.tz, now)
    if from_ is None:
        first = max(last, date.min + timedelta(days=_DAYS)) - timedelta(days=_DAYS - 1)
    else:
        first = named_day("from", from_, params.tz, now)
    check_words("state", params.state, STATES)
    values = {field: tuple(getattr(params, field)) for field in STATS_BY}
    return StatsQuery(
        first=(first - _EPOCH).days,
        last=(last - _EPOCH).days,
        tz=params.tz,
        by=params.by,
        top=params.top,
        **values,
    )


def stats_out(query: StatsQuery, stats: Stats) -> StatsOut:
    return StatsOut(
        from_=_day(query.first),
        until=_day(query.last),
        tz=query.tz,
        by=query.by,
        current=stats.current,
        data=[
            DayOut(
                day=_day(tally.day),
                value=tally.value or None,
                other=tally.is_other,
                **_sums(tally),
            )
            for tally in stats.tallies
        ],
        groups=[
            GroupOut(value=group.value or None, other=group.is_other, **_total(group))
            for group in stats.groups
        ],
        total=TotalOut(**_total(stats.total)),
        previous=TotalOut(**_total(stats.previous)),
        hours=stats.hours,
        resolve_medians=[
            Median(day=_day(day), seconds=seconds) for day, seconds in stats.medians.items()
        ],
        resolve_median=stats.median,
    )


def _sums(sums: Sums) -> dict[str, Any]:
    named = {name: getattr(sums, name) for name in Sums.__struct_fields__ if name != "cost_nanos"}
    return named | {"cost_usd": sums.cost_nanos / 1e9}


def _total(group: Group) -> dict[str, Any]:
    return _sums(group) | {
        "failure_rate": group.failure_rate,
        "run_p50": group.run_p50,
        "run_p95": group.run_p95,
    }


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
        replica=True,
    ),
)
