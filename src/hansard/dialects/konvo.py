"""Konvo's `GET /ai-sessions`: numbered pages of sessions with their status, AI state and messages, each when asked for.

Source: "Get AI Sessions" of the Konvo API.  Quirks kept on purpose:
 - ``updated_at_min`` and ``updated_at_max`` filter by the time of creation, as the document says;
 - ``status`` and ``state`` come together, under the one flag ``state``;
 - ``count`` is the number of all matching sessions, not of the page.

The external ids of a session hold its feed and its contact, as ``feed_id`` or ``feed``, ``contact_id`` or ``contact``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import NAMESPACE_OID, uuid5

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.fields import Moment, Time, us
from hansard.http.route import Dialect, Failure, Route
from hansard.ids import MESSAGE, uuid_in
from hansard.model import Message, Session, SessionFilter, SessionQuery, parts
from hansard.model.times import rfc3339_ms
from hansard.service.render_cache import Projection

MOST = 200
MILLISECOND = 1000
Origin = Literal["RECIPIENT", "AI", "AGENT"]
T = TypeVar("T")


class Params(Struct, kw_only=True, frozen=True):
    page: Annotated[
        int, Meta(ge=0, le=2**31 - 1, description="the first page is 1; 0 means the same")
    ] = 1
    limit: Annotated[
        int, Meta(ge=1, description=f"sessions per page; more than {MOST} gives {MOST}")
    ] = 50
    updated_at_min: (
        Annotated[Moment, Meta(description="only sessions created at or after this time")] | None
    ) = None
    updated_at_max: (
        Annotated[Moment, Meta(description="only sessions created at or before this time")] | None
    ) = None
    messages: Annotated[
        bool, Meta(description="add the text messages of each session, without tool calls")
    ] = False
    state: Annotated[bool, Meta(description="add status and state of each session")] = False


class StatusOut(Struct, kw_only=True):
    session_id: str
    completed: bool
    unresolved: bool
    completed_at: Time | None
    last_message_date: Time | None
    last_updated: Time


class StateOut(Struct, kw_only=True):
    session_id: str
    type: str | None
    sub_intent_type: str | None
    trail: list[Any]


class MessageOut(Struct, kw_only=True):
    message_id: str
    session_id: str
    initiator_origin: Origin
    message: str
    created_at: Time


class SessionOut(Struct, kw_only=True):
    id: str
    workspace_id: str
    feed_id: str | None
    contact_id: str | None
    external_user_id: str | None
    channel: str | None
    created_at: Time
    status: StatusOut | UnsetType = UNSET
    state: StateOut | UnsetType = UNSET
    messages: list[MessageOut] | UnsetType = UNSET


class ListOut(Struct, Generic[T], kw_only=True):
    count: int
    result: list[T]


class ErrorOut(Struct):
    message: str


async def list_sessions(call: Call[Params, None]) -> ListOut[Raw] | ListOut[SessionOut]:
    """List AI sessions, the newest first"""
    asked = call.params
    limit = min(asked.limit, MOST)
    query = SessionQuery(
        filter=_filter(asked),
        sort="-created_at",
        limit=limit,
        offset=(max(asked.page, 1) - 1) * limit,
        with_total=True,
    )
    if not asked.messages:
        encoded = await call.service.sessions.list_as(
            call.principal, query, SESSION_WITH_STATE if asked.state else SESSION
        )
        return ListOut(count=encoded.total or 0, result=encoded.items)
    page = await call.service.sessions.list(call.principal, query)
    said = await call.service.transcripts.said(call.principal, page.items)
    return ListOut(
        count=page.total or 0,
        result=[
            session_out(one, state=asked.state, said=said.get(one.id, [])) for one in page.items
        ],
    )


def _filter(asked: Params) -> SessionFilter:
    """Times are compared as they are shown, in milliseconds, so that a time that was read finds its session again."""
    earliest, latest = us(asked.updated_at_min), us(asked.updated_at_max)
    return SessionFilter(
        created_from=None if earliest is None else earliest // MILLISECOND * MILLISECOND,
        created_until=None
        if latest is None
        else latest // MILLISECOND * MILLISECOND + MILLISECOND - 1,
    )


def session_out(
    session: Session, *, state: bool = False, said: list[Message] | None = None
) -> SessionOut:
    known = msgspec.json.decode(session.external_ids, type=dict[str, str])
    return SessionOut(
        id=session.id,
        workspace_id=_workspace(session.workspace_id),
        feed_id=known.get("feed_id") or known.get("feed"),
        contact_id=known.get("contact_id") or known.get("contact"),
        external_user_id=session.user_id,
        channel=session.channel,
        created_at=rfc3339_ms(session.created_at),
        status=status_out(session) if state else UNSET,
        state=state_out(session) if state else UNSET,
        messages=UNSET
        if said is None
        else [out for one in said if (out := message_out(one)).message],
    )


@lru_cache(1000)
def _workspace(ident: str) -> str:
    """The workspace as the UUID that clients of this API expect: its id where that is one, else the one that is made of it."""
    return uuid_in(ident) or str(uuid5(NAMESPACE_OID, ident))


def status_out(session: Session) -> StatusOut:
    return StatusOut(
        session_id=session.id,
        completed=session.ended_at is not None,
        unresolved=session.resolution == "unresolved",
        completed_at=_time(session.ended_at),
        last_message_date=_time(session.last_message_at),
        last_updated=rfc3339_ms(session.updated_at),
    )


def state_out(session: Session) -> StateOut:
    return StateOut(
        session_id=session.id,
        type=session.intent,
        sub_intent_type=session.sub_intent,
        trail=msgspec.json.decode(session.trail),
    )


def message_out(message: Message) -> MessageOut:
    return MessageOut(
        message_id=(uuid_in(message.client_id) if message.client_id else None)
        or message.id.removeprefix(MESSAGE),
        session_id=message.session_id,
        initiator_origin=_origin(message),
        message=parts.text_of(parts.decode(message.parts)),
        created_at=rfc3339_ms(message.created_at),
    )


def _origin(message: Message) -> Origin:
    if message.role == "user":
        return "RECIPIENT"
    return "AGENT" if message.sender == "operator" else "AI"


def _time(us: int | None) -> str | None:
    return None if us is None else rfc3339_ms(us)


def error_out(failure: Failure) -> ErrorOut:
    return ErrorOut(failure.error.message)


SESSION = Projection("konvo.session", session_out)
SESSION_WITH_STATE = Projection(
    "konvo.session.state", lambda session: session_out(session, state=True)
)

dialect = Dialect(
    name="konvo",
    title="Konvo",
    description="Konvo's AI sessions: GET /ai-sessions.",
    prefixes=("/ai-sessions",),
    routes=(
        Route(
            "GET /ai-sessions",
            list_sessions,
            scope="sessions:read",
            params=Params,
            returns=ListOut[SessionOut],
            cached=True,
        ),
    ),
    error=error_out,
    error_body=ErrorOut,
)
