"""Merge recorded calls of models into one transcript.

Every call repeats the history; it is kept once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from hansard.interchange.content import parts_of
from hansard.interchange.content.langchain import as_message
from hansard.interchange.content.text import Json
from hansard.interchange.message_lists import turn_of
from hansard.interchange.records import Rules
from hansard.interchange.turns import Turn, role_of
from hansard.model import model_call

_LISTS = ("messages", "choices", "generations", "contents", "content", "output", "input")
_DEEPEST = 6
_SAME = ("type", "content", "name", "arguments", "response", "uri", "file_id")


class ModelCall(Struct, kw_only=True):
    """The messages that went to a model, and what it answered; times in microseconds."""

    messages: list[Turn]
    answers: list[Turn]
    at: int | None = None
    ended: int | None = None


def transcript(calls: Iterable[ModelCall]) -> list[Turn]:
    """The messages of all calls, each once, in the order of the calls' times.

    A call without a time keeps its place behind the one before it.
    """
    ordered = _ordered(calls)
    marks = [(list(map(mark, call.messages)), list(map(mark, call.answers))) for call in ordered]
    turns: list[Turn] = []
    for position in model_call.transcript(marks):
        call = ordered[position.call]
        if position.is_answer:
            turns.append(_at(call.answers[position.index], call.ended or call.at))
        else:
            turns.append(_at(call.messages[position.index], call.at))
    return turns


def _ordered(calls: Iterable[ModelCall]) -> list[ModelCall]:
    timed: list[tuple[int, ModelCall]] = []
    for call in calls:
        before = timed[-1][0] if timed else 0
        timed.append((before if call.at is None else call.at, call))
    return [call for _, call in sorted(timed, key=lambda each: each[0])]


def _at(turn: Turn, at: int | None) -> Turn:
    return turn if turn.at is not None else msgspec.structs.replace(turn, at=at)


def mark(turn: Turn) -> str:
    """What two records of one message have in common."""
    parts = [{key: _plain(part[key]) for key in _SAME if part.get(key)} for part in turn.parts]
    return json.dumps([role_of(turn.role) or str(turn.role), parts], sort_keys=True, default=str)


def _plain(value: object) -> object:
    """JSON inside a text as what it holds: some calls spell their arguments in both ways."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def messages_in(value: object, role: str, rules: Rules, depth: int = 0) -> list[Turn]:
    """The messages in any value of a trace: lists, requests, answers, or text of this role."""
    if isinstance(value, str):
        return _in_text(value, role, rules, depth)
    if depth > _DEEPEST or value is None:
        return []
    if isinstance(value, list):
        return [turn for item in value for turn in messages_in(item, role, rules, depth + 1)]
    if not isinstance(value, dict):
        return [Turn(role=role, parts=parts_of(value))]
    return _in_object(value, role, rules, depth)


def _in_text(text: str, role: str, rules: Rules, depth: int) -> list[Turn]:
    if text.lstrip().startswith(("{", "[")) and depth <= _DEEPEST:
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            inner = None
        if isinstance(inner, list | dict) and (turns := _structured(inner, role, rules, depth)):
            return turns
    return [Turn(role=role, parts=parts_of(text))] if text else []


def _structured(inner: list[object] | Json, role: str, rules: Rules, depth: int) -> list[Turn]:
    """The messages of JSON inside a text; none where it is data of the application."""
    first = inner[0] if isinstance(inner, list) and inner else inner
    is_known = isinstance(first, dict) and (
        "role" in first or as_message(first) is not None or any(key in first for key in _LISTS)
    )
    return messages_in(inner, role, rules, depth + 1) if is_known else []


def _in_object(value: Json, role: str, rules: Rules, depth: int) -> list[Turn]:
    message = as_message(value)
    if message is None and "role" in value and {"content", "parts", "tool_calls"} & value.keys():
        message = value
    if message is not None:
        return [turn_of(message, rules)]
    if isinstance(value.get("message"), dict) and value["message"]:
        return messages_in(value["message"], role, rules, depth + 1)
    if "type" in value and "content" not in value:
        return [Turn(role=role, parts=parts_of(value))]
    system = parts_of(value.get("system", value.get("instructions")))
    first = [Turn(role="system", parts=system)] if system else []
    return first + _in_request(value, role, rules, depth)


def _in_request(value: Json, role: str, rules: Rules, depth: int) -> list[Turn]:
    """The messages of a request or an answer.

    What is neither is the application's data, as JSON.
    """
    key = next((key for key in _LISTS if value.get(key)), None)
    if key is not None:
        return messages_in(value[key], role, rules, depth + 1)
    text = value["text"] if isinstance(value.get("text"), str) else ""
    content = parts_of(text or (json.dumps(value, ensure_ascii=False) if value else ""))
    return [Turn(role=role, parts=content)] if content else []
