"""The figures of Insights as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from starlette.responses import Response

from hansard.errors import NotFound
from hansard.web.formatting import dollars
from hansard.web.insight_charts import charts, day_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hansard.model.stats import Stats, StatsQuery


def chosen(ident: str, stats: Stats, query: StatsQuery) -> list[list[object]]:
    for chart in charts(stats, query):
        if chart.id == ident:
            return chart.sheet
    raise NotFound(f"there is no chart {ident!r}", param="chart")


def everything(stats: Stats, query: StatsQuery) -> list[list[object]]:
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
                day_name(tally.day),
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


def sheet(name: str, rows: Iterable[list[object]]) -> Response:
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
