"""``/v1/sessions/{session_id}/diff``: in what a fork differs from its original, or any session from another."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.diff import Side
from hansard.native.messages import MessageOut, message_out


class DiffParams(Struct, frozen=True, kw_only=True):
    against: (
        Annotated[
            str,
            Meta(description="the other session; the one that this was forked from when absent"),
        ]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None


class Shared(Struct, frozen=True, kw_only=True):
    """What both have: so many messages, the last of them at these seqs."""

    messages: int
    last_seq: int | None
    against_last_seq: int | None


class DifferenceOut(Struct, frozen=True, kw_only=True):
    """``here`` is the session in the path, ``there`` the other."""

    side: Side
    message: MessageOut


class DiffOut(Struct, frozen=True, kw_only=True):
    """``only_here`` and ``only_there`` count the messages that just one of the two has; ``data`` holds them, in order."""

    session_id: str
    against: str
    shared: Shared
    only_here: int
    only_there: int
    data: list[DifferenceOut]
    has_more: bool
    next_cursor: str | None


async def read_diff(call: Call[DiffParams, None]) -> DiffOut:
    """Tell in what two sessions differ: a fork and its original, or two forks

    A message is shared when both have one of the same role, parts and time, which a fork copies.
    """
    asked = call.params
    found = await call.service.diffs.read(
        call.principal,
        call.path["session_id"],
        asked.against,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    names = {"here": found.here.name, "there": found.there.name}
    return DiffOut(
        session_id=found.here.name,
        against=found.there.name,
        shared=Shared(
            messages=found.shared, last_seq=found.here_seq, against_last_seq=found.there_seq
        ),
        only_here=found.only_here,
        only_there=found.only_there,
        data=[
            DifferenceOut(side=one.side, message=message_out(names[one.side], one.message))
            for one in found.items
        ],
        has_more=found.has_more,
        next_cursor=found.next_cursor,
    )


routes = (
    Route(
        "GET /v1/sessions/{session_id}/diff",
        read_diff,
        scope="sessions:read",
        params=DiffParams,
        returns=DiffOut,
        cached=True,
    ),
)
