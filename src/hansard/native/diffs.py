"""``/v1/sessions/{session_id}/diff``: how two sessions differ, such as a fork and its original."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.diff import Side
from hansard.native.errors import NO_SESSION
from hansard.native.message_bodies import MessageOut, message_out
from hansard.native.schemas import Cursor, HasMore, Json, Limit, NextCursor, SessionId


class DiffParams(Struct, frozen=True, kw_only=True):
    """What to compare with."""

    example: ClassVar[Json] = {"against": "order-17-again"}

    against: str | None = None
    """The other session, by any of its ids; by default the one that this was forked from."""
    limit: Limit = 50
    """The most messages that a page may have."""
    cursor: Cursor = None


class Shared(Struct, frozen=True, kw_only=True):
    """The messages that both sessions have, from their beginning."""

    example: ClassVar[Json] = {"messages": 4, "last_seq": 4, "against_last_seq": 4}

    messages: int
    """How many they are."""
    last_seq: int | None
    """The `seq` of the last one in the session of the path; null without any."""
    against_last_seq: int | None
    """The `seq` of the last one in the other session; null without any."""


class DifferenceOut(Struct, frozen=True, kw_only=True):
    """A message that one of the two sessions has."""

    side: Side
    """`here` is the session of the path, `there` the other one."""
    message: MessageOut
    """The message."""


class DiffOut(Struct, frozen=True, kw_only=True):
    """A page of the differences between two sessions."""

    session_id: SessionId
    against: str
    """The other session, by the `id` that its answers have."""
    shared: Shared
    """The messages that both have."""
    only_here: int
    """How many messages the session of the path has alone."""
    only_there: int
    """How many messages the other session has alone."""
    data: list[DifferenceOut]
    """The messages that one of the two has, in order."""
    has_more: HasMore
    next_cursor: NextCursor


async def read_diff(call: Call[DiffParams, None]) -> DiffOut:
    """Compare two sessions: a fork and its original, or two forks

    A message is shared when both have one of the same role, parts and time, which a fork copies.
    """
    params = call.params
    diff = await call.service.diffs.read(
        call.principal,
        call.path["session_id"],
        params.against,
        limit=params.limit,
        cursor=params.cursor,
    )
    names = {"here": diff.here.name, "there": diff.there.name}
    return DiffOut(
        session_id=diff.here.name,
        against=diff.there.name,
        shared=Shared(
            messages=diff.shared, last_seq=diff.here_seq, against_last_seq=diff.there_seq
        ),
        only_here=diff.only_here,
        only_there=diff.only_there,
        data=[
            DifferenceOut(
                side=difference.side,
                message=message_out(names[difference.side], difference.message),
            )
            for difference in diff.items
        ],
        has_more=diff.has_more,
        next_cursor=diff.next_cursor,
    )


routes = (
    Route(
        "GET /v1/sessions/{session_id}/diff",
        read_diff,
        scope="sessions:read",
        params=DiffParams,
        returns=DiffOut,
        cached=True,
        errors=NO_SESSION,
    ),
)
