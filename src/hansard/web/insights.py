"""Insights: charts by day whose bars link to their sessions, with tables and CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct
from starlette.responses import Response

from hansard.errors import NotFound
from hansard.http.route import Route
from hansard.model.stats import STATS_BY, Stats, StatsQuery
from hansard.web.charts import Bar, bars, legend
from hansard.web.formatting import dollars, duration, money, number, short
from hansard.web.ranking import COLUMNS as RANK_COLUMNS
from hansard.web.ranking import ranking, totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hansard.http.call import Call
    from hansard.model.stats import Tally
    from hansard.web.layout import Layout

_EPOCH = date(1970, 1, 1)
SPANS = (7, 30, 90)
_SERIES = 5
_LABELS = 8


class ParsedSearch(Struct, frozen=True, kw_only=True):
    days: int = 30
    by: str = "channel"
    chart: str = ""


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
        """The same for a spreadsheet, with every row."""
        rows = (
            [column.plain(value) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        )
        return [[column.name for column in self.columns], *rows]


class Insights:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET /ui/insights",
                self.show,
                scope="sessions:read",
                params=ParsedSearch,
                media_type="text/html",
            ),
            Route(
                "GET /ui/insights.csv",
                self.as_csv,
                scope="sessions:read",
                params=ParsedSearch,
                media_type="text/csv",
            ),
        )

    async def show(self, call: Call[ParsedSearch, None]) -> Response:
        """Figures by day"""
        query = _query(call.params)
        stats = await call.service.stats.read(call.principal, query)
        days = {"from": _day(query.first), "until": _day(query.last)}
        path = f"/v1/stats?{urlencode(days | {'by': query.by or ''})}"
        return self._layout.show(
            call,
            "insights.html",
            nav="insights",
            charts=charts(stats, query),
            cards=_cards(stats),
            ranks=ranking(stats, query.by or "channel", _day(query.first)),
            totals=totals(stats),
            rank_columns=RANK_COLUMNS,
            params=call.params,
            days=query.last - query.first + 1,
            by=query.by,
            spans=SPANS,
            dimensions=STATS_BY,
            current=stats.current,
            is_empty=not stats.tallies,
            curl=self._layout.curl(call, path),
        )

    async def as_csv(self, call: Call[ParsedSearch, None]) -> Response:
        """The same for a spreadsheet: everything, or what one chart shows"""
        params, query = call.params, _query(call.params)
        stats = await call.service.stats.read(call.principal, query)
        name = f"{params.chart or 'insights'}-{_day(query.first)}-{_day(query.last)}.csv"
        return _sheet(
            name, _chosen(params.chart, stats, query) if params.chart else _everything(stats, query)
        )


def _chosen(ident: str, stats: Stats, query: StatsQuery) -> list[list[object]]:
    for chart in charts(stats, query):
        if chart.id == ident:
            return chart.sheet
    raise NotFound("there is no such chart", param="chart")


def _everything(stats: Stats, query: StatsQuery) -> list[list[object]]:
    head: list[object] = [
        "day",
        query.by,
        "sessions",
        "messages",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        "cost_usd",
        "resolved",
        "unresolved",
        "runs",
        "failed_runs",
    ]
    return [
        head,
        *(
            [
                _day(tally.day),
                "(other)" if tally.is_other else tally.value,
                tally.sessions,
                tally.messages,
                tally.input_tokens,
                tally.output_tokens,
                tally.cache_read_tokens,
                tally.cache_write_tokens,
                tally.reasoning_tokens,
                dollars(tally.cost_nanos),
                tally.resolved,
                tally.unresolved,
                tally.runs,
                tally.failed_runs,
            ]
            for tally in stats.tallies
        ),
    ]


def _sheet(name: str, rows: Iterable[list[object]]) -> Response:
    """A CSV file; a text that a spreadsheet would take for a formula is quoted."""
    text = io.StringIO()
    csv.writer(text).writerows(
        [
            [f"'{cell}" if str(cell).startswith(("=", "+", "-", "@")) else cell for cell in row]
            for row in rows
        ]
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")


def _query(params: ParsedSearch) -> StatsQuery:
    last = (datetime.now(UTC).date() - _EPOCH).days
    days = params.days if params.days in SPANS else 30
    return StatsQuery(
        first=last - days + 1,
        last=last,
        by=params.by if params.by in STATS_BY else "channel",  # type: ignore[arg-type]  # one of the literals, as checked
    )


def _day(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()


def _label(day: int) -> str:
    at = _EPOCH + timedelta(days=day)
    return f"{at.day} {at:%b}"


def _cards(stats: Stats) -> list[tuple[str, str, str]]:
    """The sums over all days: label, figure, remark."""
    total = {
        name: sum(getattr(tally, name) for tally in stats.tallies)
        for name in ("sessions", "messages", "resolved", "unresolved", "cost_nanos")
    }
    tokens = sum(tally.input_tokens + tally.output_tokens for tally in stats.tallies)
    settled = total["resolved"] + total["unresolved"]
    rate = f"{100 * total['resolved'] / settled:.0f}%" if settled else "–"
    return [
        ("Sessions", number(total["sessions"]), f"{number(total['messages'])} messages"),
        ("Resolved", rate, f"{number(total['resolved'])} of {number(settled)} settled"),
        ("Median time to resolve", duration(stats.median) or "–", "from beginning to resolved"),
        ("Tokens", short(tokens), money(total["cost_nanos"])),
    ]


_COUNT = Column("", number)


def charts(stats: Stats, query: StatsQuery) -> list[Chart]:
    shown = [
        _stacked(
            "sessions", "Sessions per day", stats, query, lambda tally: tally.sessions, number
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
    return [*shown, _hours(stats)]


def _by_day(stats: Stats, query: StatsQuery) -> dict[int, list[Tally]]:
    by_day: dict[int, list[Tally]] = {day: [] for day in range(query.first, query.last + 1)}
    for tally in stats.tallies:
        by_day[tally.day].append(tally)
    return by_day


def _every(count: int) -> int:
    return max(1, -(-count // _LABELS))


def _link(day: int) -> str:
    """The list of the sessions that began on a day; figures count those of the archive, too."""
    days = {"day_from": _day(day), "day_until": _day(day)}
    return f"/ui/?{urlencode(days | {'archived': 'any'})}"


def _stacked(  # noqa: PLR0913 - the facts of a chart
    ident: str,
    title: str,
    stats: Stats,
    query: StatsQuery,
    value: Callable[[Tally], int],
    spell: Callable[[float], str],
    exact: Column = _COUNT,
) -> Chart:
    """Bars of the largest values and of all others together.

    ``spell`` is short, for the scale, ``exact`` for the table.
    """
    sums: dict[str, int] = {}
    for tally in stats.tallies:
        if not tally.is_other:
            sums[tally.value] = sums.get(tally.value, 0) + value(tally)
    names = sorted((name for name in sums if sums[name]), key=lambda name: -sums[name])
    chosen = names[:_SERIES]
    has_others = len(names) > _SERIES or any(
        tally.is_other and value(tally) for tally in stats.tallies
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
        tip = f"{_day(day)}: {spell(total)}"
        drawn.append(
            Bar(
                [(index, float(size)) for index, size in sorted(layers.items())],
                _label(day),
                _link(day),
                tip,
                is_open=day == query.last,
            )
        )
        rows.append([_day(day), *[layers.get(index, 0) for index in range(len(shown))], total])
    svg = bars(title, drawn, spell, _every(len(drawn)))
    columns = [
        Column("Day"),
        *(Column(name, exact.spell, exact.plain) for name in (*shown, "Total")),
    ]
    return Chart(
        ident, title, spell(sum(map(value, stats.tallies))), svg, legend(shown), columns, rows[::-1]
    )


def _rate(stats: Stats, query: StatsQuery) -> Chart:
    drawn, rows = [], []
    for day, tallies in _by_day(stats, query).items():
        resolved, unresolved = (
            sum(tally.resolved for tally in tallies),
            sum(tally.unresolved for tally in tallies),
        )
        settled, median = resolved + unresolved, stats.medians.get(day)
        tip = (
            f"{_day(day)}: {resolved} resolved, {unresolved} unresolved, median "
            f"{duration(median) or '–'}"
        )
        drawn.append(
            Bar(
                [(1, resolved), (2, unresolved)],
                _label(day),
                _link(day),
                tip,
                is_open=day == query.last,
            )
        )
        rows.append(
            [_day(day), resolved, unresolved, resolved / settled if settled else None, median]
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


def _hours(stats: Stats) -> Chart:
    drawn = [
        Bar([(0, count)], f"{hour:02}", "", f"{hour:02}:00–{hour:02}:59 UTC: {number(count)}")
        for hour, count in enumerate(stats.hours)
    ]
    rows = [[f"{hour:02}:00", count] for hour, count in enumerate(stats.hours)]
    return Chart(
        "hours",
        "Busiest hours (UTC)",
        "",
        bars("Busiest hours", drawn, number, 3),
        legend([]),
        [Column("Hour"), Column("Sessions", number)],
        rows,
    )
