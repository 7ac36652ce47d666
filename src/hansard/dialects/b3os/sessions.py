"""B3OS: the list of chat sessions."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from msgspec import Meta, Raw, Struct

from hansard.dialects.b3os.vocabulary import conversation_id, time_or_empty
from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model import Session, SessionFilter, SessionQuery
from hansard.service.render_cache import Projection

MOST_SESSIONS = 50
PREVIEW = 100
T = TypeVar("T")


class ListParams(Struct, frozen=True, kw_only=True):
    """Which page of the sessions."""

    example: ClassVar[dict[str, Any]] = {"limit": 20, "offset": 40}

    limit: Annotated[int, Meta(ge=1)] = 20
    """The most sessions that a page may have; more than 50 counts as 50."""
    offset: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    """How many sessions to skip."""


class SessionOut(Struct, kw_only=True, rename="camel"):
    """A chat session. A text that does not apply is empty."""

    example: ClassVar[dict[str, Any]] = {
        "contextType": "session",
        "conversationId": "session_1234567890_abc",
        "firstMessageAt": "2026-01-31T09:30:00Z",
        "lastMessageAt": "2026-01-31T09:30:41Z",
        "messageCount": 4,
        "preview": "Build me a workflow",
        "sessionId": "session_1234567890_abc",
        "workflowId": "wf-refunds",
        "workflowName": "Refunds",
    }

    context_type: Literal["session", "workflow"]
    """Whether this is the chat of a session or of a workflow."""
    conversation_id: str
    """The same as `sessionId`."""
    first_message_at: Time
    """When the first message was sent."""
    last_message_at: Time
    """When the last message was sent."""
    message_count: int
    """How many messages the session has."""
    preview: str
    """The start of the first user message; at most 100 characters."""
    session_id: str
    """The session's id: the client's own, else `session_` and a UUID."""
    workflow_id: str
    """The workflow that the session belongs to, if any."""
    workflow_name: str
    """The name of that workflow, if there is one."""


class SessionPage(Struct, Generic[T], kw_only=True, rename="camel"):
    """A page of chat sessions."""

    has_more: bool
    """Whether there are sessions behind this page."""
    items: list[T]
    """The sessions, the latest message first. Those without a message are left out."""
    limit: int
    """The limit in force."""
    offset: int
    """How many sessions were skipped."""


async def list_sessions(call: Call[ListParams, None]) -> SessionPage[Raw]:
    """List the chat sessions of the organization, the latest message first"""
    limit, offset = min(call.params.limit, MOST_SESSIONS), call.params.offset
    query = SessionQuery(
        filter=SessionFilter(has_messages=True), sort="-active_at", limit=limit, offset=offset
    )
    page = await call.service.sessions.list_as(call.principal, query, SESSION)
    return SessionPage(has_more=page.has_more, items=page.items, limit=limit, offset=offset)


def session_out(session: Session) -> SessionOut:
    name = conversation_id(session)
    return SessionOut(
        context_type="workflow" if session.workflow_id or session.kind == "workflow" else "session",
        conversation_id=name,
        first_message_at=time_or_empty(session.first_message_at),
        last_message_at=time_or_empty(session.last_message_at),
        message_count=session.message_count,
        preview=(session.preview or "")[:PREVIEW],
        session_id=name,
        workflow_id=session.workflow_id or "",
        workflow_name=session.workflow_name or "",
    )


SESSION = Projection("b3os.session", session_out)

routes = (
    Route(
        "GET /v1/ai/workflow/chat/sessions",
        list_sessions,
        scope="sessions:read",
        params=ListParams,
        returns=SessionPage[SessionOut],
        cached=True,
    ),
)
