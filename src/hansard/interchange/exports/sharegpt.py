"""ShareGPT's conversations, a session a line: ``{id, conversations: [{from, value}], system}``.

- the first system message is ``system``, later ones are turns; a tool call is ``function_call``,
  its answer ``observation``;
- reasoning, files and deleted messages are left out: the format has no place for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from hansard.interchange.exports.messages import Json, as_text, living, text_of
from hansard.model.transfer import Snapshot

_SENDERS = {"user": "human", "assistant": "gpt", "system": "system", "tool": "observation"}


def write(snapshot: Snapshot) -> bytes:
    """The session's line, with its end."""
    turns = [turn for message, parts in living(snapshot) for turn in _turns(message.role, parts)]
    line: Json = {"id": snapshot.session.name, "conversations": turns}
    if turns and turns[0]["from"] == "system":
        line = {
            "id": snapshot.session.name,
            "conversations": turns[1:],
            "system": turns[0]["value"],
        }
    return msgspec.json.encode(line) + b"\n"


def _turns(role: str, parts: list[Json]) -> Iterator[Json]:
    if text := text_of(parts):
        yield {"from": _SENDERS.get(role, role), "value": text}
    for part in parts:
        if part["type"] == "tool_call":
            call = {"name": part["name"], "arguments": part.get("arguments")}
            yield {"from": "function_call", "value": json.dumps(call, ensure_ascii=False)}
        elif part["type"] == "tool_call_response":
            yield {"from": "observation", "value": as_text(part.get("response"))}
