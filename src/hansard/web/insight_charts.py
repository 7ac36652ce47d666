"""The charts of Insights, with the exact values behind them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct

from hansard.model.stats import STATS_BY
from hansard.model.times import rfc3339
from hansard.model.zones import zone
from hansard.web.charts import Bar, bars, legend
from hansard.web.formatting import dollars, duration, money, number, short
from hansard.web.local_times import midnight

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.model.stats import Stats, StatsQuery, Tally

_EPOCH = date(1970, 1, 1)
_SERIES = 5
_MEASURES: tuple[Callable[[Tally], int], ...] = (
    lambda tally: tally.sessions,
    lambda tally: tally.messages,
    lambda tally: tally.input_tokens + tally.output_tokens,
    lambda tally: tally.cost_nanos,
)
_LABELS = 8


class Column(Struct):
    """A column of a chart's table: its name, and how values are spelled for people and in CSV."""

    name: str
    spell: Callable[[Any], str] = str
    plain: Callable[[Any], object] = lambda value: value


class Chart(Struct):
    """One chart with the exact values behind it, the newest day first."""

    id: str
    title: str
    figure: str
    svg: Any
    legend: Any
    columns: list[Column]
    rows: list[list[Any]]

    @property
    def table(self) -> list[list[str]]:
        """The rows in which something happened, as they are read."""
        return [
            [column.spell(value) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
            if any(row[1:])
        ]

    @property
    def sheet(self) -> list[list[object]]:
        """The rows of the chart for a spreadsheet, all of them."""
        rows = (
            [column.plain(value) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        )
        return [[column.name for column in self.columns], *rows]


def day_name(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()


def _label(day: int) -> str:
    at = _EPOCH + timedelta(days=day)
    return f"{at.day} {at:%b}"


_COUNT = Column("", number)


def charts(stats: Stats, query: StatsQuery) -> list[Chart]:
    shown = [
        _stacked(
            "sessions",
            "Sessions per day",
            stats,
            query,
            lambda tally: tally.sessions,
            number,
            link=_begun,
        ),
        _stacked("messages", "Messages per day", stats, query, lambda tally: tally.messages, short),
        _rate(stats, query),
        _stacked(
            "tokens",
            "Tokens per day",
            stats,
            query,
            lambda tally: tally.input_tokens + tally.output_tokens,
            short,
        ),
    ]
    if any(tally.cost_nanos for tally in stats.tallies):
        shown.append(
            _stacked(
                "cost",
                "Cost per day",
                stats,
                query,
                lambda tally: tally.cost_nanos,
                money,
                Column("", lambda nanos: f"${dollars(nanos)}", dollars),
            )
        )
    return [*shown, _hours(stats, query.tz)]


def _by_day(stats: Stats, query: StatsQuery) -> dict[int, list[Tally]]:
    by_day: dict[int, list[Tally]] = {day: [] for day in range(query.first, query.last + 1)}
    for tally in stats.tallies:
        by_day[tally.day].append(tally)
    return by_day


def _every(count: int) -> int:
    return max(1, -(-count // _LABELS))


def filters_of(query: StatsQuery) -> list[tuple[str, str]]:
    """The filters of the figures, as the list names them as well."""
    return [(name, value) for name in STATS_BY for value in getattr(query, name)]


def _begun(day: int, query: StatsQuery) -> str:
    """The list of the sessions that began on a day; figures count those of the archive, too."""
    return _link(query, day_from=day_name(day), day_until=day_name(day))


def _active(day: int, query: StatsQuery) -> str:
    """The list of the sessions that had begun by a day, and whose last message is no older."""
    first = rfc3339(midnight(day_name(day), zone(query.tz)))
    return _link(query, active_from=first, day_until=day_name(day))


def _link(query: StatsQuery, **days: str) -> str:
    return f"/ui/?{urlencode([*filters_of(query), *days.items(), ('archived', 'any')])}"


def _stacked(  # noqa: PLR0913 - the facts of a chart
    ident: str,
    title: str,
    stats: Stats,
    query: StatsQuery,
    value: Callable[[Tally], int],
    spell: Callable[[float], str],
    exact: Column = _COUNT,
    link: Callable[[int, StatsQuery], str] = _active,
) -> Chart:
    """Bars of the leading values and of all others together.

    ``spell`` is short, for the scale, ``exact`` for the table. ``link`` leads from a day to its
    sessions.
    """
    chosen = _leading(stats)
    has_others = any(
        (tally.is_other or tally.value not in chosen) and value(tally) for tally in stats.tallies
    )
    shown = [name or "none" for name in chosen] + (["other"] if has_others else [])
    drawn, rows = [], []
    for day, tallies in _by_day(stats, query).items():
        layers: dict[int, int] = {}
        for tally in tallies:
            is_chosen = not tally.is_other and tally.value in chosen
            index = chosen.index(tally.value) if is_chosen else len(chosen)
            layers[index] = layers.get(index, 0) + value(tally)
        total = sum(layers.values())
        tip = f"{day_name(day)}: {spell(total)}"
        drawn.append(
            Bar(
                [(index, float(size)) for index, size in sorted(layers.items())],
                _label(day),
                link(day, query),
                tip,
                is_open=day == query.last,
            )
        )
        rows.append([day_name(day), *[layers.get(index, 0) for index in range(len(shown))], total])
    svg = bars(title, drawn, spell, _every(len(drawn)))
    columns = [
        Column("Day"),
        *(Column(name, exact.spell, exact.plain) for name in (*shown, "Total")),
    ]
    return Chart(
        ident, title, spell(sum(map(value, stats.tallies))), svg, legend(shown), columns, rows[::-1]
    )


def _leading(stats: Stats) -> list[str]:
    """The values that the charts show by name: those with the largest shares of all measures.

    They are the same for every chart of a screen, so that a value has one colour there.
    """
    shares: dict[str, float] = {}
    for measure in _MEASURES:
        whole = sum(map(measure, stats.tallies))
        for tally in stats.tallies if whole else ():
            if not tally.is_other:
                shares[tally.value] = shares.get(tally.value, 0) + measure(tally) / whole
    return sorted((name for name in shares if shares[name]), key=lambda name: -shares[name])[
        :_SERIES
    ]


def _rate(stats: Stats, query: StatsQuery) -> Chart:
    drawn, rows = [], []
    for day, tallies in _by_day(stats, query).items():
        resolved, unresolved = (
            sum(tally.resolved for tally in tallies),
            sum(tally.unresolved for tally in tallies),
        )
        settled, median = resolved + unresolved, stats.medians.get(day)
        tip = (
            f"{day_name(day)}: {resolved} resolved, {unresolved} unresolved, median "
            f"{duration(median) or '–'}"
        )
        drawn.append(
            Bar(
                [(1, resolved), (2, unresolved)],
                _label(day),
                _begun(day, query),
                tip,
                is_open=day == query.last,
            )
        )
        rows.append(
            [day_name(day), resolved, unresolved, resolved / settled if settled else None, median]
        )
    columns = [
        Column("Day"),
        Column("Resolved", number),
        Column("Unresolved", number),
        Column("Rate", lambda rate: "–" if rate is None else f"{100 * rate:.1f}%"),
        Column("Median time", lambda seconds: duration(seconds) or "–"),
    ]
    marks = legend(["", "resolved", "unresolved"]).replace('<li><i class="s0"></i></li>', "")
    return Chart(
        "resolution",
        "Resolved and unresolved",
        "",
        bars("Resolved and unresolved", drawn, number, _every(len(drawn))),
        marks,
        columns,
        rows[::-1],
    )


def _hours(stats: Stats, tz: str) -> Chart:
    drawn = [
        Bar([(0, count)], f"{hour:02}", "", f"{hour:02}:00–{hour:02}:59: {number(count)}")
        for hour, count in enumerate(stats.hours)
    ]
    rows = [[f"{hour:02}:00", count] for hour, count in enumerate(stats.hours)]
    return Chart(
        "hours",
        f"Busiest hours ({tz})",
        "",
        bars("Busiest hours", drawn, number, 3),
        legend([]),
        [Column("Hour"), Column("Sessions", number)],
        rows,
    )
