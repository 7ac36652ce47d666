"""B3OS: a message as the history shows it, and the route that writes one."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, cast

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hansard.dialects.b3os.vocabulary import (
    ROLES,
    STATUSES,
    ChatRole,
    RunStatus,
    conversation_id,
    time_or_empty,
)
from hansard.http.call import Call
from hansard.http.fields import Time, us
from hansard.http.route import ONCE, Route
from hansard.model import Message, MessageDraft, Run, Session, SessionDraft, parts
from hansard.model.times import Moment, rfc3339


class MessageIn(Struct, frozen=True, kw_only=True, rename="camel"):
    """A message to append."""

    example: ClassVar[dict[str, Any]] = {
        "conversationId": "session_1234567890_abc",
        "role": "user",
        "content": "Build me a workflow",
    }

    content: Annotated[str, Meta(min_length=1)]
    """The text of the message."""
    conversation_id: Annotated[str, Meta(min_length=1, max_length=255)]
    """The session, by any of its ids. One that is not there yet begins with this message."""
    role: ChatRole
    """Whose message it is; `context` is what the product gives the model beside the chat."""
    created_at: Moment | None = None
    """When it was written; at most a day ahead. The time of the request by default."""
    turn_id: Annotated[str, Meta(max_length=255)] | None = None
    """The client's id of the turn; kept, and not shown."""
    workflow_id: Annotated[str, Meta(max_length=255)] | None = None
    """The workflow of the session; ignored when the session has one."""
    structured_payload: Any = None
    """Any JSON beside the text; kept, and not shown."""


class MessageOut(Struct, kw_only=True, rename="camel"):
    """A message. A text that does not apply is empty; without a run its fields are left out."""

    example: ClassVar[dict[str, Any]] = {
        "content": "Build me a workflow",
        "conversationId": "session_1234567890_abc",
        "createdAt": "2026-01-31T09:30:00Z",
        "id": "msg_0190163d-8694-739b-aea5-966c00000001",
        "imageUrls": ["https://example.com/sketch.png"],
        "linkedRunFinishedAt": "2026-01-31T09:30:41Z",
        "linkedRunId": "turn-1",
        "linkedRunStartedAt": "2026-01-31T09:30:00Z",
        "linkedRunStatus": "success",
        "organizationId": "k3v9x0",
        "role": "user",
        "senderUserId": "ada",
        "sessionId": "session_1234567890_abc",
        "tokensUsed": 219,
        "workflowId": "wf-refunds",
    }

    content: str
    """The text; of a tool's answer, the answer as text."""
    conversation_id: str
    """The same as `sessionId`."""
    created_at: Time
    """When it was written."""
    id: str
    """The id of the message."""
    image_urls: list[str]
    """The images of the message, each by its URL or as a `data:` URL."""
    linked_run_finished_at: str | UnsetType = UNSET
    """When the run was over, in RFC 3339; empty while it is open."""
    linked_run_id: str | UnsetType = UNSET
    """The run that the message is part of."""
    linked_run_started_at: str | UnsetType = UNSET
    """When the run began to work, in RFC 3339; empty while it is queued."""
    linked_run_status: RunStatus | UnsetType = UNSET
    """Where the run stands."""
    organization_id: str
    """The organization: the workspace of the key."""
    role: ChatRole
    """Whose message it is; `context` is also what a tool answered."""
    sender_user_id: str
    """Who sent it; of a user's message without a sender, the session's user."""
    session_id: str
    """The session's id: the client's own, else `session_` and a UUID."""
    tokens_used: int
    """Model tokens that it took, read and written together."""
    workflow_id: str
    """The workflow that the session belongs to, if any."""


class Metadata(Struct, omit_defaults=True, rename="camel"):
    """What only this product knows of a message."""

    role: str | None = None
    turn_id: str | None = None
    structured_payload: Any = None


class Namespaced(Struct):
    """The metadata of a message, with what only this product knows under its name."""

    b3os: Metadata = msgspec.field(default_factory=Metadata)


async def write_message(call: Call[None, MessageIn]) -> MessageOut:
    """Append a message to a conversation, which begins with it if it is not there yet"""
    body = call.body
    metadata = Metadata(
        body.role if ROLES[body.role] != body.role else None, body.turn_id, body.structured_payload
    )
    message = MessageDraft(
        role=ROLES[body.role],
        parts=parts.text_part(body.content),
        text=body.content,
        created_at=us(body.created_at),
        metadata=Raw(
            msgspec.json.encode(Namespaced(metadata)) if metadata != Metadata() else b"{}"
        ),
    )
    session = SessionDraft(
        id=body.conversation_id,
        channel="web",
        workflow_id=body.workflow_id,
        created_at=us(body.created_at),
    )
    return _recorded(
        await call.service.sessions.record(
            call.principal, session, [message], once=call.once(_recorded)
        )
    )


def _recorded(result: tuple[Session, list[Message]]) -> MessageOut:
    session, (message,) = result
    return message_out(session, message, None)


def message_out(session: Session, message: Message, run: Run | None) -> MessageOut:
    name, pieces = conversation_id(session), parts.decode(message.parts)
    out = MessageOut(
        content=_content(pieces),
        conversation_id=name,
        created_at=rfc3339(message.created_at),
        id=message.id,
        image_urls=[url for part in pieces if (url := _image_url(part))],
        organization_id=session.workspace_id,
        role=_role(message),
        sender_user_id=message.sender_id
        or (session.user_id if message.known_role == "user" else "")
        or "",
        session_id=name,
        tokens_used=message.input_tokens + message.output_tokens,
        workflow_id=session.workflow_id or "",
    )
    if run is not None:
        out.linked_run_id, out.linked_run_status = run.id, STATUSES[run.state]
        out.linked_run_started_at = time_or_empty(run.started_at)
        out.linked_run_finished_at = time_or_empty(run.finished_at)
    return out


def _role(message: Message) -> ChatRole:
    """The product's word: what a tool answered is ``context``, and so is what was written as it."""
    if message.known_role == "tool" or (
        message.known_role == "system" and _written_as_context(message)
    ):
        return "context"
    return cast("ChatRole", message.known_role)


def _written_as_context(message: Message) -> bool:
    try:
        return msgspec.json.decode(message.metadata, type=Namespaced).b3os.role == "context"
    except msgspec.ValidationError:  # somebody else's metadata under our name
        return False


def _content(pieces: list[parts.Part]) -> str:
    responses = (part.response for part in pieces if part.type == "tool_call_response")
    return parts.text_of(pieces) or "\n".join(
        response if isinstance(response, str) else msgspec.json.encode(response).decode()
        for response in responses
    )


def _image_url(part: parts.Part) -> str | None:
    if part.modality != "image" and not (part.mime_type or "").startswith("image/"):
        return None
    if part.type == "blob":
        return f"data:{part.mime_type or 'image/png'};base64,{part.content}"
    return part.uri


routes = (
    Route(
        "POST /v1/ai/workflow/chat/messages",
        write_message,
        scope="sessions:write",
        body=MessageIn,
        returns=MessageOut,
        request_headers=(ONCE,),
        errors={404: "The session is one that the key may not see."},
    ),
)
