"""The sessions' screen: list and reading pane, whole or in the parts that a script asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from hansard.http.route import Route
from hansard.web import listing, menus
from hansard.web.bulk import bulk_actions
from hansard.web.discovery import Discoveries
from hansard.web.filters import SORT_NAMES, ListParams, cleaned, filter_of, pairs, query
from hansard.web.formatting import path
from hansard.web.layout import Layout
from hansard.web.local_times import zone_of
from hansard.web.pasted import jump
from hansard.web.rendering import see_other, wants_fragment
from hansard.web.session_pane import (
    TABS,
    Pane,
    PaneQuery,
    image_of_message,
    opened,
    text_of_message,
)
from hansard.web.share_view import SHOWN

if TYPE_CHECKING:
    from hansard.http.call import Call

READ = "sessions:read"
_MORE = {
    *menus.MINOR,
    "user",
    "tag",
    "tool",
    "failed_calls",
    "sub_sessions",
    "task_sessions",
    "archived",
    *menus.BOUNDS,
}


class Sessions:
    def __init__(self, layout: Layout, discoveries: Discoveries) -> None:
        self._layout = layout
        self._discoveries = discoveries

    @property
    def routes(self) -> tuple[Route, ...]:
        session = "/ui/sessions/{session_id}"
        html: dict[str, Any] = {"scope": READ, "media_type": "text/html"}
        return (
            Route("GET /ui/", self.home, params=ListParams, **html),
            Route("GET /ui/rows", self.rows, params=ListParams, **html),
            Route("GET /ui/row/{session_id}", self.row, params=ListParams, **html),
            Route("GET /ui/suggestions", self.suggestions, scope=READ, media_type="text/html"),
            Route("GET /ui/count", self.count, params=ListParams, scope=READ),
            Route(f"GET {session}", self.open_session, params=ListParams, **html),
            Route(
                f"GET {session}/messages/{{message_id}}",
                text_of_message,
                scope=READ,
                media_type="text/plain",
            ),
            Route(
                f"GET {session}/messages/{{message_id}}/{{place}}",
                image_of_message,
                scope=READ,
                media_type="image/png",
            ),
        )

    async def home(self, call: Call[ListParams, None]) -> Response:
        """The list of sessions, or the session or the message whose id was searched for"""
        shown = await listing.listed(call)
        where = jump(shown.params.q, shown.pasted, shown.jump)
        if where and not wants_fragment(call, "list"):
            return see_other(where)
        return await self.screen(call, None, shown)

    async def open_session(self, call: Call[ListParams, None]) -> Response:
        """A session beside the list it was opened from"""
        pane = await self.pane(call)
        if wants_fragment(call, "pane"):
            around = await self.with_sharing(call, self.around_pane(call, pane))
            return await self._layout.part(call, "pane.html", **around)
        if wants_fragment(call, "messages"):
            return await self._layout.part(call, "messages.html", **self.around_pane(call, pane))
        return await self.screen(call, pane)

    async def rows(self, call: Call[ListParams, None]) -> Response:
        """The rows of one page of the list"""
        shown = await listing.listed(call, counted=False)
        return await self._layout.part(call, "rows.html", shown=shown, current="")

    async def row(self, call: Call[ListParams, None]) -> Response:
        """One row, as it is now; nothing where it no longer matches the list's filter"""
        service, principal = call.service, call.principal
        session = await service.sessions.read(principal, call.path["session_id"])
        params = cleaned(call.params, zone_of(call))
        is_listed = await service.sessions.matches(principal, filter_of(params), session.id)
        shown = listing.of([session] if is_listed else [], columns=params.columns)
        return await self._layout.part(call, "rows.html", shown=shown, current="")

    async def suggestions(self, call: Call[None, None]) -> Response:
        """How what is typed into the search may go on"""
        suggestions = await call.service.suggestions.find(call.principal, call.query("q") or "")
        return await self._layout.part(call, "suggestions.html", suggestions=suggestions)

    async def count(self, call: Call[ListParams, None]) -> dict[str, int]:
        """How many sessions match"""
        return {"total": await listing.count(call)}

    async def pane(self, call: Call[Any, Any], query: PaneQuery | None = None) -> Pane:
        """The session of the path, opened where the query says; by default the request's own."""
        return await opened(
            call.service,
            call.principal,
            call.path["session_id"],
            query or PaneQuery.of(call),
            zone=zone_of(call),
            written=self._layout.written,
        )

    def around_pane(self, call: Call[Any, Any], pane: Pane, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the template shows
        shown_query = (
            query(pairs(cleaned(call.params, zone_of(call))))
            if isinstance(getattr(call, "params", None), ListParams)
            else ""
        )
        curl = self._layout.curl(call, f"/v1/sessions/{path(pane.session.name)}/messages?limit=200")
        return {
            "pane": pane,
            "list_query": shown_query,
            "tab_names": TABS,
            "sharing": False,
            "share_path": "",
            "pane_curl": curl,
            "can_hide": SHOWN,
            "pictures": call.address(f"/ui/sessions/{pane.session.id}/messages"),
        } | more

    async def screen(
        self,
        call: Call[ListParams, None],
        pane: Pane | None,
        shown: listing.Listed | None = None,
        *,
        share_path: str = "",
    ) -> Response:
        """The list beside the pane, or one of them for a script; a new link is shown once."""
        service, principal = call.service, call.principal
        shown = shown or await listing.listed(call)
        is_new = (
            not shown.rows
            and not shown.filters
            and not shown.problem
            and not shown.params.q
            and not shown.params.page
        )
        context: dict[str, Any] = {
            "shown": shown,
            "current": pane.session.id if pane else "",
            "tabs": await listing.tabs(
                service,
                principal,
                shown,
                await service.views.list(principal),
                zone_of(call),
            ),
            "menus": await menus.menus(service, principal, shown.params),
            "minor": menus.MINOR,
            "more_chosen": sum(chip.name in _MORE for chip in shown.chips),
            "sorts": SORT_NAMES,
            "ranges": menus.ranges(shown.params),
            "bulk": bulk_actions(principal),
            "spans": menus.spans(shown.params, service.clock(), zone_of(call)),
            "is_new": is_new,
            "discovers": is_new and self._discoveries.is_offered(call),
            "outs": []
            if shown.rows or is_new or shown.problem
            else await listing.ways_out(call, shown),
            "curl": self._layout.curl(call, listing.api_path(shown)),
        }
        if wants_fragment(call, "list"):
            return await self._layout.part(call, "list.html", **context)
        around: dict[str, Any] = (
            await self.with_sharing(call, self.around_pane(call, pane, share_path=share_path))
            if pane
            else {}
        )
        return await self._layout.show(
            call, "sessions.html", nav="sessions", **context, **({"pane": None} | around)
        )

    async def with_sharing(self, call: Call[Any, Any], around: dict[str, Any]) -> dict[str, Any]:
        settings = msgspec.json.decode(
            (await call.service.workspaces.read(call.principal.workspace_id)).settings
        )
        return around | {"sharing": settings.get("sharing") is True}
