"""A sample file of a format, and the words that most samples share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

Spoken = list[tuple[str, list[str]]]


class Sample(Struct, frozen=True):
    """A file of a format under its name, and the sessions that it holds.

    Each with its messages, summed up.
    """

    file: str
    data: bytes
    sessions: dict[str, Spoken]


def of_json(file: str, value: object, sessions: dict[str, Spoken]) -> Sample:
    return Sample(file, json.dumps(value).encode(), sessions)


def of_lines(file: str, values: list[Any], sessions: dict[str, Spoken]) -> Sample:
    return Sample(file, b"".join(json.dumps(value).encode() + b"\n" for value in values), sessions)


def summed(part: dict[str, Any]) -> str:
    """A part in a few words."""
    tell = _WORDS.get(part["type"])
    return tell(part) if tell else f"?{part['type']}"


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "text": lambda part: str(part["content"]),
    "reasoning": lambda part: f"~{part['content']}",
    "tool_call": lambda part: f"{part['name']}({json.dumps(part['arguments'])})",
    "tool_call_response": lambda part: f"-> {json.dumps(part['response'])}",
    "uri": lambda part: f"<{part['uri']}>",
    "blob": lambda part: f"[{part['mime_type']}]",
    "file": lambda part: f"[{part['file_id']}]",
}

QUESTION = ("user", ["How far is Oslo?"])
CALLED = ("assistant", ['route({"to": "Oslo"})'])
ANSWERED = ("tool", ['-> "12 km"'])
REPLY = ("assistant", ["Twelve kilometres."])
PLAIN = [QUESTION, REPLY]
WITH_TOOL = [QUESTION, CALLED, ANSWERED, REPLY]
CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "route", "arguments": '{"to": "Oslo"}'},
}
AT, AT_MS, ISO = 1_750_000_000, 1_750_000_000_000, "2025-06-15T15:06:40Z"

TEXT_CONTENT = {"text": "How far is Oslo?"}
GOOGLE_CALL = {"functionCall": {"id": "c1", "name": "route", "args": {"to": "Oslo"}}}
GOOGLE_RESPONSE = {
    "functionResponse": {"id": "c1", "name": "route", "response": {"output": "12 km"}}
}
