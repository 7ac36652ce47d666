"""The tools that sessions called, those of most sessions first, beside how often calls failed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from hansard.model import SessionFilter
from hansard.model.stats import STATS_BY
from hansard.model.times import Moment
from hansard.web.insight_charts import day_name, filters_of
from hansard.web.local_times import midnight

if TYPE_CHECKING:
    from datetime import tzinfo

    from hansard.access import Principal
    from hansard.model.stats import StatsQuery
    from hansard.service import Service

_MOST, _MOST_FAILED = 20, 100
_FIELDS = {"user": "user_id"}


class ToolRank(Struct, frozen=True):
    """A tool: the sessions that called it, those of them with failed calls, and links to both."""

    name: str
    sessions: int
    failed: int
    link: str
    failed_link: str

    @property
    def share(self) -> str:
        return f"{100 * self.failed / self.sessions:.0f}%"


class ToolRanking(Struct, frozen=True):
    """``is_exact`` is False where only the latest sessions were looked at."""

    ranks: list[ToolRank]
    is_exact: bool


async def tool_ranking(
    service: Service, principal: Principal, query: StatsQuery, zone: tzinfo
) -> ToolRanking:
    """The tools of the sessions that began in the query's days, as many as facets look at."""
    first = day_name(query.first)
    filters = SessionFilter(
        **{_FIELDS.get(name, name): getattr(query, name) for name in STATS_BY},
        created_from=Moment(midnight(first, zone)),
        created_until=Moment(midnight(day_name(query.last), zone, 1) - 1),
    )
    whole = (await service.facets.find(principal, filters, ["tool"], _MOST))["tool"]
    failed = await service.facets.find(
        principal, replace(filters, failed_calls=True, tool=()), ["tool"], _MOST_FAILED
    )
    failures = dict(failed["tool"].values)
    shared = [*filters_of(query), ("day_from", first), ("archived", "any")]

    def ranked(name: str, sessions: int) -> ToolRank:
        pairs = [("tool", name), *shared]
        return ToolRank(
            name,
            sessions,
            min(failures.get(name, 0), sessions),
            f"?{urlencode(pairs)}",
            f"?{urlencode([*pairs, ('failed_calls', 'true')])}",
        )

    is_exact = whole.is_exact and failed["tool"].is_exact and len(failures) < _MOST_FAILED
    return ToolRanking([ranked(*value) for value in whole.values], is_exact)
