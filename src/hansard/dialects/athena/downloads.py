"""Athena: the whole of one session as a trace, as plain turns, as Markdown, or as figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct
from starlette.responses import StreamingResponse

from hansard.dialects.athena.errors import NO_SESSION
from hansard.dialects.athena.vocabulary import asset_id
from hansard.http.call import Call
from hansard.http.fields import Time, schema_of
from hansard.http.route import Reply, Route
from hansard.http.streams import filled, stream
from hansard.model import Message, Session, parts
from hansard.model.parts import Part
from hansard.model.times import rfc3339, rfc3339_or_none
from hansard.model.usage import Spent

SPEAKERS = {"user": "User", "assistant": "Agent"}


class DownloadParams(Struct, frozen=True, kw_only=True):
    """In which form."""

    export_format: Literal["trace", "messages", "markdown", "stats"] = "trace"
    """Everything, the texts of user and assistant alone, the same as Markdown, or figures."""


class Head(Struct, kw_only=True, tag_field="export_format"):
    """What every form begins with."""

    example: ClassVar[dict[str, Any]] = {
        "id": "asset_0190163d-8694-739b-aea5-966c26f8ad91",
        "thread_id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "title": "A late parcel",
        "created_at": "2026-01-31T09:30:00Z",
        "updated_at": "2026-01-31T09:31:12Z",
    }

    id: str
    """`asset_` and the session's UUID."""
    thread_id: str
    """The session's UUID."""
    title: str | None
    """Its title; null when it has none."""
    created_at: Time
    """When it was created."""
    updated_at: Time
    """When it last changed in any way."""


class Tokens(Struct, kw_only=True):
    """Model tokens and their price."""

    example: ClassVar[dict[str, Any]] = {
        "input_tokens": 210,
        "output_tokens": 9,
        "total_tokens": 219,
        "total_cost_usd": 0.0004,
    }

    input_tokens: int
    """Model tokens read."""
    output_tokens: int
    """Model tokens written."""
    total_tokens: int
    """The sum of the two."""
    total_cost_usd: float
    """Their price, in US dollars."""


class TraceMessage(Struct, kw_only=True):
    """A message with everything that is known of it."""

    example: ClassVar[dict[str, Any]] = {
        "id": "msg_0190163d-8694-739b-aea5-966c00000004",
        "seq": 4,
        "role": "assistant",
        "created_at": "2026-01-31T09:30:41Z",
        "parts": [{"type": "text", "content": "It arrives tomorrow."}],
        "model": "gpt-5",
        "run_id": "turn-1",
        "sender": None,
        "sender_id": None,
        "usage": Tokens.example,
        "metadata": {"finish_reason": "stop"},
    }

    id: str
    """The id of the message."""
    seq: int
    """Its number in the session, from 1."""
    role: str
    """Whose message it is: `system`, `user`, `assistant` or `tool`."""
    created_at: Time
    """When it was written."""
    parts: Annotated[Raw, schema_of(list[Part])]
    """What it consists of, as it was written."""
    model: str | None
    """The language model that wrote it; null when it is not known."""
    run_id: str | None
    """The run that it is part of; null without one."""
    sender: str | None
    """`operator` for an assistant message that a person wrote; else null."""
    sender_id: str | None
    """That person, by the application's id; else null."""
    usage: Tokens
    """The model tokens of this message."""
    metadata: Annotated[Raw, schema_of(dict[str, Any])]
    """The application's own JSON object."""


class Trace(Head, kw_only=True, tag="trace"):
    """A whole session with everything that is known of it."""

    messages: list[TraceMessage]
    """All messages, in order."""


class Turn(Struct, kw_only=True):
    """What the user or the assistant wrote."""

    example: ClassVar[dict[str, Any]] = {
        "id": "msg_0190163d-8694-739b-aea5-966c00000004",
        "role": "assistant",
        "content": "It arrives tomorrow.",
        "created_at": "2026-01-31T09:30:41Z",
    }

    id: str
    """The id of the message."""
    role: str
    """`user` or `assistant`."""
    content: str
    """The text."""
    created_at: Time
    """When it was written."""


class Turns(Head, kw_only=True, tag="messages"):
    """The texts of user and assistant alone."""

    messages: list[Turn]
    """The messages that have text, in order."""


class Stats(Head, kw_only=True, tag="stats"):
    """Figures of a session."""

    described_by: ClassVar[type[Struct]] = Head
    example: ClassVar[dict[str, Any]] = {
        "num_messages": 4,
        "messages_by_role": {"user": 1, "assistant": 2, "tool": 1},
        "num_tool_calls": 1,
        "tool_calls_by_name": {"find_order": 1},
        "first_message_at": "2026-01-31T09:30:00Z",
        "last_message_at": "2026-01-31T09:30:41Z",
        "duration_seconds": 41.0,
    }

    num_messages: int
    """How many messages it has."""
    messages_by_role: dict[str, int]
    """How many of them each role has."""
    num_tool_calls: int
    """How many tool calls it has."""
    tool_calls_by_name: dict[str, int]
    """How many of them each tool has."""
    usage: Tokens
    """The model tokens of all messages and runs."""
    first_message_at: Time | None
    """When the first message was written; null without any."""
    last_message_at: Time | None
    """When the last message was written; null without any."""
    duration_seconds: float | None
    """The seconds between the two; null without any."""


