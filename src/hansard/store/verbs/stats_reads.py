"""Statistics as they are read: by day, by group, and over all, from the cells alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.model.stats import Durations, Group, Tally
from hansard.model.usage import SUMS
from hansard.model.zones import stretches
from hansard.store import steps
from hansard.store.steps import Row, Steps
from hansard.store.verbs.stats_cells import FIGURES, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hansard.model.stats import StatsQuery
    from hansard.model.zones import Stretch

_DAY = 96
"""Slots of a day."""
_HALF = 2**32
"""Sums of tokens and money are made of halves of 32 bits, which no number of cells overflows."""
_MOST = 2**63 - 1
_COLUMNS = {"user": "user_id"}
_FILTERS = ("channel", "app", "agent", "model", "user", "state")
_SUMS = ", ".join(
    f"cast(sum({name} / {_HALF}) as bigint), cast(sum({name} % {_HALF}) as bigint)"
    if name in SUMS
    else f"0, cast(sum({name}) as bigint)"
    for name in FIGURES
)
_LARGEST = ", ".join(
    f"sum(cast({name} as double precision)) desc"
    for name in ("cost_nanos", "input_tokens + output_tokens", "messages", "sessions", "runs")
)
_FIGURES_ONLY = "what in ('usage', 'run')"

Read = tuple[list[Tally], list[Group], Group, Group, list[int], dict[int, Durations]]


class StatsReader:
    """The statements over the cells of one workspace, for the stretches of one range of days."""

    def __init__(self, workspace_id: str, query: StatsQuery, stretches: Sequence[Stretch]) -> None:
        self._query = query
        self._stretches = stretches
        self._by = query.by and _COLUMNS.get(query.by, query.by)
        self._conditions, self._values = _where(workspace_id, query)
        self._table = "stats_user_sums" if query.by == "user" or query.user else "stats_sums"

    def total(self) -> Steps[Group]:
        """All that matches, as one group."""
        records = yield from self._rows(f"'', {_SUMS}", _FIGURES_ONLY, self._stretches)
        return _group(records, "")

    def largest(self, limit: int) -> Steps[list[Group]]:
        """The groups that spent most, at most ``limit``."""
        select = f"{self._by}, {_SUMS}"
        records = yield from self._rows(
            select, _FIGURES_ONLY, self._stretches, f"group by 1 order by {_LARGEST}, 1", limit
        )
        return [_group([record], record[0]) for record in records if any(record[1:])]

    def days(self, top: Sequence[str] | None) -> Steps[list[Tally]]:
        """The sums by day, and by the values ``top``; what others have is one more."""
        tallies: list[Tally] = []
        for stretch in self._stretches:
            select = f"{_day(stretch)}, {self._value(top)}, {_SUMS}"
            records = yield from self._rows(
                select, _FIGURES_ONLY, [stretch], "group by 1, 2", top=top
            )
            tallies += [
                Tally(day=day, value=value or "", is_other=value is None, **_figures(halves))
                for day, value, *halves in records
                if any(halves)
            ]
        return _merged(tallies)

    def hours(self) -> Steps[list[int]]:
        """How many sessions began in each hour of the day."""
        hours = [0] * 24
        for stretch in self._stretches:
            hour = f"((slot + {stretch.offset}) % {_DAY}) / 4"
            records = yield from self._rows(
                f"{hour}, cast(sum(sessions) as bigint)",
                "what = 'usage'",
                [stretch],
                "group by 1",
            )
            for number, count in records:
                hours[number] += count
        return hours

    def resolved(self) -> Steps[dict[int, Durations]]:
        """How long it took to resolve the sessions of each day: counts by bucket."""
        days: dict[int, Durations] = {}
        for stretch in self._stretches:
            records = yield from self._rows(
                f"{_day(stretch)}, bucket, cast(sum(sessions) as bigint)",
                "what = 'resolve'",
                [stretch],
                "group by 1, 2",
            )
            for day, bucket, count in records:
                if count:
                    buckets = days.setdefault(day, {})
                    buckets[bucket] = buckets.get(bucket, 0) + count
        return days

    def runs(self, top: Sequence[str] | None) -> Steps[dict[str | None, Durations]]:
        """How long runs took, by the values ``top``, None for all others: counts by bucket."""
        groups: dict[str | None, Durations] = {}
        records = yield from self._rows(
            f"{self._value(top)}, bucket, cast(sum(runs) as bigint)",
            "what = 'run'",
            self._stretches,
            "group by 1, 2",
            top=top,
        )
        for value, bucket, count in records:
            if count:
                groups.setdefault(value, {})[bucket] = count
        return groups

    def _value(self, top: Sequence[str] | None) -> str:
        """The column of the groups; null for those that are not among ``top``."""
        if top is None or self._by is None:
            return "''"
        if not top:
            return "cast(null as text)"
        named = ", ".join(f":top_{index}" for index in range(len(top)))
        return f"case when {self._by} in ({named}) then {self._by} end"

    def _rows(  # noqa: PLR0913 - the pieces of a statement
        self,
        select: str,
        condition: str,
        stretches: Sequence[Stretch],
        rest: str = "",
        limit: int | None = None,
        *,
        top: Sequence[str] | None = None,
    ) -> Steps[list[Row]]:
        """Rows of the cells of consecutive stretches."""
        conditions = [*self._conditions, "slot >= :first_slot", "slot < :end_slot", condition]
        sql = f"select {select} from {self._table} where {' and '.join(conditions)} {rest}"  # noqa: S608 - literal names above
        values = self._values | {"first_slot": stretches[0].first, "end_slot": stretches[-1].end}
        if self._by is not None:
            values |= {f"top_{index}": value for index, value in enumerate(top or ())}
        if limit is not None:
            sql, values = f"{sql} limit :limit", values | {"limit": limit}
        return (yield from steps.composed(sql, values, "stats_cells"))


def _day(stretch: Stretch) -> str:
    return f"(slot + {stretch.offset}) / {_DAY}"


def _where(workspace_id: str, query: StatsQuery) -> tuple[list[str], dict[str, Any]]:
    conditions = ["workspace_id = :workspace_id"]
    values: dict[str, Any] = {"workspace_id": workspace_id}
    for name in _FILTERS:
        wanted = {f"{name}_{index}": record for index, record in enumerate(getattr(query, name))}
        if wanted:
            column = _COLUMNS.get(name, name)
            conditions.append(f"{column} in ({', '.join(':' + param for param in wanted)})")
            values |= wanted
    return conditions, values


def _figures(halves: Sequence[int | None]) -> dict[str, int]:
    return dict(zip(FIGURES, map(_joined, halves[::2], halves[1::2]), strict=True))


def _joined(high: int | None, low: int | None) -> int:
    """A sum of its two halves; at most what 64 bits hold."""
    return max(0, min((high or 0) * _HALF + (low or 0), _MOST))


def _group(records: Sequence[Row], value: str) -> Group:
    return Group(value=value, is_other=False, **_figures(records[0][1:]))


def _merged(tallies: Sequence[Tally]) -> list[Tally]:
    """Tallies of the same day and value as one: the clock may be set within a day."""
    merged: dict[tuple[int, bool, str], Tally] = {}
    for record in tallies:
        key = (record.day, record.is_other, record.value)
        merged[key] = added(merged[key], record) if key in merged else record
    return [merged[key] for key in sorted(merged)]


def added(record: Any, other: Mapping[str, int] | Any, sign: int = 1) -> Any:  # noqa: ANN401 - tallies and groups
    """A tally or group with the figures of another added, or taken away."""
    sums = {
        name: max(0, min(getattr(record, name) + sign * getattr(other, name), _MOST))
        for name in FIGURES
    }
    return msgspec.structs.replace(record, **sums)


def all_of(workspace_id: str, query: StatsQuery) -> Steps[Read]:
    """Tallies, groups, the total and that of the days before, hours, and times to resolve."""
    days = query.last - query.first + 1
    reader = StatsReader(workspace_id, query, stretches(query.tz, query.first, query.last))
    before = StatsReader(
        workspace_id, query, stretches(query.tz, query.first - days, query.first - 1)
    )
    previous = _timed((yield from before.total()), _all((yield from before.runs(None))))
    top, largest = None, list[Group]()
    if query.by is not None:
        largest = yield from reader.largest(query.top)
        top = [record.value for record in largest]
    tallies = yield from reader.days(top)
    durations = yield from reader.runs(top)
    total = _timed(_sum_of(tallies), together(durations.values()))
    return (
        tallies,
        [] if top is None else _grouped(largest, total, durations),
        total,
        previous,
        (yield from reader.hours()),
        (yield from reader.resolved()),
    )


def _sum_of(tallies: Iterable[Tally]) -> Group:
    total = Group(value="")
    for tally in tallies:
        total = added(total, tally)
    return total


def _grouped(
    largest: Sequence[Group], total: Group, runs: dict[str | None, Durations]
) -> list[Group]:
    """The groups with their durations, and behind them what all others have, if anything."""
    other = msgspec.structs.replace(total, value="", is_other=True, run_p50=None, run_p95=None)
    for record in largest:
        other = added(other, record, -1)
    groups = [_timed(record, runs.get(record.value, {})) for record in largest]
    has_more = any((other.sessions, other.messages, other.runs, other.input_tokens))
    return [*groups, _timed(other, runs.get(None, {}))] if has_more else groups


def _timed(group: Group, durations: Durations) -> Group:
    return msgspec.structs.replace(
        group, run_p50=duration_at(durations, 0.5), run_p95=duration_at(durations, 0.95)
    )


def _all(runs: dict[str | None, Durations]) -> Durations:
    return runs.get("", {})


def duration_at(durations: Durations, share: float) -> float | None:
    """The duration in seconds that this share does not go beyond; None without any."""
    total = sum(durations.values())
    left = math.ceil(total * share)
    for bucket in sorted(durations):
        left -= durations[bucket]
        if left <= 0:
            seconds = seconds_of(bucket)
            return round(seconds, 1 if seconds >= 1 else 3)
    return None


def together(several: Iterable[Durations]) -> Durations:
    """The durations of several days as one."""
    total: Durations = {}
    for durations in several:
        for bucket, count in durations.items():
            total[bucket] = total.get(bucket, 0) + count
    return total
