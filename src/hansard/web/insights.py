"""Insights: charts by day whose bars link to their sessions, with tables and CSV."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from hansard.http.route import Route
from hansard.model.stats import STATS_BY, Stats, StatsQuery
from hansard.model.zones import today
from hansard.web.filters import Chip
from hansard.web.formatting import duration, money, number, short
from hansard.web.insight_charts import charts, day_name, filters_of
from hansard.web.insight_sheets import chosen, everything, sheet
from hansard.web.local_times import zone_name, zone_of
from hansard.web.ranking import COLUMNS as RANK_COLUMNS
from hansard.web.ranking import ranking, totals
from hansard.web.tool_ranking import tool_ranking

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call
    from hansard.web.layout import Layout

_EPOCH = date(1970, 1, 1)
SPANS = (7, 30, 90)


class InsightsParams(Struct, frozen=True, kw_only=True):
    days: int = 30
    by: str = "channel"
    chart: str = ""
    channel: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    state: tuple[str, ...] = ()


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
                params=InsightsParams,
                media_type="text/html",
            ),
            Route(
                "GET /ui/insights.csv",
                self.as_csv,
                scope="sessions:read",
                params=InsightsParams,
                media_type="text/csv",
            ),
        )

    async def show(self, call: Call[InsightsParams, None]) -> Response:
        """Figures by day"""
        query = _query(call.params, zone_name(call))
        stats = await call.service.stats.read(call.principal, query)
        days = {"from": day_name(query.first), "until": day_name(query.last)}
        filters = filters_of(query)
        pairs = [*days.items(), ("tz", query.tz), ("by", query.by or ""), *filters]
        return await self._layout.show(
            call,
            "insights.html",
            nav="insights",
            charts=charts(stats, query),
            cards=_cards(stats),
            ranks=ranking(stats, query),
            totals=totals(stats, query.last - query.first + 1),
            rank_columns=RANK_COLUMNS,
            tools=await tool_ranking(call.service, call.principal, query, zone_of(call)),
            filters=filters,
            chips=_chips(query, filters),
            kept=urlencode(filters),
            days=query.last - query.first + 1,
            by=query.by,
            tz=query.tz,
            spans=SPANS,
            dimensions=STATS_BY,
            current=stats.current,
            is_empty=not stats.tallies,
            curl=self._layout.curl(call, f"/v1/stats?{urlencode(pairs)}"),
        )

    async def as_csv(self, call: Call[InsightsParams, None]) -> Response:
        """The same for a spreadsheet: everything, or what one chart shows"""
        params, query = call.params, _query(call.params, zone_name(call))
        stats = await call.service.stats.read(call.principal, query)
        name = f"{params.chart or 'insights'}-{day_name(query.first)}-{day_name(query.last)}.csv"
        return sheet(
            name, chosen(params.chart, stats, query) if params.chart else everything(stats, query)
        )


def _query(params: InsightsParams, tz: str) -> StatsQuery:
    last = (today(tz, datetime.now(UTC)) - _EPOCH).days
    days = params.days if params.days in SPANS else 30
    return StatsQuery(
        first=last - days + 1,
        last=last,
        tz=tz,
        by=params.by if params.by in STATS_BY else "channel",  # type: ignore[arg-type]  # one of the literals, as checked
        **{name: getattr(params, name) for name in STATS_BY},
    )


def _chips(query: StatsQuery, filters: list[tuple[str, str]]) -> list[Chip]:
    """The filters that are on, each with the query that drops it."""
    usual = [("days", str(query.last - query.first + 1)), ("by", query.by or "")]
    return [
        Chip(name, f"{name}: {value}", urlencode([*usual, *filters[:at], *filters[at + 1 :]]))
        for at, (name, value) in enumerate(filters)
    ]


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
        ("Median time to resolve", duration(stats.median) or "–", "from start to resolution"),
        ("Tokens", short(tokens), _spent(total["cost_nanos"])),
    ]


def _spent(nanos: int) -> str:
    return money(nanos) if nanos else "prices unknown"
