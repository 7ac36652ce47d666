"""The choice of the columns: the keys of the metadata that the list shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hansard.http.route import Route
from hansard.service.suggestions import METADATA, MOST_KEYS
from hansard.web.filters import MOST_COLUMNS, ListParams, cleaned, pairs, query
from hansard.web.local_times import zone_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call
    from hansard.web.layout import Layout


class Columns:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET /ui/columns",
                self.show,
                scope="sessions:read",
                params=ListParams,
                media_type="text/html",
            ),
        )

    async def show(self, call: Call[ListParams, None]) -> Response:
        """The keys of the metadata that the list can show"""
        params = cleaned(call.params, zone_of(call))
        suggestions = await call.service.suggestions.find(call.principal, METADATA, MOST_KEYS)
        known = [each.label.removeprefix(METADATA).removesuffix(":") for each in suggestions]
        return await self._layout.show(
            call,
            "columns.html",
            nav="sessions",
            keys=[key for key in known if key not in params.columns],
            chosen=params.columns,
            most=MOST_COLUMNS,
            others=pairs(replace(params, columns=())),
            list_query=query(pairs(params)),
        )
