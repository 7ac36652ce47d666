"""``/v1/attention``: the sessions that somebody should look at, and why."""

from __future__ import annotations

from typing import Annotated, ClassVar
from urllib.parse import urlencode

from msgspec import Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.session_filter import pairs_of
from hansard.native.schemas import HasMore, Json, NextCursor, one_of
from hansard.native.session_bodies import SessionOut, session_out
from hansard.service.attention import REASONS, Group


class AttentionGroup(Struct, frozen=True, kw_only=True):
    """The sessions that need attention for one reason."""

    example: ClassVar[Json] = {
        "reason": "waiting",
        "data": [SessionOut.example],
        "has_more": False,
        "query": "state=waiting&archived=false&sort=active_at",
    }

    reason: Annotated[str, one_of(REASONS)]
    """`waiting`: the run waits for a person. `failed`: the run failed or was interrupted, and the
    matter is not resolved. `failed_calls`: calls of tools failed, it was active within seven days,
    and the matter is not resolved. `stale`: unresolved, and silent for three days. `unread`: nobody
    has read it, and it was active within seven days."""
    data: list[SessionOut]
    """At most 20 sessions. A session is in the first group that it fits."""
    has_more: HasMore
    query: str
    """The query string of `GET /v1/sessions` that lists them all."""


class AttentionOut(Struct, frozen=True, kw_only=True):
    """Every session that needs attention, by the reason; archived ones need none."""

    data: list[AttentionGroup]
    """The groups, the most urgent first; those without sessions included."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


async def list_attention(call: Call[None, None]) -> AttentionOut:
    """List the sessions that need attention, by the reason"""
    groups = await call.service.attention.find(call.principal)
    return AttentionOut(data=[group_out(group) for group in groups])


def group_out(group: Group) -> AttentionGroup:
    return AttentionGroup(
        reason=group.reason,
        data=[session_out(session) for session in group.sessions],
        has_more=group.has_more,
        query=urlencode([*pairs_of(group.filter), ("sort", group.sort)]),
    )


routes = (Route("GET /v1/attention", list_attention, scope="sessions:read", returns=AttentionOut),)
