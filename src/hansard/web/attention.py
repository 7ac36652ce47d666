"""Needs attention: the sessions that somebody should look at, by the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.http.route import Route
from hansard.model.session_filter import pairs_of
from hansard.service.attention import LATELY_DAYS, STALE_DAYS
from hansard.web import listing
from hansard.web.filters import query
from hansard.web.layout import Layout

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call

_HEADINGS = {
    "waiting": ("Waiting for a person", "The agent cannot go on by itself."),
    "failed": (
        "Failed or interrupted",
        "The last run failed or was interrupted, and nobody has resolved it.",
    ),
    "failed_calls": (
        "Failed tool calls",
        f"Active within {LATELY_DAYS} days, and nobody has resolved it.",
    ),
    "stale": ("Stale", f"Unresolved, and silent for {STALE_DAYS} days."),
    "unread": ("Unread", f"Active within {LATELY_DAYS} days, and read by nobody."),
}
_ORDERS = {"active_at": "Longest waiting first.", "-active_at": "Latest first."}


class Attention:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET /ui/attention", self.show, scope="sessions:read", media_type="text/html"),
        )

    async def show(self, call: Call[Any, Any]) -> Response:
        """The sessions that need attention"""
        groups = await call.service.attention.find(call.principal)
        return await self._layout.show(
            call,
            "attention.html",
            nav="attention",
            groups=[
                (
                    group.reason,
                    *_HEADINGS[group.reason],
                    _ORDERS[group.sort],
                    listing.of(
                        group.sessions, query([*pairs_of(group.filter), ("sort", group.sort)])
                    ),
                    group.has_more,
                )
                for group in groups
                if group.sessions
            ],
            current="",
            curl=self._layout.curl(call, "/v1/attention"),
        )
