"""``/v1/lookup``: the sessions that an id, or the beginning of one, names."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.native.schemas import HasMore, Json, NextCursor
from hansard.native.session_bodies import SessionOut, session_out
from hansard.service.lookup import LONGEST_LIST


class LookupParams(Struct, frozen=True, kw_only=True):
    """What is known of the id."""

    example: ClassVar[Json] = {"id": "order-1"}

    id: Annotated[str, Meta(min_length=4, max_length=256)]
    """An id of the session in any of the APIs, or its first characters."""


class LookupList(Struct, frozen=True, kw_only=True):
    """The sessions with that id, on one page."""

    data: list[SessionOut]
    """The session with exactly this id, else the first 20 whose id begins so."""
    has_more: HasMore
    next_cursor: NextCursor = None


async def look_up(call: Call[LookupParams, None]) -> LookupList:
    """Find sessions by an id or the beginning of one

    With ``has_more`` there are further ones: give more characters.
    """
    sessions = await call.service.lookup.find(
        call.principal, call.params.id, limit=LONGEST_LIST + 1
    )
    return LookupList(
        data=[session_out(session) for session in sessions[:LONGEST_LIST]],
        has_more=len(sessions) > LONGEST_LIST,
    )


routes = (
    Route(
        "GET /v1/lookup",
        look_up,
        scope="sessions:read",
        params=LookupParams,
        returns=LookupList,
        cached=True,
    ),
)
