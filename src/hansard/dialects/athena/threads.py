"""Athena: where the latest run of a thread stands, with the conversation once it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Raw, Struct
from starlette.responses import StreamingResponse

from hansard.dialects.athena.errors import NO_SESSION
from hansard.dialects.athena.vocabulary import RUN_STATUS, RunStatus, asset_id, is_task
from hansard.http.call import Call
from hansard.http.fields import Time, schema_of
from hansard.http.route import Route
from hansard.http.streams import filled, stream
from hansard.model import Message, Session, parts
from hansard.model.times import rfc3339

UNDER_WAY = {"queued", "running"}
_NO_MESSAGES = b'"messages":[],"last_message":null'
"""Found where it stands first: no JSON of a caller comes before it."""


class StatusParams(Struct, frozen=True, kw_only=True):
    """Whether to show the conversation."""

    include_messages: bool | None = None
    """Whether to add the messages. By default they are added once the run is not under way."""


class ConversationMessage(Struct, kw_only=True):
    """A message of the conversation."""

    example: ClassVar[dict[str, Any]] = {
        "id": "msg_0190163d-8694-739b-aea5-966c00000002",
        "role": "assistant",
        "content": "It arrives tomorrow.",
        "name": None,
        "additional_kwargs": {},
    }

    id: str
    """The id of the message."""
    role: str
    """Whose message it is: `system`, `user`, `assistant` or `tool`."""
    content: str
    """The text; of a tool's answer, the answer as text."""
    name: str | None
    """The tool that answered; null for other messages."""
    additional_kwargs: dict[str, Any]
    """`tool_calls`, each with `id`, `name` and `args`; empty without tool calls."""


class Conversation(Struct, kw_only=True):
    """The session behind a thread."""

    example: ClassVar[dict[str, Any]] = {
        "conversation_asset_id": "asset_0190163d-8694-739b-aea5-966c26f8ad91",
        "title": "A late parcel",
        "state": "completed",
        "agent": "support",
        "model": "gpt-5",
        "start_channel": "web",
        "last_channel": "web",
        "created_by": "ada",
        "workspace_id": "k3v9x0",
        "num_messages": 4,
        "linked_aops": [{"asset_id": "wf-refunds", "title": "Refunds"}],
        "linked_projects": [],
        "error": None,
        "athena_metadata": {"plan": "pro"},
    }

    conversation_asset_id: str
    """`asset_` and the session's UUID."""
    title: str
    """Its title; empty when it has none."""
    state: RunStatus | None
    """The state of its latest run; null while there was none."""
    agent: str | None
    """The agent that answers; null when it is not known."""
    model: str | None
    """The language model in use; null when it is not known."""
    start_channel: str | None
    """Where it came from, in lower case; null when it is not known."""
    last_channel: str | None
    """The same as `start_channel`."""
    created_by: str
    """The end user, else the id of the key that created it; empty when neither is known."""
    workspace_id: str
    """The workspace that owns it."""
    num_messages: int
    """How many messages it has."""
    messages: list[ConversationMessage] | None
    """All its messages, in order; null when they were not asked for."""
    last_message: ConversationMessage | None
    """The last of `messages`; null without any."""
    linked_aops: list[dict[str, str | None]]
    """The workflow that a workflow or task ran, by `asset_id` and `title`; empty for others."""
    linked_projects: list[dict[str, str | None]]
    """Always empty."""
    error: dict[str, str] | None
    """`message` says why the latest run failed; null when it did not."""
    athena_metadata: Annotated[Raw, schema_of(dict[str, Any])]
    """The application's own JSON object."""
    created_at: Time
    """When it was created."""
    updated_at: Time
    """When it last changed in any way."""


class ThreadOut(Struct, kw_only=True):
    """Where a thread stands."""

    thread_id: str
    """The session's UUID."""
    status: RunStatus
    """The state of its latest run; `completed` while there was none."""
    error: str | None
    """Why the latest run failed; null when it did not."""
    created_at: Time
    """When the session was created."""
    updated_at: Time
    """When the session last changed in any way."""
    conversation_asset: Conversation
    """The session behind the thread."""


async def read_status(call: Call[StatusParams, None]) -> ThreadOut | StreamingResponse:
    """Read where a thread stands, with its messages once it is not under way"""
    with_messages, name = call.params.include_messages, call.path["thread_id"]
    session = await call.service.sessions.read(call.principal, name)
    if with_messages is False or (with_messages is None and session.state in UNDER_WAY):
        return thread_out(session, None)
    session, pieces = await call.service.transcripts.walk(call.principal, session.id)
    return await stream(call, _with_messages(session, pieces))


async def _with_messages(
    session: Session, pieces: AsyncIterator[list[Message]]
) -> AsyncIterator[bytes]:
    """The thread with its messages, some at a time; the last one stands behind them once more."""
    before, _, behind = msgspec.json.encode(thread_out(session, [])).partition(_NO_MESSAGES)
    names: dict[str | None, str | None] = {}
    last: ConversationMessage | None = None

    async def shown() -> AsyncIterator[list[ConversationMessage]]:
        nonlocal last
        async for piece in pieces:
            messages = _messages(piece, names)
            last = messages[-1]
            yield messages

    async for data in filled(before + b'"messages":[', shown()):
        yield data
    yield b'],"last_message":' + msgspec.json.encode(last) + behind


def thread_out(session: Session, messages: list[ConversationMessage] | None) -> ThreadOut:
    """A thread without a run has nothing left to wait for: it counts as completed."""
    status = RUN_STATUS.get(session.state or "", "completed")
    error = (session.run_error or "the run failed") if status == "failed" else None
    return ThreadOut(
        thread_id=session.id,
        status=status,
        error=error,
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
        conversation_asset=_conversation(session, messages, error),
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


def _messages(
    messages: list[Message], names: dict[str | None, str | None]
) -> list[ConversationMessage]:
    """The messages, with the names of the tools that answered.

    Only the calls have these names; ``names`` is extended by them.
    """
    shown = []
    for message in messages:
        pieces = parts.decode(message.parts)
        calls = [part for part in pieces if part.type == "tool_call"]
        names |= {part.id: part.name for part in calls}
        answers = [part for part in pieces if part.type == "tool_call_response"]
        shown.append(
            ConversationMessage(
                id=message.id,
                role=message.known_role,
                content=parts.text_of(pieces)
                or "\n".join(_text(part.response) for part in answers),
                name=names.get(answers[0].id) if answers else None,
                additional_kwargs={"tool_calls": [_tool_call(part) for part in calls]}
                if calls
                else {},
            )
        )
    return shown


def _tool_call(part: parts.Part) -> dict[str, Any]:
    return {"id": part.id, "name": part.name, "args": part.arguments}


def _text(response: Any) -> str:  # noqa: ANN401 - whatever a tool answered
    return response if isinstance(response, str) else msgspec.json.encode(response).decode()


def routes(prefix: str) -> tuple[Route, ...]:
    return (
        Route(
            f"GET {prefix}/threads/{{thread_id}}/status",
            read_status,
            scope="sessions:read",
            params=StatusParams,
            returns=ThreadOut,
            errors=NO_SESSION,
        ),
    )
