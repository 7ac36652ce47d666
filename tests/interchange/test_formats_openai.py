from __future__ import annotations

import json
from typing import Any

import pytest

from hansard.interchange.records import SessionRecord
from hansard.interchange.values import Bad
from tests.interchange.reading import (
    NOW,
    SECOND,
    format_of,
    metadata,
    only_session,
    parts,
    read_bytes,
    read_json,
    spoken,
)

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "find_order", "arguments": '{"order": "A-7", "z": 1, "a": 2}'},
}
TALK: list[dict[str, Any]] = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Where is A-7?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "name": "find_order", "content": '{"at": "Oslo"}'},
    {"role": "assistant", "content": "In Oslo."},
]
TRIAL = {
    "task_id": 3,
    "trial": 1,
    "reward": 1.0,
    "info": {"task": {"user_id": "ann"}, "cost": 0.5},
    "traj": TALK,
}
DIALOGUE = {
    "id": "1_00000",
    "services": ["Post_1"],
    "intents": ["FindOrder", "Refund"],
    "messages": TALK,
}


@pytest.mark.parametrize("value", [[TRIAL], [DIALOGUE], TALK, [TALK], {"messages": TALK}])
def test_every_way_to_hold_messages_is_recognised(value: object) -> None:
    assert format_of(json.dumps(value).encode()) == "openai"
    assert spoken(only_session(read_json(value))) == [
        ("system", "Be kind."),
        ("user", "Where is A-7?"),
        ("assistant", ""),
        ("tool", ""),
        ("assistant", "In Oslo."),
    ]


def test_a_record_a_line_is_read_line_by_line() -> None:
    results = read_bytes(b"\n".join(json.dumps(record).encode() for record in (DIALOGUE, TRIAL)))
    assert [item.number for item in results] == [1, 2]


def test_tool_calls_and_answers_become_parts() -> None:
    session = only_session(read_json([TRIAL]))
    assert parts(session.messages[2]) == [
        {
            "type": "tool_call",
            "id": "call_1",
            "name": "find_order",
            "arguments": {"order": "A-7", "z": 1, "a": 2},
        }
    ]
    assert parts(session.messages[3]) == [
        {
            "type": "tool_call_response",
            "id": "call_1",
            "response": '{"at": "Oslo"}',
            "name": "find_order",
        }
    ]


def test_reward_one_is_resolved_and_zero_unresolved_and_both_have_ended() -> None:
    won = only_session(read_json([TRIAL]))
    lost = only_session(read_json([TRIAL | {"reward": 0}]))
    assert (won.draft.resolution, lost.draft.resolution) == ("resolved", "unresolved")
    assert won.ended_at == won.messages[-1].created_at


@pytest.mark.parametrize("reward", [0.5, None, "1.0", [1]])
def test_any_other_reward_leaves_the_matter_open(reward: object) -> None:
    session = only_session(read_json([TRIAL | {"reward": reward}]))
    assert (session.draft.resolution, session.ended_at) == ("open", None)


def test_intents_become_the_trail_and_the_last_one_the_intent() -> None:
    draft = only_session(read_json([DIALOGUE])).draft
    assert (draft.trail, draft.intent) == (
        [{"intent": "FindOrder"}, {"intent": "Refund"}],
        "Refund",
    )


def test_other_fields_go_to_the_metadata() -> None:
    unknown = {"time_unknown": True}
    assert only_session(read_json([DIALOGUE])).draft.metadata == {"services": ["Post_1"]} | unknown
    assert only_session(read_json([TRIAL])).draft.metadata == unknown | {
        key: TRIAL[key] for key in ("task_id", "trial", "reward", "info")
    }
    record = {"messages": TALK, "metadata": {"a": 1}, "b": 2}
    assert only_session(read_json([record])).draft.metadata == {"a": 1, "b": 2} | unknown


