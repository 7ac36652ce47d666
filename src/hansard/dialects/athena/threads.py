"""Athena: where the latest run of a thread stands, with the conversation once it may be read."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from hansard.dialects.athena.vocabulary import RUN_STATUS, RunStatus, asset_id, is_task
from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.model import Message, Session, parts
from hansard.model.times import rfc3339

UNDER_WAY = {"queued", "running"}


class StatusParams(Struct, frozen=True, kw_only=True):
    include_messages: (
        Annotated[bool, Meta(description="without it: once the run no longer is under way")] | None
    ) = None


class ConversationMessage(Struct, kw_only=True):
    id: str
    role: str
    content: str
    name: str | None
    additional_kwargs: dict[str, Any]


class Conversation(Struct, kw_only=True):
    conversation_asset_id: str
    title: str
    state: RunStatus | None
    agent: str | None
    model: str | None
    start_channel: str | None
    last_channel: str | None
    created_by: str
    workspace_id: str
    num_messages: int
    messages: list[ConversationMessage] | None
    last_message: ConversationMessage | None
    linked_aops: list[dict[str, str | None]]
    linked_projects: list[dict[str, str | None]]
    error: dict[str, str] | None
    athena_metadata: Raw
    created_at: Time
    updated_at: Time


class ThreadOut(Struct, kw_only=True):
    thread_id: str
    status: RunStatus
    error: str | None
    created_at: Time
    updated_at: Time
    conversation_asset: Conversation


async def read_status(call: Call[StatusParams, None]) -> ThreadOut:
    """Read where a thread stands"""
    asked, name = call.params.include_messages, call.path["thread_id"]
    session = await call.service.sessions.read(call.principal, name)
    if asked is False or (asked is None and session.state in UNDER_WAY):
        return thread_out(session, None)
    return thread_out(*await call.service.transcripts.whole(call.principal, session.id))


def thread_out(session: Session, messages: list[Message] | None) -> ThreadOut:
    """A thread without a run has nothing left to wait for: it counts as completed."""
    status = RUN_STATUS.get(session.state or "", "completed")
    error = (session.run_error or "the run failed") if status == "failed" else None
    return ThreadOut(
        thread_id=session.id,
        status=status,
        error=error,
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
        conversation_asset=_conversation(
            session, None if messages is None else _messages(messages), error
        ),
    )


def _conversation(
    session: Session, messages: list[ConversationMessage] | None, error: str | None
) -> Conversation:
    return Conversation(
        conversation_asset_id=asset_id(session.id),
        title=session.title or "",
        state=RUN_STATUS.get(session.state or ""),
        agent=session.agent,
        model=session.model,
        start_channel=session.channel,
        last_channel=session.channel,
        created_by=session.user_id or session.created_by or "",
        workspace_id=session.workspace_id,
        num_messages=session.message_count,
        messages=messages,
        last_message=messages[-1] if messages else None,
        linked_aops=[{"asset_id": session.workflow_id, "title": session.workflow_name}]
        if is_task(session) and session.workflow_id
        else [],
        linked_projects=[],
        error={"message": error} if error else None,
        athena_metadata=session.metadata,
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
    )


def _messages(messages: list[Message]) -> list[ConversationMessage]:
    """The messages with the names of the tools that answered, which only the calls tell."""
    names: dict[str | None, str | None] = {}
    shown = []
    for one in messages:
        pieces = parts.decode(one.parts)
        calls = [part for part in pieces if part.type == "tool_call"]
        names |= {part.id: part.name for part in calls}
        answers = [part for part in pieces if part.type == "tool_call_response"]
        shown.append(
            ConversationMessage(
                id=one.id,
                role=one.role,
                content=parts.text_of(pieces)
                or "\n".join(_text(part.response) for part in answers),
                name=names.get(answers[0].id) if answers else None,
                additional_kwargs={
                    "tool_calls": [
                        {"id": part.id, "name": part.name, "args": part.arguments} for part in calls
                    ]
                }
                if calls
                else {},
            )
        )
    return shown


def _text(response: Any) -> str:  # noqa: ANN401 - whatever a tool answered
    return response if isinstance(response, str) else msgspec.json.encode(response).decode()
