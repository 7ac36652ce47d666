"""Athena: the whole of one session as a trace, as plain turns, as Markdown, or as figures."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from msgspec import Raw, Struct

from hansard.dialects.athena.vocabulary import asset_id
from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Reply
from hansard.model import Message, Session, parts
from hansard.model.times import rfc3339

SPEAKERS = {"user": "User", "assistant": "Agent"}


class DownloadParams(Struct, frozen=True, kw_only=True):
    export_format: Literal["trace", "messages", "markdown", "stats"] = "trace"


class Head(Struct, kw_only=True, tag_field="export_format"):
    id: str
    thread_id: str
    title: str | None
    created_at: Time
    updated_at: Time


class Tokens(Struct, kw_only=True):
    input_tokens: int
    output_tokens: int
    total_tokens: int
    total_cost_usd: float


class TraceMessage(Struct, kw_only=True):
    id: str
    seq: int
    role: str
    created_at: Time
    parts: Raw
    model: str | None
    run_id: str | None
    sender: str | None
    sender_id: str | None
    usage: Tokens
    metadata: Raw


class Trace(Head, kw_only=True, tag="trace"):
    messages: list[TraceMessage]


class Turn(Struct, kw_only=True):
    id: str
    role: str
    content: str
    created_at: Time


class Turns(Head, kw_only=True, tag="messages"):
    messages: list[Turn]


class Stats(Head, kw_only=True, tag="stats"):
    num_messages: int
    messages_by_role: dict[str, int]
    num_tool_calls: int
    tool_calls_by_name: dict[str, int]
    usage: Tokens
    first_message_at: Time | None
    last_message_at: Time | None
    duration_seconds: float | None


async def download_session(call: Call[DownloadParams, None]) -> Reply:
    """Download a whole session: trace, messages, markdown or stats"""
    session, messages = await call.service.transcripts.whole(call.principal, call.path["asset_id"])
    form = call.params.export_format
    name = (
        "Content-Disposition",
        f'attachment; filename="{asset_id(session.id)}-{form}.{"md" if form == "markdown" else "json"}"',
    )
    if form == "markdown":
        return Reply(
            body=markdown(session, messages).encode(),
            media_type="text/markdown; charset=utf-8",
            headers=(name,),
        )
    return Reply(
        body={"trace": trace, "messages": turns, "stats": stats}[form](session, messages),
        headers=(name,),
    )


def trace(session: Session, messages: list[Message]) -> Trace:
    return Trace(**_head(session), messages=[_traced(one) for one in messages])


def turns(session: Session, messages: list[Message]) -> Turns:
    said = [
        Turn(id=one.id, role=one.role, content=text, created_at=rfc3339(one.created_at))
        for one, text in _said(messages)
    ]
    return Turns(**_head(session), messages=said)


def stats(session: Session, messages: list[Message]) -> Stats:
    calls = Counter(
        part.name or ""
        for one in messages
        for part in parts.decode(one.parts)
        if part.type == "tool_call"
    )
    first, last = (messages[0].created_at, messages[-1].created_at) if messages else (None, None)
    return Stats(
        **_head(session),
        num_messages=len(messages),
        messages_by_role=dict(Counter(one.role for one in messages)),
        num_tool_calls=calls.total(),
        tool_calls_by_name=dict(calls),
        usage=_tokens(session),
        first_message_at=None if first is None else rfc3339(first),
        last_message_at=None if last is None else rfc3339(last),
        duration_seconds=None if first is None or last is None else (last - first) / 1e6,
    )


def markdown(session: Session, messages: list[Message]) -> str:
    blocks = [f"# {' '.join((session.title or 'Untitled session').split())}"]
    blocks += [
        f"## {SPEAKERS[one.role]} · {rfc3339(one.created_at)}\n\n{text}"
        for one, text in _said(messages)
    ]
    return "\n\n".join(blocks) + "\n"


def _said(messages: list[Message]) -> list[tuple[Message, str]]:
    texts = [
        (one, parts.text_of(parts.decode(one.parts))) for one in messages if one.role in SPEAKERS
    ]
    return [(one, text) for one, text in texts if text]


def _head(session: Session) -> dict[str, Any]:
    return {
        "id": asset_id(session.id),
        "thread_id": session.id,
        "title": session.title,
        "created_at": rfc3339(session.created_at),
        "updated_at": rfc3339(session.updated_at),
    }


def _traced(one: Message) -> TraceMessage:
    return TraceMessage(
        id=one.id,
        seq=one.seq,
        role=one.role,
        created_at=rfc3339(one.created_at),
        parts=one.parts,
        model=one.model,
        run_id=one.run_id,
        sender=one.sender,
        sender_id=one.sender_id,
        usage=_tokens(one),
        metadata=one.metadata,
    )


def _tokens(spent: Session | Message) -> Tokens:
    return Tokens(
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        total_tokens=spent.input_tokens + spent.output_tokens,
        total_cost_usd=spent.cost_nanos / 1e9,
    )