def test_fields_with_a_place_of_their_own_take_it() -> None:
    record = {
        "id": "s-1",
        "title": "Parcel",
        "user_id": "ann",
        "model": "gpt-4o",
        "channel": "web",
        "agent": "clerk",
        "app": "shop",
        "tags": ["vip"],
        "created_at": "2024-05-01T10:00:00Z",
        "messages": TALK,
    }
    session = only_session(read_json([record]))
    draft = session.draft
    assert (draft.id, draft.title, draft.title_by, draft.user_id, draft.model) == (
        "s-1",
        "Parcel",
        "import",
        "ann",
        "gpt-4o",
    )
    assert (draft.channel, draft.agent, draft.app, draft.tags, draft.metadata) == (
        "web",
        "clerk",
        "shop",
        ["vip"],
        {},
    )
    assert draft.created_at == session.messages[0].created_at == 1_714_557_600 * SECOND


def test_the_customer_of_a_recorded_task_is_the_user() -> None:
    assert only_session(read_json([TRIAL])).draft.user_id == "ann"


def test_without_times_sessions_end_a_minute_apart_and_messages_lie_a_second_apart() -> None:
    first, second = read_json([TRIAL, DIALOGUE])
    assert isinstance(first, SessionRecord)
    assert isinstance(second, SessionRecord)
    assert [message.created_at for message in first.messages] == [
        NOW - back * SECOND for back in (4, 3, 2, 1, 0)
    ]
    assert second.messages[-1].created_at == NOW - 60 * SECOND
    assert first.draft.created_at == NOW - 4 * SECOND


def test_messages_keep_their_own_times_and_the_gaps_are_filled() -> None:
    talk = [
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b", "timestamp": 1_700_000_000},
        {"role": "user", "content": "c"},
    ]
    session = only_session(read_json([{"messages": talk}]))
    assert [message.created_at for message in session.messages] == [
        (1_700_000_000 + second) * SECOND for second in (-1, 0, 1)
    ]


@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01",
        "9999-12-31T23:59:59",
        1e300,
        float("nan"),
        float("inf"),
        -5,
        "soon",
        True,
        [],
        "2024-13-01",
    ],
)
def test_a_time_that_is_none_is_as_none(time: object) -> None:
    session = only_session(
        read_json(
            [
                {
                    "created_at": time,
                    "messages": [{"role": "user", "content": "x", "timestamp": time}],
                }
            ]
        )
    )
    assert session.draft.created_at == NOW


@pytest.mark.parametrize(
    "time", [1_714_557_600, 1_714_557_600_000, 1_714_557_600_000_000, "2024-05-01T12:00:00+02:00"]
)
def test_a_time_may_be_a_number_of_any_unit(time: object) -> None:
    assert (
        only_session(read_json([{"created_at": time, "messages": TALK}])).draft.created_at
        == 1_714_557_600 * SECOND
    )


def test_tokens_that_cannot_be_are_none() -> None:
    message = {
        "role": "assistant",
        "content": "x",
        "usage": {"prompt_tokens": 10**30, "completion_tokens": -1},
    }
    results = only_session(read_json([[message]])).messages[0]
    assert (results.input_tokens, results.output_tokens) == (0, 0)


def test_a_record_without_an_id_has_one_of_its_content() -> None:
    again = json.loads(json.dumps(dict(reversed(TRIAL.items()))))
    assert only_session(read_json([TRIAL])).draft.id == only_session(read_json([again])).draft.id
    assert (
        only_session(read_json([TRIAL])).draft.id
        != only_session(read_json([TRIAL | {"trial": 2}])).draft.id
    )


@pytest.mark.parametrize("identity", ["", "a" * 300, "a\nb", None, 1.5, True])
def test_an_id_that_cannot_be_one_is_replaced(identity: object) -> None:
    name = only_session(read_json([{"id": identity, "messages": TALK}])).draft.id
    assert name is not None
    assert name.startswith("import_")


