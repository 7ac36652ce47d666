"""Lists of messages inside records of other programs.

Wrappers, choices, preferences, spellings of calls and times.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.interchange.reading import (
    NOW,
    SECOND,
    check_record,
    metadata,
    only_session,
    parts,
    read_json,
    spoken,
)

TALK = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
REPLY = [("user", "q"), ("assistant", "a")]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (
            {"conversations": [{"id": "c1", "messages": TALK}, {"id": "c2", "messages": TALK}]},
            ["c1", "c2"],
        ),
        ({"data": {"chats": [{"id": "t1", "messages": TALK}]}}, ["t1"]),
        ({"data": [{"session_id": "s1", "dialogue": TALK}]}, ["s1"]),
        ({"custom_id": "r1", "body": {"model": "gpt", "messages": TALK}}, ["r1"]),
        ({"custom_id": "r1", "response": {"body": {"choices": [{"message": TALK[1]}]}}}, ["r1"]),
        ({"threads": [{"thread_id": "x", "turns": TALK}]}, ["x"]),
    ],
)
def test_records_are_found_inside_their_wrappers(value: object, names: list[str]) -> None:
    assert [check_record(outcome).draft.id for outcome in read_json(value)] == names


def test_a_wrapper_of_other_things_is_none() -> None:
    assert spoken(only_session(read_json({"data": [{"x": 1}], "messages": TALK}))) == REPLY


def test_further_choices_are_branches() -> None:
    choices = [{"message": {"role": "assistant", "content": text}} for text in ("one", "two")]
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "choices": choices,
    }
    first, other = map(check_record, read_json(completion))
    assert (spoken(first), spoken(other)) == ([("assistant", "one")], [("assistant", "two")])
    assert (other.draft.kind, other.draft.parent, other.forked_after) == (
        "branch",
        "chatcmpl-1",
        None,
    )
    assert first.messages[0].created_at == 1_700_000_000 * SECOND


@pytest.mark.parametrize(
    "record",
    [
        {
            "prompt": [TALK[0]],
            "chosen": [TALK[1]],
            "rejected": [{"role": "assistant", "content": "b"}],
        },
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {
            "prompt": [TALK[0]],
            "chosen": TALK,
            "rejected": [TALK[0], {"role": "assistant", "content": "b"}],
        },
    ],
)
def test_what_was_rejected_is_a_branch_behind_the_prompt(record: dict[str, Any]) -> None:
    session, branch = map(check_record, read_json([record | {"id": "p"}]))
    assert (spoken(session), spoken(branch)) == (REPLY, [("assistant", "b")])
    assert branch.forked_after == session.messages[0].client_id


def test_a_prompt_and_its_completion_are_a_session() -> None:
    assert spoken(only_session(read_json([{"prompt": "q", "completion": "a"}]))) == REPLY


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"name": "f", "args": {"x": 1}, "id": "c"}, {"x": 1}),
        ({"id": "c", "type": "custom", "custom": {"name": "f", "input": "raw"}}, "raw"),
        ({"id": "c", "function": {"name": "f", "arguments": {"x": 1}}}, {"x": 1}),
        ({"id": "c", "function": {"name": "f", "arguments": "[1]"}}, "[1]"),
        ({"call_id": "c", "name": "f", "arguments": '{"x": 1}'}, {"x": 1}),
    ],
)
def test_a_tool_call_is_read_in_every_spelling(call: dict[str, Any], expected: object) -> None:
    talk = [{"role": "assistant", "content": None, "tool_calls": [call]}]
    assert parts(only_session(read_json([talk])).messages[0]) == [
        {"type": "tool_call", "id": "c", "name": "f", "arguments": expected}
    ]


def test_ollamas_messages_keep_pictures_thoughts_and_the_tools_name() -> None:
    talk = [
        {"role": "user", "content": "q", "images": ["AAAA"]},
        {"role": "assistant", "content": "a", "thinking": "hm"},
        {"role": "tool", "tool_name": "f", "content": "r"},
    ]
    session = only_session(read_json({"model": "llama3", "messages": talk}))
    assert [part["type"] for message in session.messages for part in parts(message)] == [
        "text",
        "blob",
        "reasoning",
        "text",
        "tool_call_response",
    ]
    assert parts(session.messages[2])[0]["name"] == "f"


@pytest.mark.parametrize(
    ("role", "ours"),
    [("model", "assistant"), ("Bot", "assistant"), ("prompter", "user"), ("ipython", "tool")],
)
def test_the_roles_of_all_products_are_known(role: str, ours: str) -> None:
    assert (
        only_session(read_json([[*TALK, {"role": role, "content": "x"}]])).messages[2].role == ours
    )


def test_an_unknown_role_sets_nothing_aside() -> None:
    session = only_session(read_json([[*TALK, {"role": "critic", "content": "x"}]]))
    assert spoken(session) == [*REPLY, ("system", "x")]
    assert metadata(session.messages[2]) == {"role": "critic"}
    assert session.remarks == {"unknown role: critic": 1}


def test_a_part_that_breaks_our_rules_is_kept_inside_another() -> None:
    talk = [
        {"role": "user", "content": [{"type": "text", "text": "q"}, {"type": "novel", "id": 5}]}
    ]
    assert parts(only_session(read_json([talk])).messages[0])[1] == {
        "type": "novel",
        "original": {"type": "novel", "id": 5},
    }


@pytest.mark.parametrize(
    "field",
    ["createdAt", "start_time", "session_start", "created", "timestamp", "create_time", "date"],
)
def test_the_start_is_read_under_its_many_names(field: str) -> None:
    session = only_session(
        read_json([{"id": "x", field: "2024-05-01T10:00:00Z", "messages": TALK}])
    )
    assert session.draft.created_at == 1_714_557_600 * SECOND
    assert session.draft.metadata == {}


def test_where_only_the_end_is_known_the_last_message_is_there() -> None:
    record = {"id": "x", "last_updated": "1714557600", "messages": TALK}
    session = only_session(read_json([record]))
    assert [message.created_at for message in session.messages] == [
        1_714_557_599 * SECOND,
        1_714_557_600 * SECOND,
    ]
    assert session.draft.metadata == {}


def test_a_session_without_any_time_says_so() -> None:
    ambiguous = {"id": "x", "date": "01/02/2024 10:00", "messages": TALK}
    session = only_session(read_json([ambiguous]))
    assert session.draft.metadata == {"time_unknown": True, "date": "01/02/2024 10:00"}
    assert session.messages[-1].created_at == NOW


def test_a_time_in_one_message_is_enough() -> None:
    talk = [TALK[0] | {"timestamp": 1_700_000_000}, TALK[1]]
    assert "time_unknown" not in only_session(read_json([talk])).draft.metadata


def test_a_message_that_is_split_keeps_its_tokens_once() -> None:
    message = {
        "role": "assistant",
        "id": "m",
        "usage": {"input_tokens": 5, "output_tokens": 7},
        "content": [
            {"type": "tool_use", "id": "c", "name": "f", "input": {}},
            {"type": "tool_result", "tool_use_id": "c", "content": "r"},
            {"type": "text", "text": "so"},
        ],
    }
    messages = only_session(read_json([[message]])).messages
    assert [(message.client_id, message.role, message.output_tokens) for message in messages] == [
        ("m", "assistant", 7),
        ("m#2", "tool", 0),
        ("m#3", "assistant", 0),
    ]
