"""The messages of a span, by each convention that instrumentation follows."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from hansard.interchange.content import parts_of
from hansard.interchange.content.openai import calls_of
from hansard.interchange.content.text import Json, tool_call
from hansard.interchange.message_lists import turn_of
from hansard.interchange.records import Rules
from hansard.interchange.spans import messages_in
from hansard.interchange.turns import Turn

Attributes = dict[str, Any]
Events = list[tuple[str, Attributes]]

_INPUTS = (
    "gen_ai.input.messages",
    "langfuse.observation.input",
    "input.value",
    "traceloop.entity.input",
)
_ANSWERS = (
    "gen_ai.output.messages",
    "langfuse.observation.output",
    "output.value",
    "traceloop.entity.output",
)
_SYSTEM = "gen_ai.system_instructions"
_LISTS_GIVEN = ("llm.input_messages", "gen_ai.prompt")
_LISTS_ANSWERS = ("llm.output_messages", "gen_ai.completion")
_INDEXED = re.compile(r"(\d+)\.(?:message\.)?(.+)")
_CALL = re.compile(r"tool_calls\.(\d+)\.(?:tool_call\.)?(.+)")
_CONTENT = re.compile(r"contents\.\d+\.message_content\.text")
_EVENT_ROLES = {"gen_ai.system.message": "system", "gen_ai.user.message": "user",
                "gen_ai.assistant.message": "assistant", "gen_ai.tool.message": "tool"}  # fmt: skip
_CHOICE, _DETAILS = "gen_ai.choice", "gen_ai.client.inference.operation.details"


def has_messages(attributes: Attributes, events: Events) -> bool:
    prefixes = (*_LISTS_GIVEN, *_LISTS_ANSWERS)
    return (
        any(key in attributes for key in (_INPUTS[0], _ANSWERS[0]))
        or any(key.startswith(prefixes) for key in attributes)
        or any(name in _EVENT_ROLES or name in {_CHOICE, _DETAILS} for name, _ in events)
        or attributes.get("langfuse.observation.type") == "generation"
        or attributes.get("openinference.span.kind") == "LLM"
    )


def message_list(attributes: Attributes, *, answers: bool) -> bytes | None:
    """The JSON list of the messages sent or answered; None where they are not spelled so."""
    text = attributes.get((_ANSWERS if answers else _INPUTS)[0])
    lists = _LISTS_ANSWERS if answers else _LISTS_GIVEN
    names = "\n" + "\n".join(attributes)
    if not isinstance(text, str) or any(f"\n{key}" in names for key in lists):
        return None
    return text.encode("utf-8", "surrogatepass")


def system_text(attributes: Attributes) -> bytes | None:
    """The system's instructions as a message in JSON, empty without any.

    None where they are not spelled so.
    """
    system = attributes.get(_SYSTEM)
    if system is None:
        return b""
    if not isinstance(system, str):
        return None
    return f'{{"role":"system","parts":{system}}}'.encode("utf-8", "surrogatepass")


class _PlainText(Struct, forbid_unknown_fields=True):
    type: Literal["text"]
    content: str


class _PlainMessage(Struct, forbid_unknown_fields=True):
    """A message as the conventions spell it, that says nothing but texts."""

    role: str
    parts: list[_PlainText]
    finish_reason: str | None = None


_plain = msgspec.json.Decoder(_PlainMessage).decode


def plain_turn(text: bytes) -> Turn | None:
    """The message in JSON of most messages, quickly; None where it is any other."""
    try:
        message = _plain(text)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    if not message.parts or not all(part.content for part in message.parts):
        return None
    reason = message.finish_reason
    rest = {} if reason is None else {"finish_reason": reason}
    return Turn(
        role=message.role,
        parts=[{"type": "text", "content": part.content} for part in message.parts],
        metadata=rest,
    )


def given_of(attributes: Attributes, events: Events, rules: Rules) -> list[Turn]:
    """What was given to the model: the system's instructions, then the messages."""
    attributes = _with_details(attributes, events)
    system = parts_of(_decoded(attributes.get(_SYSTEM)))
    first = [Turn(role="system", parts=system)] if system else []
    return first + (
        _listed(attributes, _LISTS_GIVEN)
        or _valued(attributes, _INPUTS, "user", rules)
        or _in_events(events, rules, answers=False)
    )