async def download_session(call: Call[DownloadParams, None]) -> Reply | StreamingResponse:
    """Download a whole session: trace, messages, markdown or stats"""
    session, pieces = await call.service.transcripts.walk(call.principal, call.path["asset_id"])
    form = call.params.export_format
    suffix = "md" if form == "markdown" else "json"
    name = f"{asset_id(session.id)}-{form}.{suffix}"
    if form == "stats":
        disposition = ("Content-Disposition", f'attachment; filename="{name}"')
        return Reply(body=await stats(session, pieces), headers=(disposition,))
    if form == "markdown":
        return await stream(call, markdown(session, pieces), "text/markdown; charset=utf-8", name)
    shape, head = (
        (_trace_messages, Trace(**_head(session), messages=[]))
        if form == "trace"
        else (_turns, Turns(**_head(session), messages=[]))
    )
    return await stream(call, _document(head, pieces, shape), filename=name)


async def _document(
    head: Trace | Turns,
    pieces: AsyncIterator[list[Message]],
    shape: Callable[[list[Message]], Sequence[object]],
) -> AsyncIterator[bytes]:
    """The head, whose last field is an empty array, with the messages in it."""
    shaped = (shape(piece) async for piece in pieces)
    async for data in filled(msgspec.json.encode(head).removesuffix(b"]}"), shaped):
        yield data
    yield b"]}"


async def stats(session: Session, pieces: AsyncIterator[list[Message]]) -> Stats:
    calls, roles = Counter[str](), Counter[str]()
    first = last = None
    async for messages in pieces:
        roles.update(message.known_role for message in messages)
        calls.update(
            part.name or ""
            for message in messages
            for part in parts.decode(message.parts)
            if part.type == "tool_call"
        )
        first = messages[0].created_at if first is None else first
        last = messages[-1].created_at
    return Stats(
        **_head(session),
        num_messages=roles.total(),
        messages_by_role=dict(roles),
        num_tool_calls=calls.total(),
        tool_calls_by_name=dict(calls),
        usage=_tokens(session.spent),
        first_message_at=rfc3339_or_none(first),
        last_message_at=rfc3339_or_none(last),
        duration_seconds=None if first is None or last is None else (last - first) / 1e6,
    )


async def markdown(session: Session, pieces: AsyncIterator[list[Message]]) -> AsyncIterator[bytes]:
    yield f"# {' '.join((session.title or 'Untitled session').split())}".encode()
    async for messages in pieces:
        for message, text in _with_text(messages):
            heading = f"## {SPEAKERS[message.known_role]} · {rfc3339(message.created_at)}"
            yield f"\n\n{heading}\n\n{text}".encode()
    yield b"\n"


def _with_text(messages: list[Message]) -> list[tuple[Message, str]]:
    """The messages of user and assistant that have text, each with it."""
    texts = [
        (message, parts.text(message.parts))
        for message in messages
        if message.known_role in SPEAKERS
    ]
    return [(message, text) for message, text in texts if text]


def _turns(messages: list[Message]) -> list[Turn]:
    return [
        Turn(
            id=message.id,
            role=message.known_role,
            content=text,
            created_at=rfc3339(message.created_at),
        )
        for message, text in _with_text(messages)
    ]


def _trace_messages(messages: list[Message]) -> list[TraceMessage]:
    return [_trace_message(message) for message in messages]


def _head(session: Session) -> dict[str, Any]:
    return {
        "id": asset_id(session.id),
        "thread_id": session.id,
        "title": session.title,
        "created_at": rfc3339(session.created_at),
        "updated_at": rfc3339(session.updated_at),
    }


def _trace_message(message: Message) -> TraceMessage:
    return TraceMessage(
        id=message.id,
        seq=message.seq,
        role=message.known_role,
        created_at=rfc3339(message.created_at),
        parts=message.parts,
        model=message.model,
        run_id=message.run_id,
        sender=message.sender,
        sender_id=message.sender_id,
        usage=_tokens(message),
        metadata=message.metadata,
    )


def _tokens(spent: Spent | Message) -> Tokens:
    return Tokens(
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        total_tokens=spent.input_tokens + spent.output_tokens,
        total_cost_usd=spent.cost_nanos / 1e9,
    )


def routes(prefix: str) -> tuple[Route, ...]:
    return (
        Route(
            f"GET {prefix}/sessions/{{asset_id}}/download",
            download_session,
            scope="sessions:read",
            params=DownloadParams,
            returns=Trace | Turns | Stats,
            response_types=("text/markdown",),
            errors=NO_SESSION,
        ),
    )
