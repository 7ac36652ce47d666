"""``/v1/search``: sessions by what was said in them."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model import Found, Results, SearchQuery, Snippet
from hansard.model.search import SearchSort
from hansard.model.times import rfc3339
from hansard.native.schemas import Spans
from hansard.native.sessions import FilterParams, SessionOut, filter_of, session_out


class SearchParams(FilterParams, frozen=True, kw_only=True):
    """The filters of the list narrow what ``q`` finds; without ``q`` they list by themselves."""

    q: Annotated[
        str,
        Meta(
            description='words, "exact phrases", prefix*, -not, and state: channel: app: agent: user: kind: tag: before: after: role: has:tool',
            max_length=256,
        ),
    ] = ""
    system: Annotated[
        bool,
        Meta(
            description="false leaves out what the system said, unless q has a role: a prompt has the same words in every session"
        ),
    ] = True
    sort: Annotated[
        SearchSort,
        Meta(description="relevance ranks the 100 matching sessions with the latest activity"),
    ] = "recency"
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: str | None = None
    total: Annotated[
        bool, Meta(description="true adds the number of matching sessions, exact up to 10,000")
    ] = False


class SnippetOut(Struct, frozen=True, kw_only=True):
    """``highlights`` are stretches of ``text``: start and end, in Unicode code points."""

    message_id: str
    seq: int
    role: str
    created_at: str
    text: str
    highlights: Spans


class FoundOut(Struct, frozen=True, kw_only=True):
    """``message_id`` is the message to jump to; null where only the title or the qualifiers match. Of ``matches`` 50 are counted at most."""

    session: SessionOut
    message_id: str | None
    matches: int
    title_highlights: Spans
    snippets: list[SnippetOut]


class FoundList(Struct, frozen=True, kw_only=True):
    """With ``total_is_lower_bound`` more than ``total`` sessions match."""

    data: list[FoundOut]
    has_more: bool
    next_cursor: str | None
    total: int | UnsetType = UNSET
    total_is_lower_bound: bool | UnsetType = UNSET


async def search(call: Call[SearchParams, None]) -> FoundList:
    """Find sessions by words in their messages and titles, with the best passages of each"""
    asked = call.params
    query = SearchQuery(
        text=asked.q,
        filter=filter_of(asked),
        system=asked.system,
        sort=asked.sort,
        limit=asked.limit,
        cursor=asked.cursor,
        with_total=asked.total,
    )
    return found_list(await call.service.search.find(call.principal, query))


def found_list(results: Results) -> FoundList:
    counted = results.total is not None
    return FoundList(
        data=[_found(one) for one in results.items],
        has_more=results.has_more,
        next_cursor=results.next_cursor,
        total=results.total if results.total is not None else UNSET,
        total_is_lower_bound=results.total_is_lower_bound if counted else UNSET,
    )


def _found(one: Found) -> FoundOut:
    return FoundOut(
        session=session_out(one.session),
        message_id=one.snippets[0].message_id if one.snippets else None,
        matches=one.matches,
        title_highlights=one.title_highlights,
        snippets=[_snippet(snippet) for snippet in one.snippets],
    )


def _snippet(one: Snippet) -> SnippetOut:
    return SnippetOut(
        message_id=one.message_id,
        seq=one.seq,
        role=one.role,
        created_at=rfc3339(one.created_at),
        text=one.text,
        highlights=one.highlights,
    )


routes = (
    Route(
        "GET /v1/search",
        search,
        scope="sessions:read",
        params=SearchParams,
        returns=FoundList,
        cached=True,
    ),
)
