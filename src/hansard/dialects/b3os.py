"""B3OS's workflow chat: its sessions, its history, and the route that writes messages.

Source: "List chat sessions for the current organization" and "Get chat history for a workflow or session".
Quirks kept on purpose:
 - a GET may carry a JSON body, which is not looked at;
 - limits above the maximum are cut, and the list echoes the one in force;
 - ``data`` of the history is a bare array;
 - a text that does not apply is ``""``, never null; only the four ``linkedRun`` keys are left out.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hansard.access import Principal
from hansard.errors import (
    Conflict,
    Error,
    Forbidden,
    Invalid,
    NotFound,
    StoreUnavailable,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from hansard.http.call import Call
from hansard.http.credentials import credential
from hansard.http.fields import Moment, Time, us
from hansard.http.route import ONCE, Described, Dialect, Failure, Route
from hansard.ids import seq_of
from hansard.model import (
    Message,
    MessageDraft,
    MessageQuery,
    Run,
    Session,
    SessionDraft,
    SessionFilter,
    SessionQuery,
    parts,
)
from hansard.model.message import Role
from hansard.model.times import rfc3339
from hansard.service.render_cache import Projection

MOST_SESSIONS, MOST_MESSAGES = 50, 100
PREVIEW = 100
ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "context": "system",
}
RunStatus = Literal["running", "waiting", "success", "partial", "failure", "cancelled"]
STATUSES: dict[str, RunStatus] = {
    "queued": "running",
    "running": "running",
    "waiting": "waiting",
    "completed": "success",
    "partial": "partial",
    "failed": "failure",
    "interrupted": "failure",
    "cancelled": "cancelled",
}


Json = dict[str, Any]
T = TypeVar("T")


class ListParams(Struct, frozen=True, kw_only=True):
    limit: Annotated[
        int,
        Meta(
            ge=1, description=f"sessions per page; more than {MOST_SESSIONS} gives {MOST_SESSIONS}"
        ),
    ] = 20
    offset: Annotated[int, Meta(ge=0, le=2**63 - 1, description="sessions to skip")] = 0


class HistoryParams(Struct, frozen=True, kw_only=True, rename="camel"):
    """Give at least one id; several must all hold."""

    workflow_id: str = ""
    session_id: str = ""
    conversation_id: str = ""
    limit: Annotated[
        int, Meta(ge=1, description=f"messages; more than {MOST_MESSAGES} gives {MOST_MESSAGES}")
    ] = 20
    before: Annotated[Moment, Meta(description="only messages older than this time")] | None = None
    before_id: Annotated[
        str, Meta(description="the id of a message of the time `before`: only what came before it")
    ] = ""


class MessageIn(Struct, frozen=True, kw_only=True, rename="camel"):
    example: ClassVar[Json] = {
        "conversationId": "session_1234567890_abc",
        "role": "user",
        "content": "Build me a workflow",
    }

    content: Annotated[str, Meta(min_length=1)]
    conversation_id: Annotated[str, Meta(min_length=1, max_length=255)]
    role: Literal["user", "assistant", "system", "context"]
    created_at: Moment | None = None
    turn_id: Annotated[str, Meta(max_length=255)] | None = None
    workflow_id: Annotated[str, Meta(max_length=255)] | None = None
    structured_payload: Any = None


class SessionOut(Struct, kw_only=True, rename="camel"):
    context_type: Literal["session", "workflow"]
    conversation_id: str
    first_message_at: Time
    last_message_at: Time
    message_count: int
    preview: str
    session_id: str
    workflow_id: str
    workflow_name: str


class SessionPage(Struct, Generic[T], kw_only=True, rename="camel"):
    has_more: bool
    items: list[T]
    limit: int
    offset: int


class MessageOut(Struct, kw_only=True, rename="camel"):
    content: str
    conversation_id: str
    created_at: Time
    id: str
    image_urls: list[str]
    linked_run_finished_at: str | UnsetType = UNSET
    linked_run_id: str | UnsetType = UNSET
    linked_run_started_at: str | UnsetType = UNSET
    linked_run_status: RunStatus | UnsetType = UNSET
    organization_id: str
    role: str
    sender_user_id: str
    session_id: str
    tokens_used: int
    workflow_id: str


class Metadata(Struct, omit_defaults=True, rename="camel"):
    """What a message of this product says beyond our words, kept in the message's metadata under ``b3os``."""

    role: str | None = None
    turn_id: str | None = None
    structured_payload: Any = None


class Kept(Struct):
    b3os: Metadata = msgspec.field(default_factory=Metadata)