def answers_of(attributes: Attributes, events: Events, rules: Rules) -> list[Turn]:
    attributes = _with_details(attributes, events)
    return (
        _listed(attributes, _LISTS_ANSWERS, "assistant")
        or _valued(attributes, _ANSWERS, "assistant", rules)
        or _in_events(events, rules, answers=True)
    )


def _with_details(attributes: Attributes, events: Events) -> Attributes:
    """The attributes, with those that an event of the span has in their place."""
    for name, details in events:
        if name == _DETAILS:
            attributes = {**details, **attributes}
    return attributes


def _decoded(value: object) -> object:
    """JSON out of a text that begins like it, any other value as it is."""
    if not isinstance(value, str) or not value.startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _valued(attributes: Attributes, names: tuple[str, ...], role: str, rules: Rules) -> list[Turn]:
    key = next((key for key in names if attributes.get(key)), None)
    return messages_in(attributes[key], role, rules) if key else []


def _listed(attributes: Attributes, prefixes: tuple[str, ...], role: str = "user") -> list[Turn]:
    """Messages spread over attributes.

    ``prefix.0.message.role``, ``prefix.0.content`` and so on.
    """
    fields: dict[int, Json] = {}
    for key, value in attributes.items():
        prefix = next((name for name in prefixes if key.startswith(name + ".")), None)
        match = _INDEXED.fullmatch(key[len(prefix) + 1 :]) if prefix else None
        if match:
            fields.setdefault(int(match[1]), {})[match[2]] = value
    return [_spread(fields[field], role) for field in sorted(fields)]


def _spread(fields: Json, role: str) -> Turn:
    calls: dict[int, Json] = {}
    for key, value in fields.items():
        if match := _CALL.fullmatch(key):
            calls.setdefault(int(match[1]), {})[match[2]] = value
    texts = [value for key, value in fields.items() if _CONTENT.fullmatch(key)]
    parts = parts_of(_decoded(fields.get("content"))) or parts_of(texts)
    if ident := fields.get("tool_call_id"):
        response = fields.get("content")
        parts = [{"type": "tool_call_response", "id": str(ident), "response": response}]
    parts += [_call(call) for _, call in sorted(calls.items())]
    return Turn(role=fields.get("role") or role, parts=parts, original=fields)


def _call(call: Json) -> Json:
    passed = call.get("function.arguments", call.get("arguments"))
    return tool_call(call.get("id"), call.get("function.name", call.get("name")), passed)


def _in_events(events: Events, rules: Rules, *, answers: bool) -> list[Turn]:
    return [
        _event_turn(attributes, _EVENT_ROLES.get(name, "assistant"), rules)
        for name, attributes in events
        if (name == _CHOICE if answers else name in _EVENT_ROLES)
    ]


def _event_turn(attributes: Attributes, role: str, rules: Rules) -> Turn:
    """The message of an event: its attributes, or the JSON in its ``message``."""
    inner = _decoded(attributes.get("message"))
    body = inner if isinstance(inner, dict) else {"content": inner, **attributes}
    blocks = _decoded(body.get("content"))
    if isinstance(blocks, list) and blocks and all(isinstance(block, dict) for block in blocks):
        parts = [*parts_of(blocks), *calls_of({"tool_calls": _decoded(body.get("tool_calls"))})]
        return Turn(role=role, parts=parts, original=attributes)
    message = {
        "role": role,
        "content": body.get("content"),
        "tool_calls": _decoded(body.get("tool_calls")),
        "tool_call_id": body.get("id") if role == "tool" else None,
    }
    return msgspec.structs.replace(turn_of(message, rules), original=attributes)
