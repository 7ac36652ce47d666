"""The list of sessions: a page of it, the rows alone, its count."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from hansard.http.decoding import QueryReader
from hansard.model import Jump, Session, SessionQuery
from hansard.model.search import SearchNote
from hansard.model.session_filter import FILTERS, NONE
from hansard.web.filters import (
    SORT_NAMES,
    Chip,
    ListParams,
    as_of,
    chips,
    cleaned,
    curl_query,
    filter_of,
    narrowing,
    pairs,
    query,
    unknown,
)
from hansard.web.local_times import zone_of
from hansard.web.menus import BOUNDS, MENUS
from hansard.web.pasted import sessions_named, users_named
from hansard.web.search_results import SearchResult, hits, qualifiers, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from hansard.access import Principal
    from hansard.http.call import Call
    from hansard.model.view import View
    from hansard.service import Service

PAGE, HITS = 50, 25
_COUNTED_VIEWS, _WAYS = 8, 8
_reader = QueryReader(ListParams)
_CONTROLLED = {
    "state",
    "channel",
    "kind",
    "app",
    "agent",
    "user",
    "resolution",
    "tag",
    "tool",
    "created_from",
    "created_until",
    "archived",
    "failed_calls",
    "none",
    *BOUNDS,
}
"""The filters that the form has a control for; it carries all others along."""
_CARRIED = {each.name for each in FILTERS} - _CONTROLLED | {"columns"}
_WITHOUT_CONTROL = {("archived", "true"), ("archived", "false"), ("failed_calls", "false")}
_WITHOUT_CONTROL |= {("none", name) for name in NONE.keys() - dict(MENUS).keys()}


class Listed(Struct):
    """What the list shows. ``total`` is None when counting is left to a later request."""

    params: ListParams
    offset: int
    asof: int
    generation: int
    query: str
    chips: list[Chip]
    rows: list[Session] = field(default_factory=list)
    hits: dict[str, SearchResult] = field(default_factory=dict)
    has_more: bool = False
    total: int | None = 0
    at_least: bool = False
    problem: str = ""
    notes: Sequence[SearchNote] = ()
    next_cursor: str | None = None
    pasted: list[Session] = []
    """The sessions whose id was searched for."""
    jump: Jump | None = None
    """What has the id that was searched for."""
    users: list[str] = []
    """End users whose id contains what was searched for."""

    @property
    def clock(self) -> str:
        """The time that the rows show: that of their order."""
        sort = "" if self.params.q else self.params.sort.removeprefix("-")
        return sort if sort in {"updated_at", "created_at"} else "active_at"

    @property
    def sort_name(self) -> str:
        return SORT_NAMES.get(self.params.sort, self.params.sort)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The filters that the form has no control for."""
        return [
            pair for pair in pairs(self.params) if pair[0] in _CARRIED or pair in _WITHOUT_CONTROL
        ]

    @property
    def filters(self) -> list[Chip]:
        """The chips without those of the columns."""
        return [chip for chip in self.chips if chip.name != "columns"]

    def corrected(self, note: SearchNote) -> str:
        """The same search with what was probably meant in place of what was not understood."""
        typed = self.params.q.replace(note.text, note.suggestion or "", 1)
        return query(pairs(replace(self.params, q=typed)))

    def with_page(self, page: int) -> str:
        return query([*pairs(self.params), *([("page", str(page))] if page else [])])


async def listed(call: Call[ListParams, Any], *, counted: bool = True) -> Listed:
    """A page of the list; ``counted`` adds the total where that costs nothing."""
    zone = zone_of(call)
    params = cleaned(call.params, zone)
    shown = Listed(
        params=params,
        offset=params.page * PAGE,
        asof=params.asof or time.time_ns() // 1000,
        generation=await call.service.sessions.generation(call.principal),
        query=query(pairs(params)),
        chips=chips(params, zone),
        problem=unknown(call.params, call.scope["query_string"]),
    )
    if shown.problem:
        return shown
    fill = _with_results if params.q else _with_total if counted else _with_page
    return await fill(call.service, call.principal, shown)


async def _with_results(service: Service, principal: Principal, shown: Listed) -> Listed:
    """The list of what the search finds, behind the sessions whose id was typed."""
    text = shown.params.q
    pasted = [] if shown.params.cursor else await sessions_named(service, principal, text)
    results = await hits(service, principal, shown.params, HITS)
    others = [session for session in pasted if session.id not in results.by_session]
    return replace(
        shown,
        chips=[*qualifiers(shown.params), *shown.chips],
        rows=[*others, *results.sessions],
        hits=results.by_session,
        pasted=pasted,
        jump=results.jump,
        users=await users_named(service, principal, text),
        total=None if results.total is None else results.total + len(others),
        at_least=results.at_least,
        problem=results.problem,
        notes=results.notes,
        next_cursor=results.next_cursor,
    )