async def list_sessions(call: Call[ListParams, None]) -> SessionPage[Raw]:
    """List the chat sessions of the organization, the latest message first"""
    limit, offset = min(call.params.limit, MOST_SESSIONS), call.params.offset
    query = SessionQuery(
        filter=SessionFilter(has_messages=True), sort="-active_at", limit=limit, offset=offset
    )
    page = await call.service.sessions.list_as(call.principal, query, SESSION)
    return SessionPage(has_more=page.has_more, items=page.items, limit=limit, offset=offset)


async def read_history(call: Call[HistoryParams, None]) -> list[MessageOut]:
    """Read the newest messages of a workflow, a session or both, in the order they were sent"""
    asked = call.params
    names = {name for name in (asked.session_id, asked.conversation_id) if name}
    if not names and not asked.workflow_id:
        raise Invalid("give a workflowId, a sessionId or a conversationId", param="workflowId")
    if asked.before_id and seq_of(asked.before_id) is None:
        raise Invalid("beforeId: it is not the id of a message of this history", param="beforeId")
    sessions, messages = await (_of_session(call, names) if names else _of_workflow(call))
    runs = {
        one.id: await call.service.runs.by_ids(call.principal, one, _run_ids(messages, one))
        for one in sessions.values()
    }
    return [
        message_out(sessions[one.session_id], one, runs[one.session_id].get(one.run_id or ""))
        for one in messages
    ]


async def write_message(call: Call[None, MessageIn]) -> MessageOut:
    """Append a message to a conversation, which begins with it if it is not there yet"""
    given = call.body
    kept = Kept(
        Metadata(
            given.role if ROLES[given.role] != given.role else None,
            given.turn_id,
            given.structured_payload,
        )
    )
    message = MessageDraft(
        role=ROLES[given.role],
        parts=parts.text_part(given.content),
        text=given.content,
        created_at=us(given.created_at),
        metadata=Raw(msgspec.json.encode(kept) if kept.b3os != Metadata() else b"{}"),
    )
    draft = SessionDraft(
        id=given.conversation_id,
        channel="web",
        workflow_id=given.workflow_id,
        created_at=us(given.created_at),
    )
    return _written(
        await call.service.sessions.record(
            call.principal, draft, [message], once=call.once(_written)
        )
    )


async def _of_session(
    call: Call[HistoryParams, None], names: set[str]
) -> tuple[dict[str, Session], list[Message]]:
    """The session that all the names mean, if its workflow is the one asked for, with its messages."""
    asked = call.params
    before = seq_of(asked.before_id) if asked.before_id else None
    query = MessageQuery(
        limit=min(asked.limit, MOST_MESSAGES),
        newest=True,
        before=before,
        created_before=us(asked.before) if before is None else None,
    )
    try:
        found = [await call.service.messages.list(call.principal, name, query) for name in names]
    except NotFound:
        return {}, []
    session, messages, _ = found[0]
    if any(other.id != session.id for other, _, _ in found) or asked.workflow_id not in (
        "",
        session.workflow_id,
    ):
        return {}, []
    return {session.id: session}, messages


async def _of_workflow(call: Call[HistoryParams, None]) -> tuple[dict[str, Session], list[Message]]:
    asked = call.params
    if asked.before_id and asked.before is None:
        raise Invalid("beforeId: with a workflowId alone, give before as well", param="beforeId")
    wanted = SessionFilter(workflow_id=(asked.workflow_id,), has_messages=True)
    before = (
        (asked.before.us, seq_of(asked.before_id) or 0, asked.before_id) if asked.before else None
    )
    return await call.service.transcripts.newest(
        call.principal, wanted, min(asked.limit, MOST_MESSAGES), before=before
    )


async def admitted(call: Call[Any, Any]) -> Principal:
    """The holder of the key, which alone says which organization: a header that names another one is refused."""
    principal = await call.service.keys.authenticate(credential(dialect, call))
    named = call.headers.get("x-org-id")
    if named and not principal.is_of(named):
        raise Forbidden(
            "X-Org-ID is not the organization of this key",
            code="other_organization",
            param="X-Org-ID",
        )
    return principal


def _run_ids(messages: list[Message], session: Session) -> list[str]:
    return [one.run_id for one in messages if one.run_id and one.session_id == session.id]


def _written(recorded: tuple[Session, list[Message]]) -> MessageOut:
    session, (message,) = recorded
    return message_out(session, message, None)


def session_out(session: Session) -> SessionOut:
    name = _name(session)
    return SessionOut(
        context_type="workflow" if session.workflow_id or session.kind == "workflow" else "session",
        conversation_id=name,
        first_message_at=_time(session.first_message_at),
        last_message_at=_time(session.last_message_at),
        message_count=session.message_count,
        preview=(session.preview or "")[:PREVIEW],
        session_id=name,
        workflow_id=session.workflow_id or "",
        workflow_name=session.workflow_name or "",
    )


