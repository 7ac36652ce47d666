"""Marks of messages: what spans repeat is known without being read, and nothing else is."""

from __future__ import annotations

import json
import secrets
from typing import Any

import msgspec
import pytest

from hansard.interchange.genai import Span
from hansard.interchange.otlp_marks import Messages
from hansard.interchange.otlp_messages import plain_turn
from hansard.interchange.records import Rules
from hansard.interchange.spans import messages_in

RULES = Rules(now=1)
CALL = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Oslo"}}
ANSWER = {"type": "tool_call_response", "id": "c1", "response": "sun"}


def spoken(role: str, text: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}], **more}


def span(sent: str) -> Span:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": sent}
    return Span(0, "aa", "bb", "", 1, 2, attributes, [])


@pytest.mark.parametrize(
    "message",
    [
        spoken("user", "hello"),
        spoken("ai", "hello", finish_reason="stop"),
        spoken("assistant", "hello", finish_reason=""),
        spoken("assistant", "{not json", finish_reason=None),
        {"role": "user", "parts": [{"type": "text", "content": t} for t in ("é", "\n")]},
        spoken("", "hello"),
    ],
)
def test_a_plain_message_is_read_quickly_as_it_would_be_slowly(message: dict[str, Any]) -> None:
    text = json.dumps(message)
    quick, (slow,) = plain_turn(text.encode()), messages_in(text, "user", RULES)
    assert quick == msgspec.structs.replace(slow, original=None)


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "parts": [CALL]},
        {"role": "user", "parts": [ANSWER]},
        {"role": "user", "parts": []},
        spoken("user", ""),
        spoken("user", "hello", name="ada"),
        {"role": "user", "parts": [{"type": "text", "content": "a", "annotations": []}]},
        {"role": "user", "parts": "hello"},
        {"role": None, "parts": [{"type": "text", "content": "hello"}]},
        {"parts": [{"type": "text", "content": "hello"}]},
    ],
)
def test_any_other_message_is_left_to_who_reads_them_all(message: dict[str, Any]) -> None:
    assert plain_turn(json.dumps(message).encode()) is None


def test_half_of_a_surrogate_pair_is_left_to_who_reads_them_all() -> None:
    assert plain_turn(json.dumps(spoken("user", "\ud83d")).encode()) is None


HISTORY = [spoken("user", "a"), {"role": "assistant", "parts": [CALL]}, spoken("user", "b, c] [")]
LISTS = [
    json.dumps(HISTORY[:1]),
    json.dumps(HISTORY),
    json.dumps(HISTORY),
    json.dumps(HISTORY).replace("}, {", "} ,\n {"),
    json.dumps(HISTORY[:2]) + " \n",
    json.dumps([*HISTORY, {"role": "user", "parts": [ANSWER]}]),
    json.dumps([spoken("user", "other"), *HISTORY[1:]]),
    "[]",
    json.dumps(HISTORY),
    json.dumps([*HISTORY, *HISTORY]),
    json.dumps(HISTORY, separators=(",", ":")),
]


@pytest.mark.parametrize("number", range(1, len(LISTS)))
def test_a_list_that_goes_on_from_another_has_the_marks_that_it_has_by_itself(number: int) -> None:
    """Each pair of lists, one behind the other in one session."""
    alone = Messages(RULES).marks(span(LISTS[number]), secrets.token_hex(8), answers=False)
    assert len(alone) == len(json.loads(LISTS[number]))
    for before in LISTS:
        session = secrets.token_hex(8)
        Messages(RULES).marks(span(before), session, answers=False)
        assert Messages(RULES).marks(span(LISTS[number]), session, answers=False) == alone


@pytest.mark.parametrize("behind", ['"x"', ", 7", "}", "", "}]]", ", {}], {"])
def test_what_is_no_list_is_none_behind_a_known_beginning_either(behind: str) -> None:
    known = json.dumps(HISTORY)
    broken = known[:-1] + behind + ("]" if behind in {'"x"', "}"} else "")
    session = secrets.token_hex(8)
    alone = Messages(RULES).marks(span(broken), secrets.token_hex(8), answers=False)
    Messages(RULES).marks(span(known), session, answers=False)
    assert Messages(RULES).marks(span(broken), session, answers=False) == alone


def test_the_message_of_a_mark_is_there_whether_or_not_the_mark_was_known() -> None:
    session = secrets.token_hex(8)
    texts = [secrets.token_hex(8) for _ in range(3)]
    lists = [json.dumps([spoken("user", text) for text in texts[:count]]) for count in (2, 3)]
    Messages(RULES).marks(span(lists[0]), session, answers=False)
    messages = Messages(RULES)
    marks = messages.marks(span(lists[1]), session, answers=False)
    messages.prepare()
    drafts = [messages.draft(name) for name in marks]
    assert [draft.text for draft in drafts if draft] == texts
    assert messages.draft("0" * 16) is None


def test_parts_that_are_a_message_are_not_its_metadata_too() -> None:
    (turn,) = messages_in(json.dumps({"role": "assistant", "parts": [CALL]}), "user", RULES)
    assert turn.parts == [CALL]
    assert turn.metadata == {}