def test_a_slash_in_an_id_is_replaced_since_no_id_of_ours_has_one() -> None:
    assert only_session(read_json([{"id": "a/b", "messages": TALK}])).draft.id == "a_b"


def test_messages_are_known_by_their_ids_else_by_their_places_and_never_twice_by_the_same() -> None:
    talk = [
        {"role": "user", "content": text, **more}
        for text, more in (("a", {"id": "m"}), ("b", {}), ("c", {"id": "m"}))
    ]
    assert [message.client_id for message in only_session(read_json([talk])).messages] == [
        "m",
        "import:1",
        "m#2",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([{"type": "text", "text": "hi"}], {"type": "text", "content": "hi"}),
        ({"type": "refusal", "refusal": "no"}, {"type": "text", "content": "no"}),
        (
            [{"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}}],
            {"type": "uri", "modality": "image", "uri": "https://x/y.png", "detail": "low"},
        ),
        (
            [{"type": "image_url", "image_url": "data:image/png;base64,AAAA"}],
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        ),
        (
            [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}],
            {"type": "blob", "modality": "audio", "mime_type": "audio/mp3", "content": "AAAA"},
        ),
        (
            [{"type": "file", "file": {"file_id": "file-1"}}],
            {"type": "file", "modality": "document", "file_id": "file-1"},
        ),
        (
            [
                {
                    "type": "file",
                    "file": {"file_data": "data:text/csv;base64,AA", "filename": "a.csv"},
                }
            ],
            {
                "type": "blob",
                "modality": "document",
                "mime_type": "text/csv",
                "content": "AA",
                "name": "a.csv",
            },
        ),
        ([{"type": "novel", "depth": [1, None]}], {"type": "novel", "depth": [1, None]}),
        ([17], {"type": "text", "content": "17"}),
        ("", {"type": "text", "content": ""}),
        (None, {"type": "text", "content": ""}),
    ],
)
def test_every_kind_of_content_becomes_a_part(content: object, expected: dict[str, Any]) -> None:
    outcomes = read_json([[{"role": "user", "content": content}]], format_name="openai")
    assert parts(only_session(outcomes).messages[0]) == [expected]


def test_reasoning_comes_first_and_an_old_function_call_is_a_tool_call() -> None:
    message = {
        "role": "assistant",
        "reasoning_content": "hm",
        "content": "so",
        "function_call": {"name": "f", "arguments": "not json"},
    }
    assert parts(only_session(read_json([[message]])).messages[0]) == [
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "so"},
        {"type": "tool_call", "id": None, "name": "f", "arguments": "not json"},
    ]


def test_usage_and_model_and_what_is_left_of_a_message_are_kept() -> None:
    message = {
        "role": "assistant",
        "content": "x",
        "model": "m",
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
        "weight": 1,
        "metadata": {"a": 1},
    }
    first = only_session(read_json([[message]])).messages[0]
    assert (first.model, first.input_tokens, first.output_tokens, metadata(first)) == (
        "m",
        3,
        4,
        {"weight": 1, "a": 1},
    )


@pytest.mark.parametrize(
    ("role", "ours"),
    [("developer", "system"), ("function", "tool"), ("human", "user"), ("AI", "assistant")],
)
def test_the_roles_of_relatives_are_understood(role: str, ours: str) -> None:
    assert only_session(read_json([[{"role": role, "content": "x"}]])).messages[0].role == ours


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"no": "list"}, "no list of messages"),
        ("text", "no list of messages"),
        ({"messages": [17]}, "no list of messages"),
    ],
)
def test_a_record_that_cannot_be_read_is_set_aside_with_its_reason(
    record: object, reason: str
) -> None:
    outcomes = read_json([DIALOGUE, record, TRIAL])
    assert [type(item) for item in outcomes] == [SessionRecord, Bad, SessionRecord]
    assert isinstance(outcomes[1], Bad)
    assert outcomes[1].number == 2
    assert reason in outcomes[1].reason