def message_out(session: Session, message: Message, run: Run | None) -> MessageOut:
    name, pieces = _name(session), parts.decode(message.parts)
    out = MessageOut(
        content=_content(pieces),
        conversation_id=name,
        created_at=rfc3339(message.created_at),
        id=message.id,
        image_urls=[url for part in pieces if (url := _image_url(part))],
        organization_id=session.workspace_id,
        role=_role(message),
        sender_user_id=message.sender_id
        or (session.user_id if message.role == "user" else "")
        or "",
        session_id=name,
        tokens_used=message.input_tokens + message.output_tokens,
        workflow_id=session.workflow_id or "",
    )
    if run is not None:
        out.linked_run_id, out.linked_run_status = run.id, STATUSES[run.state]
        out.linked_run_started_at, out.linked_run_finished_at = (
            _time(run.started_at),
            _time(run.finished_at),
        )
    return out


def _name(session: Session) -> str:
    return session.own_id or f"session_{session.id}"


def _role(message: Message) -> str:
    """The product's word: what a tool answered is context to it."""
    if message.role == "tool":
        return "context"
    return (_kept_role(message) or message.role) if message.role == "system" else message.role


def _kept_role(message: Message) -> str | None:
    try:
        return msgspec.json.decode(message.metadata, type=Kept).b3os.role
    except msgspec.ValidationError:  # somebody else's metadata under our name
        return None


def _content(pieces: list[parts.Part]) -> str:
    answers = (part.response for part in pieces if part.type == "tool_call_response")
    return parts.text_of(pieces) or "\n".join(
        one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in answers
    )


def _image_url(part: parts.Part) -> str | None:
    if part.modality != "image" and not (part.mime_type or "").startswith("image/"):
        return None
    if part.type == "blob":
        return f"data:{part.mime_type or 'image/png'};base64,{part.content}"
    return part.uri


def _time(moment: int | None) -> str:
    return "" if moment is None else rfc3339(moment)


CODES: dict[type[Error], int] = {
    Invalid: 400001,
    Unauthenticated: 401001,
    Forbidden: 403001,
    NotFound: 404001,
    Conflict: 409001,
    TooLarge: 413001,
    TooMany: 429001,
    StoreUnavailable: 503001,
}


class ErrorOut(Struct, kw_only=True, rename="camel"):
    code: Annotated[
        int,
        Meta(
            ge=400000,
            le=599999,
            description="six digits, of which the first three are the HTTP status",
        ),
    ]
    message: str
    request_id: str
    details: list[Any] = []


def error_out(failure: Failure) -> ErrorOut:
    code = CODES.get(type(failure.error), 0)
    return ErrorOut(
        code=code if code // 1000 == failure.status else failure.status * 1000 + 1,
        message=failure.error.message,
        request_id=failure.request_id,
    )


def enveloped(data: bytes, request_id: str) -> bytes:
    return (
        b'{"code":200,"data":'
        + data
        + b',"message":"success","requestId":'
        + msgspec.json.encode(request_id)
        + b"}"
    )


def envelope(schema: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "code": {"type": "integer"},
        "data": schema,
        "message": {"type": "string"},
        "requestId": {"type": "string"},
    }
    return {"type": "object", "properties": fields, "required": [*fields]}


SESSION = Projection("b3os.session", session_out)

dialect = Dialect(
    name="b3os",
    title="B3OS",
    description="B3OS's workflow chat: sessions, history, messages.",
    prefixes=("/v1/ai",),
    routes=(
        Route(
            "GET /v1/ai/workflow/chat/sessions",
            list_sessions,
            scope="sessions:read",
            params=ListParams,
            returns=SessionPage[SessionOut],
            cached=True,
        ),
        Route(
            "GET /v1/ai/workflow/chat/history",
            read_history,
            scope="sessions:read",
            params=HistoryParams,
            returns=list[MessageOut],
        ),
        Route(
            "POST /v1/ai/workflow/chat/messages",
            write_message,
            scope="sessions:write",
            body=MessageIn,
            returns=MessageOut,
            request_headers=(ONCE,),
        ),
    ),
    error=error_out,
    error_body=ErrorOut,
    wrap=enveloped,
    envelope=envelope,
    authenticate=admitted,
    headers={
        "X-Org-ID": Described(
            "The organization of the key; refused with 403 when it is another.", "k3v9x0d2mq"
        )
    },
)
