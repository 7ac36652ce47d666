"""The values of a dimension over all days, those that spent most first, beside the time before."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from hansard.web.formatting import CENT, duration, number, short
from hansard.web.insight_charts import day_name, filters_of

if TYPE_CHECKING:
    from hansard.model.stats import Group, Stats, StatsQuery

COLUMNS = (
    "Sessions",
    "Messages",
    "Tokens",
    "Cost",
    "Resolved",
    "Runs failed",
    "Median run",
    "95% of runs within",
)


class Rank(Struct, frozen=True):
    """A row: its label, where its sessions are, and its figures as ``COLUMNS`` names them.

    ``value`` is what the figures can be narrowed to; empty where they cannot.
    """

    label: str
    link: str
    figures: list[str]
    value: str = ""


def ranking(stats: Stats, query: StatsQuery) -> list[Rank]:
    """A row for each value.

    The sessions of a link began in the query's days; as in the figures, archived ones too.
    """
    decimals = _decimals(stats)
    return [_rank(group, query, decimals) for group in stats.groups]


def totals(stats: Stats, days: int) -> list[Rank]:
    """The sums of the ``days`` that are shown, and those of as many days before."""
    decimals = _decimals(stats)
    return [
        Rank("Total", "", _figures(stats.total, decimals)),
        Rank(f"Previous {days} days", "", _figures(stats.previous, decimals)),
    ]


def _decimals(stats: Stats) -> int:
    """How many decimals the column of costs has: enough for its smallest one."""
    costs = [group.cost_nanos for group in (*stats.groups, stats.total, stats.previous)]
    return 4 if any(0 < cost < CENT for cost in costs) else 2


def _rank(group: Group, query: StatsQuery, decimals: int) -> Rank:
    if group.is_other:
        return Rank("All others", "", _figures(group, decimals))
    if not group.value:
        return Rank("(none)", "", _figures(group, decimals))
    by = query.by or "channel"
    narrowed = [(by, group.value), *(pair for pair in filters_of(query) if pair[0] != by)]
    days = [("day_from", day_name(query.first)), ("archived", "any")]
    link = f"?{urlencode([*narrowed, *days])}"
    return Rank(group.value, link, _figures(group, decimals), group.value)


def _figures(group: Group, decimals: int) -> list[str]:
    settled = group.resolved + group.unresolved
    return [
        number(group.sessions),
        number(group.messages),
        short(group.input_tokens + group.output_tokens),
        f"${group.cost_nanos / 1e9:,.{decimals}f}" if group.cost_nanos else "–",
        _share(group.resolved / settled if settled else None),
        _share(group.failure_rate),
        duration(group.run_p50) or "–",
        duration(group.run_p95) or "–",
    ]


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}%"
