"""B3OS: the history of a session, or of all sessions of a workflow."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from hansard.dialects.b3os.messages import MessageOut, message_out
from hansard.errors import Invalid, NotFound
from hansard.http.call import Call
from hansard.http.fields import us
from hansard.http.route import Route
from hansard.ids import seq_of, session_tail_of
from hansard.model import Message, MessageQuery, Session, SessionFilter
from hansard.model.times import Moment

MOST_MESSAGES = 100


class HistoryParams(Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose history, by at least one id; several must all hold. An unknown id has an empty one."""

    example: ClassVar[dict[str, Any]] = {
        "workflowId": "wf-refunds",
        "sessionId": "session_1234567890_abc",
        "conversationId": "session_1234567890_abc",
        "before": "2026-01-31T09:30:00Z",
        "beforeId": "msg_0190163d-8694-739b-aea5-966c00000004",
    }

    workflow_id: str = ""
    """Only sessions of this workflow."""
    session_id: str = ""
    """Only this session, by any of its ids."""
    conversation_id: str = ""
    """The same as `sessionId`."""
    limit: Annotated[int, Meta(ge=1)] = 20
    """The most messages that an answer may have; more than 100 counts as 100."""
    before: Moment | None = None
    """Only messages older than this time."""
    before_id: str = ""
    """The id of a message of the time `before`: also messages of that time, before this one."""


async def read_history(call: Call[HistoryParams, None]) -> list[MessageOut]:
    """Read the newest messages of a workflow, a session or both, in the order they were sent"""
    params = call.params
    names = {name for name in (params.session_id, params.conversation_id) if name}
    if not names and not params.workflow_id:
        raise Invalid("give a workflowId, a sessionId or a conversationId", param="workflowId")
    if params.before_id and seq_of(params.before_id) is None:
        raise Invalid("beforeId: it is not the id of a message of this history", param="beforeId")
    sessions, messages = await (_of_session(call, names) if names else _of_workflow(call))
    runs = {
        session.id: await call.service.runs.by_ids(
            call.principal, session, _run_ids(messages, session)
        )
        for session in sessions.values()
    }
    return [
        message_out(
            sessions[message.session_id],
            message,
            runs[message.session_id].get(message.run_id or ""),
        )
        for message in messages
    ]


async def _of_session(
    call: Call[HistoryParams, None], names: set[str]
) -> tuple[dict[str, Session], list[Message]]:
    """The session that all names mean, if it is of the workflow, with its newest messages."""
    params = call.params
    before = seq_of(params.before_id) if params.before_id else None
    query = MessageQuery(
        limit=min(params.limit, MOST_MESSAGES),
        newest=True,
        before=before,
        created_before=us(params.before) if before is None else None,
    )
    try:
        histories = [
            await call.service.messages.list(call.principal, name, query) for name in names
        ]
    except NotFound:
        return {}, []
    session, messages, _ = histories[0]
    if any(other.id != session.id for other, _, _ in histories):
        return {}, []
    if params.workflow_id not in ("", session.workflow_id):
        return {}, []
    return {session.id: session}, messages


async def _of_workflow(call: Call[HistoryParams, None]) -> tuple[dict[str, Session], list[Message]]:
    params = call.params
    if params.before_id and params.before is None:
        raise Invalid("beforeId: with a workflowId alone, give before as well", param="beforeId")
    filters = SessionFilter(workflow_id=(params.workflow_id,), has_messages=True)
    before = None
    if params.before:
        tail = session_tail_of(params.before_id) if params.before_id else ""
        before = (int(params.before), seq_of(params.before_id) or 0, tail)
    return await call.service.transcripts.newest(
        call.principal, filters, min(params.limit, MOST_MESSAGES), before=before
    )


def _run_ids(messages: list[Message], session: Session) -> list[str]:
    return [
        message.run_id
        for message in messages
        if message.run_id and message.session_id == session.id
    ]


routes = (
    Route(
        "GET /v1/ai/workflow/chat/history",
        read_history,
        scope="sessions:read",
        params=HistoryParams,
        returns=list[MessageOut],
    ),
)
