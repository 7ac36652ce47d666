"""``/v1/search``: sessions by the words in their messages and titles."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model import Jump, Results, SearchHit, SearchQuery, Snippet
from hansard.model.search import SearchSort
from hansard.model.times import rfc3339
from hansard.native.filters import FilterParams, filter_of
from hansard.native.schemas import Cursor, HasMore, Json, NextCursor, RoleOut, Spans
from hansard.native.session_bodies import SessionOut, session_out
from hansard.service.render_cache import HitProjection


class SearchParams(FilterParams, frozen=True, kw_only=True):
    """Words to look for, within the sessions that pass the filters."""

    described_by: ClassVar[type[Struct]] = FilterParams
    example: ClassVar[Json] = {"q": '"late parcel" state:failed -refund'}

    q: Annotated[str, Meta(max_length=256)] = ""
    """Words, `"exact phrases"`, `prefix*`, `-not`, `OR` and parentheses; also every filter as a
    qualifier, such as `state:failed`, `-tag:vip`, `messages:>10` and `metadata.plan:pro`, and
    `after:7d`, `before:`, `role:`, `tool:NAME`, `has:tool` and `has:failed-call`. Or the id of a
    session, a message or an end user. Empty lists the sessions that pass the filters."""
    system: bool = True
    """False leaves out system messages, unless `q` has a `role:`. A prompt is in every session."""
    tools: bool = True
    """False leaves out what tools were given and what they answered, unless `q` has `role:tool`,
    `tool:`, `has:tool` or `has:failed-call`."""
    sort: SearchSort = "recency"
    """`recency` puts the latest activity first. `relevance` ranks the 100 matching sessions with
    the latest activity."""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    """The most sessions that a page may have."""
    cursor: Cursor = None
    total: bool = False
    """True adds `total`, the number of sessions that match, exact up to 10,000."""


class SnippetOut(Struct, frozen=True, kw_only=True):
    """A passage of a message that matches."""

    example: ClassVar[Json] = {
        "message_id": "msg_0190163d-8694-739b-aea5-966c00000001",
        "seq": 1,
        "role": "user",
        "created_at": "2026-01-31T09:30:00Z",
        "text": "… where is my late parcel? …",
        "highlights": [[14, 18], [19, 25]],
    }

    message_id: str
    """The `id` of the message."""
    seq: int
    """The `seq` of the message."""
    role: RoleOut
    """Whose message it is."""
    created_at: Time
    """When the message was written."""
    text: str
    """The passage."""
    highlights: Spans
    """The matches in `text`: their start and end, in Unicode code points."""


class FoundOut(Struct, frozen=True, kw_only=True):
    """A session that matches."""

    session: SessionOut
    """The session."""
    message_id: str | None
    """The message to open it at: that of the best snippet; null where no message matches."""
    matches: int
    """How many of its messages match; counted up to 50."""
    title_highlights: Spans
    """The matches in its title: their start and end, in Unicode code points."""
    snippets: list[SnippetOut]
    """The best passages, the best first."""


class SearchNoteOut(Struct, frozen=True, kw_only=True):
    """A piece of the search that was not understood."""

    example: ClassVar[Json] = {
        "text": "state:fialed",
        "message": "unknown value 'fialed' of state: did you mean state:failed?",
        "suggestion": "state:failed",
    }

    text: str
    """What was typed."""
    message: str
    """Why it was not understood, and what to write instead."""
    suggestion: str | None
    """What may be meant; null where nothing is close."""


class JumpOut(Struct, frozen=True, kw_only=True):
    """What the text is the id of."""

    example: ClassVar[Json] = {"session_id": "order-17", "message_id": None, "user": None}

    session_id: str | None
    """The session that has this id, or whose message has it."""
    message_id: str | None
    """The message that has this id."""
    user: str | None
    """The end user who has this id."""


class FoundList(Struct, frozen=True, kw_only=True):
    """A page of the sessions that match."""

    data: list[FoundOut]
    """The sessions of the page, in the order of `sort`."""
    has_more: HasMore
    next_cursor: NextCursor
    total: int | UnsetType = UNSET
    """How many sessions match in all, counted up to 10,000; only with `total=true`."""
    total_is_lower_bound: bool | UnsetType = UNSET
    """Whether more than `total` sessions match; only with `total=true`."""
    notes: list[SearchNoteOut] = []
    """What of `q` was not understood, with what may be meant; at most 20."""
    jump: JumpOut | None = None
    """Set when `q` is an id. Where no message has it as a word, `data` is the session, with
    the message, or the sessions of the end user."""


async def search(call: Call[SearchParams, None]) -> FoundList:
    """Find sessions by words in their messages and titles, with the best passages of each"""
    params = call.params
    query = SearchQuery(
        text=params.q,
        filter=filter_of(params),
        system=params.system,
        tools=params.tools,
        sort=params.sort,
        limit=params.limit,
        cursor=params.cursor,
        with_total=params.total,
    )
    results = await call.service.search.find_as(call.principal, query, HIT)
    return _list_of(results, results.items)  # type: ignore[arg-type]  # each is encoded already


def found_list(results: Results[SearchHit]) -> FoundList:
    return _list_of(results, [_found_out(match) for match in results.items])


def _list_of(results: Results[Any], data: list[FoundOut]) -> FoundList:
    is_counted = results.total is not None
    return FoundList(
        data=data,
        has_more=results.has_more,
        next_cursor=results.next_cursor,
        total=results.total if results.total is not None else UNSET,
        total_is_lower_bound=results.total_is_lower_bound if is_counted else UNSET,
        notes=[
            SearchNoteOut(text=note.text, message=note.message, suggestion=note.suggestion)
            for note in results.notes
        ],
        jump=_jump_out(results.jump) if results.jump is not None else None,
    )


def _jump_out(jump: Jump) -> JumpOut:
    return JumpOut(
        session_id=jump.session.name if jump.session is not None else None,
        message_id=jump.message.id if jump.message is not None else None,
        user=jump.user_id,
    )


def _found_out(match: SearchHit) -> FoundOut:
    return FoundOut(
        session=session_out(match.session),
        message_id=match.snippets[0].message_id if match.snippets else None,
        matches=match.matches,
        title_highlights=match.title_highlights,
        snippets=[_snippet_out(snippet) for snippet in match.snippets],
    )


def _snippet_out(snippet: Snippet) -> SnippetOut:
    return SnippetOut(
        message_id=snippet.message_id,
        seq=snippet.seq,
        role=snippet.role,
        created_at=rfc3339(snippet.created_at),
        text=snippet.text,
        highlights=snippet.highlights,
    )


HIT = HitProjection("native.found", _found_out)
routes = (
    Route(
        "GET /v1/search",
        search,
        scope="sessions:read",
        params=SearchParams,
        returns=FoundList,
        cached=True,
        replica=True,
    ),
)
