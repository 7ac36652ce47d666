"""A session for people to read: its fields, then each message under its sender."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from hansard.cli import output
from hansard.model import Message, Session, parts

_COLOURS = {"user": "cyan", "assistant": "green", "tool": "yellow", "system": "magenta"}
_LONG = 600


def heading(session: Session) -> Iterator[str]:
    """The fields of a session, one per line, without empty ones."""
    facts = {
        "title": session.title,
        "state": " ".join(
            filter(None, (session.state, session.run_error and f"({session.run_error})"))
        ),
        "resolution": session.resolution,
        "intent": " / ".join(filter(None, (session.intent, session.sub_intent))),
        "user": session.user_id,
        "agent": session.agent,
        "model": session.model,
        "channel": session.channel,
        "kind": session.kind if session.kind != "session" else None,
        "started": output.second(session.created_at),
        "messages": session.message_count,
        "failed": output.counted(session.failed_calls, "call") if session.failed_calls else None,
        "tools": ", ".join(session.tool_names),
        "cost": f"${session.spent.cost_nanos / 1e9:.4f}" if session.spent.cost_nanos else None,
        "tokens": f"{session.spent.input_tokens:,} in, {session.spent.output_tokens:,} out"
        if session.spent.input_tokens or session.spent.output_tokens
        else None,
        "tags": ", ".join(json.loads(bytes(session.tags))),
    }
    yield click.style(session.name, bold=True)
    for name, value in facts.items():
        if value:
            yield f"  {name:<11}{output.plain(value)}"


def rendered(messages: Iterable[Message]) -> Iterator[str]:
    for message in messages:
        yield from lines(message)
        yield ""


def lines(message: Message) -> Iterator[str]:
    """One message: its sender and time, then its parts."""
    speaker = message.sender or message.role
    yield click.style(f"{speaker} ", fg=_COLOURS.get(message.role), bold=True) + click.style(
        f"#{message.seq}  {output.second(message.created_at)}", dim=True
    )
    for part in parts.decode(message.parts):
        for line in _part(part).splitlines():
            yield f"  {output.plain(line)}"


def _part(part: parts.Part) -> str:
    match part.type:
        case "text":
            return str(part.content)
        case "reasoning":
            return f"(reasoning) {part.content}"
        case "tool_call":
            return f"→ {part.name}({_short(part.arguments)})"
        case "tool_call_response":
            return f"← {_short(part.response)}"
        case "uri" | "file" | "blob":
            size = f", {len(str(part.content)) * 3 // 4:,} bytes" if part.type == "blob" else ""
            name = part.uri or part.file_id or part.mime_type or ""
            return f"[{part.modality or part.type} {name}{size}]"
    return f"[{part.type}] {_short(part.content)}"


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONG else f"{text[:_LONG]} … ({len(text):,} characters)"