async def _with_page(service: Service, principal: Principal, shown: Listed) -> Listed:
    """The list's page, as it stood at ``asof`` where the query names one; the total is None."""
    params = shown.params
    page = await service.sessions.list(
        principal,
        SessionQuery(
            filter=as_of(filter_of(params), params.asof),
            sort=params.sort,  # type: ignore[arg-type]  # ``cleaned`` left one of the sorts
            limit=PAGE,
            offset=shown.offset,
        ),
    )
    return replace(shown, rows=page.items, has_more=page.has_more, total=None)


async def _with_total(service: Service, principal: Principal, shown: Listed) -> Listed:
    """As ``_with_page``, with the total where the page or a counter knows it."""
    listed = await _with_page(service, principal, shown)
    if not listed.has_more and not listed.params.page:
        return replace(listed, total=len(listed.rows))
    if len(listed.filters) <= 1:
        filters = filter_of(listed.params)
        return replace(listed, total=await service.sessions.count(principal, filters))
    return listed


def of(sessions: list[Session], list_query: str = "", columns: tuple[str, ...] = ()) -> Listed:
    """A few sessions as a list of their own; their links lead on to the list of ``list_query``."""
    return Listed(
        ListParams(columns=columns),
        offset=0,
        asof=0,
        generation=0,
        query=list_query,
        chips=[],
        rows=sessions,
        total=None,
    )


async def count(call: Call[ListParams, Any]) -> int:
    """The exact number of sessions that match."""
    if unknown(call.params, call.scope["query_string"]):
        return 0
    return await call.service.sessions.count(
        call.principal, filter_of(cleaned(call.params, zone_of(call)))
    )


class Tab(Struct):
    """A view above the list: built in or saved (then it has an id)."""

    label: str
    query: str
    count: int | None
    on: bool
    id: str = ""
    more: str = ""
    """``+`` where there may be more than are counted."""


async def tabs(
    service: Service,
    principal: Principal,
    shown_list: Listed,
    saved: list[View],
    zone: tzinfo,
) -> list[Tab]:
    """The views; a built-in one is that of its sessions, whatever columns they are shown with."""
    is_unknown = shown_list.problem and not shown_list.params.q
    current = "unknown" if is_unknown else shown_list.query
    sessions = current if is_unknown else query(narrowing(shown_list.params))
    shown = []
    counts: dict[str, dict[str, int]] = {"": {}}
    if principal.user_id is None and principal.app is None:
        counts = {
            name: await service.sessions.facet(principal, name, archived=False)
            for name in ("resolution", "state")
        } | {"": {}}
    for label, fields, facet, value in (
        ("All", [], "", ""),
        ("Unresolved", [("resolution", "unresolved")], "resolution", "unresolved"),
        ("Running", [("state", "running")], "state", "running"),
        ("Failed", [("state", "failed")], "state", "failed"),
        ("To review", [("scored", "false")], "", ""),
        ("Archived", [("archived", "true")], "", ""),
    ):
        text = query(fields)
        shown.append(
            Tab(label, text, counts.get(facet, {}).get(value) if facet else None, text == sessions)
        )
    for number, view in enumerate(saved):
        text = f"?{view.query.lstrip('?')}" if view.query else ""
        tab = Tab(view.name, text, None, text == current, view.id)
        if number < _COUNTED_VIEWS:
            tab.count, tab.more = await _size_of(service, principal, text, zone)
        shown.append(tab)
    return shown


async def _size_of(
    service: Service, principal: Principal, view: str, zone: tzinfo
) -> tuple[int | None, str]:
    """How many sessions a view has, and ``+`` where there may be more; None for a search."""
    params = cleaned(_reader.read(view.lstrip("?").encode()), zone)
    if params.q:
        return None, ""
    count, is_exact = await service.facets.count(principal, filter_of(params))
    return count, "" if is_exact else "+"


async def ways_out(call: Call[ListParams, Any], shown: Listed) -> list[tuple[Chip, int]]:
    """For an empty list, what dropping each filter or the words would find.

    With the number of sessions, most first.
    """
    removable = []
    for chip in [*words(shown.params), *shown.filters][:_WAYS]:
        rest = cleaned(_reader.read(chip.without.lstrip("?").encode()))
        if rest.q:
            total = (await hits(call.service, call.principal, rest, 1)).total or 0
        else:
            total = await call.service.sessions.count(call.principal, filter_of(rest))
        removable.append((chip, total))
    return sorted(removable, key=lambda item: -item[1])


def api_path(shown: Listed) -> str:
    """The request that gives the same from the API."""
    if shown.params.q:
        return "/v1/search" + query(
            [
                ("q", shown.params.q),
                ("system", "false"),
                ("tools", "false"),
                *[pair for pair in narrowing(shown.params) if pair[0] not in {"q", "sort"}],
            ]
        )
    return f"/v1/sessions{curl_query(shown.params)}"
