"""Konvo's `GET /ai-sessions`: numbered pages of sessions, with their state and texts on demand.

Source: "Get AI Sessions" of the Konvo API. Quirks kept on purpose:
 - ``updated_at_min`` and ``updated_at_max`` filter by the time of creation, as the document says;
 - ``status`` and ``state`` come together, under the one flag ``state``;
 - ``count`` is the number of all matching sessions, not of the page.

The external ids of a session hold its feed and its contact, as ``feed_id`` or ``feed``,
``contact_id`` or ``contact``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar
from uuid import NAMESPACE_OID, uuid5

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from starlette.responses import StreamingResponse

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Dialect, Failure, Route
from hansard.http.streams import filled, stream
from hansard.ids import MESSAGE, uuid_in
from hansard.model import Message, Page, Session, SessionFilter, SessionQuery, parts
from hansard.model.times import Moment, rfc3339_ms
from hansard.service.render_cache import Projection

MOST = 200
MILLISECOND = 1000
Origin = Literal["RECIPIENT", "AI", "AGENT"]
SessionId = Annotated[str, Meta(description="The session's UUID.")]
T = TypeVar("T")


class Params(Struct, kw_only=True, frozen=True):
    """Which page of which sessions, and what to show of each."""

    example: ClassVar[dict[str, Any]] = {
        "page": 1,
        "limit": 20,
        "updated_at_min": "2026-01-01T00:00:00Z",
        "updated_at_max": "2026-01-31T23:59:59Z",
    }

    page: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    """The number of the page. The first is 1; 0 means the same."""
    limit: Annotated[int, Meta(ge=1)] = 50
    """The most sessions that a page may have; more than 200 counts as 200."""
    updated_at_min: Moment | None = None
    """Only sessions that were created at this time or later."""
    updated_at_max: Moment | None = None
    """Only sessions that were created at this time or earlier."""
    messages: bool = False
    """True adds the texts of each session, without tool calls."""
    state: bool = False
    """True adds `status` and `state` of each session."""


class StatusOut(Struct, kw_only=True):
    """Whether a session is over and settled."""

    example: ClassVar[dict[str, Any]] = {
        "session_id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "completed": True,
        "unresolved": False,
        "completed_at": "2026-01-31T09:31:12.000Z",
        "last_message_date": "2026-01-31T09:30:41.000Z",
        "last_updated": "2026-01-31T09:31:12.000Z",
    }

    session_id: SessionId
    completed: bool
    """Whether it was marked as over."""
    unresolved: bool
    """Whether it was marked as unresolved."""
    completed_at: Time | None
    """When it was marked as over; null while it goes on."""
    last_message_date: Time | None
    """When its last message was created; null without any."""
    last_updated: Time
    """When it last changed in any way."""


class StateOut(Struct, kw_only=True):
    """What the AI judged a session to be about."""

    example: ClassVar[dict[str, Any]] = {
        "session_id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "type": "delivery",
        "sub_intent_type": "late",
        "trail": [{"intent": "delivery", "at": "2026-01-31T09:30:00Z"}],
    }

    session_id: SessionId
    type: str | None
    """The intent; null when there is none."""
    sub_intent_type: str | None
    """A finer judgement within the intent; null when there is none."""
    trail: list[Any]
    """The ordered record of intents and hand-offs: any JSON, as the application wrote it."""


class MessageOut(Struct, kw_only=True):
    """A text of a session."""

    example: ClassVar[dict[str, Any]] = {
        "message_id": "0190163d-8694-739b-aea5-966c00000001",
        "session_id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "initiator_origin": "RECIPIENT",
        "message": "Where is my order?",
        "created_at": "2026-01-31T09:30:00.000Z",
    }

    message_id: str
    """A UUID: the client's own id of the message where that is one, else ours."""
    session_id: SessionId
    initiator_origin: Origin
    """Who wrote it: `RECIPIENT` is the end user, `AI` the assistant, `AGENT` a person in its
    place."""
    message: str
    """The text."""
    created_at: Time
    """When it was written."""


class SessionOut(Struct, kw_only=True):
    """An AI session. A block that was not asked for is left out."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "workspace_id": "7d9f2f6e-1a55-5c0e-9a4b-0d8a6f3b2c11",
        "feed_id": "3b241101-e2bb-4255-8caf-4136c566a962",
        "contact_id": "9f8c5a4e-6c1b-4a7e-8e0f-2d3c4b5a6978",
        "external_user_id": "ada",
        "channel": "whatsapp",
        "created_at": "2026-01-31T09:30:00.000Z",
    }

    id: str
    """The session's UUID."""
    workspace_id: str
    """A UUID that stands for the workspace; always the same one."""
    feed_id: str | None
    """The external id `feed_id` or `feed` of the session; null when there is none."""
    contact_id: str | None
    """The external id `contact_id` or `contact` of the session; null when there is none."""
    external_user_id: str | None
    """The end user, by the application's id; null when there is none."""
    channel: str | None
    """Where the session came from, in lower case; null when it is not known."""
    created_at: Time
    """When the session began."""
    status: StatusOut | UnsetType = UNSET
    """Whether it is over and settled; only with `state=true`."""
    state: StateOut | UnsetType = UNSET
    """What the AI judged it to be about; only with `state=true`."""
    messages: list[MessageOut] | UnsetType = UNSET
    """Its texts by the end user and the assistant, in order; only with `messages=true`."""


