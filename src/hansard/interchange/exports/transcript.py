"""Sessions as Markdown, to be read: a heading each, then the messages under who spoke and when."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hansard.interchange.exports.messages import Json, as_text, living, title_of
from hansard.model import Message, Session
from hansard.model.times import rfc3339
from hansard.model.transfer import Snapshot

_SPEAKERS = {"user": "User", "assistant": "Assistant", "system": "System", "tool": "Tool"}
_BACKTICKS = re.compile(r"`+")


def write(snapshot: Snapshot) -> bytes:
    """The session's part of the document, with an empty line at its end."""
    session = snapshot.session
    blocks = [f"# {' '.join(title_of(session).split())}", _about(session)]
    for message, parts in living(snapshot):
        blocks += [_heading(message), *_blocks(parts)]
    return "\n\n".join(blocks).encode() + b"\n\n"


def _about(session: Session) -> str:
    """The session in a line: its id, when it began, and what else is known."""
    facts = [f"`{session.name}`", rfc3339(session.created_at)]
    facts += [value for value in (session.channel, session.agent, session.model) if value]
    return " · ".join(facts)


def _heading(message: Message) -> str:
    speaker = "Operator" if message.sender == "operator" else _SPEAKERS.get(message.role, "?")
    model = f" ({message.model})" if message.model else ""
    return f"## {speaker}{model}, {rfc3339(message.created_at)}"


def _blocks(parts: list[Json]) -> Iterator[str]:
    for part in parts:
        match part["type"]:
            case "text":
                yield as_text(part["content"])
            case "reasoning":
                yield _quoted(as_text(part["content"]))
            case "tool_call":
                yield f"**Call** `{part['name']}`\n\n{_fenced(as_text(part.get('arguments')))}"
            case "tool_call_response":
                yield f"**Result**\n\n{_fenced(as_text(part.get('response')))}"
            case "uri":
                yield f"[{part.get('name') or part['uri']}]({part['uri']})"
            case "blob" | "file":
                label = part.get("name") or part.get("mime_type") or part.get("file_id")
                yield f"*{label or 'file'}*"
            case _:
                yield _fenced(as_text(part))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _fenced(text: str) -> str:
    """A block of code whose fence is longer than any in it."""
    longest = max(map(len, _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
