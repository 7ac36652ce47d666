"""Two sessions side by side: a fork and its original, or any two."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.http.route import Route
from hansard.web.formatting import path
from hansard.web.layout import Layout
from hansard.web.transcript import shown

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call
    from hansard.model import Message

_PAGE = 200


class CompareParams(Struct, frozen=True, kw_only=True):
    """What to compare with, and where the page begins."""

    against: str | None = None
    cursor: str | None = None


class Compare:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET /ui/sessions/{session_id}/compare",
                self.show,
                scope="sessions:read",
                params=CompareParams,
                media_type="text/html",
            ),
        )

    async def show(self, call: Call[CompareParams, None]) -> Response:
        """The messages that only one of two sessions has, side by side"""
        against = call.params.against or None
        diff = await call.service.diffs.read(
            call.principal,
            call.path["session_id"],
            against,
            limit=_PAGE,
            cursor=call.params.cursor,
        )
        sides: dict[str, list[Message]] = {"here": [], "there": []}
        for item in diff.items:
            sides[item.side].append(item.message)
        is_fork = diff.here.parent_id == diff.there.id
        query = f"?against={path(against)}" if against else ""
        return await self._layout.show(
            call,
            "compare.html",
            nav="sessions",
            diff=diff,
            rows=list(
                zip_longest(
                    await shown(sides["here"], agent=diff.here.agent),
                    await shown(sides["there"], agent=diff.there.agent),
                )
            ),
            names=("fork", "original") if is_fork else ("first", "second"),
            query=query,
            curl=self._layout.curl(call, f"/v1/sessions/{path(diff.here.name)}/diff{query}"),
        )