class ListOut(Struct, Generic[T], kw_only=True):
    """A page of AI sessions."""

    count: int
    """How many sessions match in all."""
    result: list[T]
    """The sessions of the page, the newest first."""


class ErrorOut(Struct):
    """An error."""

    example: ClassVar[dict[str, Any]] = {"message": "limit: expected a whole number >= 1, got '0'"}

    message: str
    """What was wrong, where, and what to do."""


async def list_sessions(call: Call[Params, None]) -> ListOut[Raw] | StreamingResponse:
    """List AI sessions, the newest first"""
    params = call.params
    limit = min(params.limit, MOST)
    query = SessionQuery(
        filter=_filter(params),
        sort="-created_at",
        limit=limit,
        offset=(max(params.page, 1) - 1) * limit,
        with_total=True,
    )
    projection = SESSION_WITH_STATE if params.state else SESSION
    if params.messages:
        listed = await call.service.sessions.list(call.principal, query)
        heads = _sessions(call, query, listed)
        return await stream(call, _with_texts(call, listed.total or 0, heads))
    page = await call.service.sessions.list_as(call.principal, query, projection)
    if len(page.items) < limit and page.has_more:  # pages are numbered: none may be shorter
        return await stream(call, _in_pieces(call, query, projection, page))
    return ListOut(count=page.total or 0, result=page.items)


async def _in_pieces(
    call: Call[Params, None], query: SessionQuery, projection: Projection, page: Page[Raw]
) -> AsyncIterator[bytes]:
    """A page that is larger than one answer may be at once."""

    async def items(page: Page[Raw]) -> AsyncIterator[list[Raw]]:
        left = query.limit
        while True:
            yield page.items[:left]
            left -= len(page.items)
            if left <= 0 or page.next_cursor is None:
                return
            following = msgspec.structs.replace(
                query, cursor=page.next_cursor, offset=0, limit=left
            )
            page = await call.service.sessions.list_as(call.principal, following, projection)

    async for data in filled(_head(page.total or 0), items(page)):
        yield data
    yield b"]}"


async def _sessions(
    call: Call[Params, None], query: SessionQuery, page: Page[Session]
) -> AsyncIterator[Session]:
    """The sessions of a page, however many answers of the store they take."""
    left = query.limit
    while True:
        for session in page.items[:left]:
            yield session
        left -= len(page.items)
        if left <= 0 or page.next_cursor is None:
            return
        following = msgspec.structs.replace(query, cursor=page.next_cursor, offset=0, limit=left)
        page = await call.service.sessions.list(call.principal, following)


async def _with_texts(
    call: Call[Params, None], count: int, sessions: AsyncIterator[Session]
) -> AsyncIterator[bytes]:
    """The page with what was said in each session, some messages at a time."""
    separator = _head(count)
    async for session in sessions:
        out = session_out(session, state=call.params.state, texts=[])
        texts = (
            [shown for message in piece if (shown := message_out(message)).message]
            async for piece in call.service.transcripts.texts(session)
        )
        head = separator + msgspec.json.encode(out).removesuffix(b"]}")
        async for data in filled(head, texts):
            yield data
        yield b"]}"
        separator = b","
    yield b"]}" if separator == b"," else separator + b"]}"


def _head(count: int) -> bytes:
    return msgspec.json.encode(ListOut[Raw](count=count, result=[])).removesuffix(b"]}")


def _filter(params: Params) -> SessionFilter:
    """Times are compared in milliseconds, as they are shown: a time that was read matches."""
    earliest, latest = params.updated_at_min, params.updated_at_max
    return SessionFilter(
        created_from=None if earliest is None else _millisecond(earliest),
        created_until=None if latest is None else Moment(_millisecond(latest) + MILLISECOND - 1),
    )


def _millisecond(moment: Moment) -> Moment:
    """The beginning of the millisecond that a time lies in."""
    return Moment(moment // MILLISECOND * MILLISECOND)


def session_out(
    session: Session, *, state: bool = False, texts: list[Message] | None = None
) -> SessionOut:
    external_ids = msgspec.json.decode(session.external_ids, type=dict[str, str])
    return SessionOut(
        id=session.id,
        workspace_id=_workspace(session.workspace_id),
        feed_id=external_ids.get("feed_id") or external_ids.get("feed"),
        contact_id=external_ids.get("contact_id") or external_ids.get("contact"),
        external_user_id=session.user_id,
        channel=session.channel,
        created_at=rfc3339_ms(session.created_at),
        status=status_out(session) if state else UNSET,
        state=state_out(session) if state else UNSET,
        messages=UNSET
        if texts is None
        else [out for message in texts if (out := message_out(message)).message],
    )


@lru_cache(1000)
def _workspace(ident: str) -> str:
    """The workspace as a UUID, which clients of this API expect: its id, or one made of it."""
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
        message=parts.text(message.parts),
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
