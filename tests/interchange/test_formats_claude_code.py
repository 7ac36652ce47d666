from __future__ import annotations

import json
from typing import Any

import pytest

from hansard.interchange.records import SessionRecord
from hansard.interchange.values import Bad
from tests.interchange.reading import (
    SECOND,
    check_record,
    format_of,
    metadata,
    only_session,
    parts,
    read_bytes,
    spoken,
)

START = 1_770_733_800


def entry(uuid: str, parent: str | None, kind: str, content: object, **more: Any) -> dict[str, Any]:
    role = "assistant" if kind == "assistant" else "user"
    number = int("".join(filter(str.isdigit, uuid)) or 0)
    return {
        "parentUuid": parent,
        "isSidechain": False,
        "sessionId": "s-1",
        "cwd": "/home/ann/shop",
        "version": "2.1.0",
        "gitBranch": "main",
        "type": kind,
        "message": {"role": role, "content": content},
        "uuid": uuid,
        "timestamp": f"2026-02-10T14:30:{number % 60:02d}.000Z",
    } | more


def answer(uuid: str, parent: str, block: dict[str, Any], **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 7}
    message = {
        "id": "msg_1",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [block],
        "usage": usage,
    }
    return entry(uuid, parent, "assistant", [], **more) | {"message": message}


def lines(*entries: object) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in entries)


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "text": content}


def tool_use(call: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": "ls"}}


def result(call: str, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": "a.txt"} | more


TALK = [
    {"type": "file-history-snapshot", "messageId": "u1", "snapshot": {}, "isSnapshotUpdate": False},
    entry("u1", None, "user", "List the files"),
    answer("a2", "u1", {"type": "thinking", "thinking": "ls will do", "signature": "sig"}),
    answer("a3", "a2", tool_use("t1")),
    entry("u4", "a3", "user", [result("t1")], toolUseResult={"stdout": "a.txt"}),
    answer("a5", "u4", text("One file: a.txt")),
]


def test_a_transcript_is_one_session_in_its_order() -> None:
    session = only_session(read_bytes(lines(*TALK), name="s-1.jsonl"))
    assert format_of(lines(*TALK)) == "claude-code"
    assert spoken(session) == [
        ("user", "List the files"),
        ("assistant", ""),
        ("assistant", ""),
        ("tool", ""),
        ("assistant", "One file: a.txt"),
    ]
    draft = session.draft
    assert (draft.id, draft.channel, draft.agent, draft.model, draft.kind) == (
        "s-1",
        "claude-code",
        "claude-code",
        "claude-sonnet-4-5",
        "session",
    )
    assert draft.metadata == {"cwd": "/home/ann/shop", "gitBranch": "main", "version": "2.1.0"}
    assert [message.created_at for message in session.messages] == [
        (START + second) * SECOND for second in (1, 2, 3, 4, 5)
    ]
    assert metadata(session.messages[1])["parentUuid"] == "u1"


def test_blocks_become_parts() -> None:
    session = only_session(read_bytes(lines(*TALK)))
    assert [parts(message)[0] for message in session.messages[1:4]] == [
        {"type": "reasoning", "content": "ls will do", "signature": "sig"},
        {"type": "tool_call", "id": "t1", "name": "Bash", "arguments": {"command": "ls"}},
        {"type": "tool_call_response", "id": "t1", "response": "a.txt"},
    ]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            result("t", is_error=True),
            {"type": "tool_call_response", "id": "t", "response": "a.txt", "is_error": True},
        ),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            },
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        ),
        (
            {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
            {"type": "uri", "modality": "document", "uri": "https://x/y.pdf"},
        ),
        ({"type": "image", "source": None}, {"type": "image", "source": None}),
        ({"type": "novel", "n": 1}, {"type": "novel", "n": 1}),
        (5, {"type": "text", "content": "5"}),
    ],
)
def test_every_kind_of_block_becomes_a_part(block: object, expected: dict[str, Any]) -> None:
    assert parts(
        only_session(read_bytes(lines(entry("u1", None, "user", [block])))).messages[0]
    ) == [expected]


def test_the_usage_of_an_answer_is_counted_once_over_its_lines() -> None:
    session = only_session(read_bytes(lines(*TALK)))
    assert sum(message.input_tokens for message in session.messages) == 15
    assert sum(message.output_tokens for message in session.messages) == 7


def test_a_prompt_that_was_taken_back_is_a_branch_with_what_followed_it() -> None:
    taken_back = [entry("u6", "a5", "user", "Delete it"), answer("a7", "u6", text("Done"))]
    outcomes = read_bytes(lines(*TALK, *taken_back, entry("u8", "a5", "user", "Keep it")))
    session, branch = map(check_record, outcomes)
    assert spoken(session)[-2:] == [("assistant", "One file: a.txt"), ("user", "Keep it")]
    assert (branch.draft.id, branch.draft.kind, branch.draft.parent, branch.forked_after) == (
        "s-1:u6",
        "branch",
        "s-1",
        "a5",
    )
    assert spoken(branch) == [("user", "Delete it"), ("assistant", "Done")]


def test_parallel_tool_calls_all_stay() -> None:
    talk = [
        entry("u1", None, "user", "Both"),
        answer("a2", "u1", tool_use("t1")),
        answer("a3", "a2", tool_use("t2")),
        entry("u4", "a2", "user", [result("t1")]),
        entry("u5", "a3", "user", [result("t2")]),
        answer("a6", "u5", text("ok")),
    ]
    session = only_session(read_bytes(lines(*talk)))
    assert len(session.messages) == 6


def test_the_line_goes_on_over_entries_that_are_no_messages() -> None:
    talk = [
        entry("u1", None, "user", "a"),
        {"type": "progress", "uuid": "p2", "parentUuid": "u1", "sessionId": "s-1"},
        entry("u3", "p2", "user", "b"),
        {
            "type": "system",
            "subtype": "compact_boundary",
            "content": "Conversation compacted",
            "uuid": "s4",
            "parentUuid": None,
            "logicalParentUuid": "u3",
            "timestamp": "2026-02-10T14:30:04Z",
        },
        entry("u5", "s4", "user", "c", isCompactSummary=True),
    ]
    session = only_session(read_bytes(lines(*talk)))
    assert spoken(session) == [
        ("user", "a"),
        ("user", "b"),
        ("system", "Conversation compacted"),
        ("user", "c"),
    ]


def test_what_the_program_put_in_is_not_the_users() -> None:
    """A command reads as it was typed; the first thing that the user says names the session."""
    caveat = "<local-command-caveat>Caveat: generated while running commands</local-command-caveat>"
    model = "<command-name>/model</command-name>\n<command-args></command-args>"
    review = (
        "<command-message>review is running</command-message>\n"
        "<command-name>/review</command-name>\n<command-args>the  checkout</command-args>"
    )
    talk = [
        entry("u1", None, "user", caveat, isMeta=True),
        entry("u2", "u1", "user", model),
        entry("u3", "u2", "user", "<local-command-stdout>Set model</local-command-stdout>"),
        entry("u4", "u3", "user", review),
        entry("u5", "u4", "user", [text("Look for faults in it.")], isMeta=True),
        entry("u6", "u5", "user", "The button <command-name> jitters"),
    ]
    session = only_session(read_bytes(lines(*talk)))
    assert spoken(session) == [
        ("system", caveat),
        ("system", "/model"),
        ("system", "<local-command-stdout>Set model</local-command-stdout>"),
        ("user", "/review the  checkout"),
        ("system", "Look for faults in it."),
        ("user", "The button <command-name> jitters"),
    ]


def test_what_a_sub_agent_said_is_a_session_below() -> None:
    side = [
        entry("u6", None, "user", "Look around", isSidechain=True),
        answer("a7", "u6", text("Nothing"), isSidechain=True),
        entry("u8", None, "user", "Look again", isSidechain=True, agentId="ag1"),
    ]
    outcomes = read_bytes(lines(*TALK, *side))
    assert [
        (item.draft.id, item.draft.parent, item.draft.kind)
        for item in outcomes
        if isinstance(item, SessionRecord)
    ] == [
        ("s-1", None, "session"),
        ("s-1:u6", "s-1", "task"),
        ("s-1:ag1", "s-1", "task"),
    ]


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        ([{"type": "summary", "summary": "Files", "leafUuid": "a5"}], "Files"),
        (
            [
                {"type": "summary", "summary": "Files", "leafUuid": "a5"},
                {"type": "ai-title", "aiTitle": "Listing", "sessionId": "s-1"},
            ],
            "Listing",
        ),
        (
            [
                {"type": "custom-title", "customTitle": "Mine", "sessionId": "s-1"},
                {"type": "ai-title", "aiTitle": "Listing"},
            ],
            "Mine",
        ),
    ],
)
def test_a_title_or_summary_names_the_session(titles: list[dict[str, str]], expected: str) -> None:
    draft = only_session(read_bytes(lines(*titles, *TALK))).draft
    assert (draft.title, draft.title_by) == (expected, "import")


def test_a_resumed_transcript_belongs_to_the_session_that_it_ends_with() -> None:
    assert (
        only_session(
            read_bytes(lines(*TALK, entry("u6", "a5", "user", "Go on", sessionId="s-2")))
        ).draft.id
        == "s-2"
    )


def test_without_a_session_id_the_file_names_the_session() -> None:
    nameless = {
        key: value for key, value in entry("u1", None, "user", "x").items() if key != "sessionId"
    }
    assert only_session(read_bytes(lines(nameless), name="/x/abc.jsonl.gz")).draft.id == "abc"


def test_an_entry_without_content_or_uuid_is_kept() -> None:
    bare = {
        "type": "assistant",
        "message": {
            "role": "assistant",
            "model": "<synthetic>",
            "content": None,
            "usage": {"output_tokens": "?"},
        },
    }
    session = only_session(
        read_bytes(lines(entry("u1", None, "user", "x"), bare), format_name="claude-code")
    )
    assert metadata(session.messages[1])["original"] == bare
    assert session.remarks == {"messages without content": 1}
    assert [
        (message.client_id, message.model, message.output_tokens) for message in session.messages
    ] == [
        ("u1", None, 0),
        ("import:1", None, 0),
    ]


def test_bad_lines_are_set_aside_and_the_rest_read() -> None:
    outcomes = read_bytes(lines(*TALK) + b"{broken\n7\n")
    assert [(type(item), item.number) for item in outcomes] == [
        (Bad, 7),
        (Bad, 8),
        (SessionRecord, 2),
    ]


def test_a_lone_surrogate_becomes_a_replacement_character_and_all_else_is_kept() -> None:
    broken = entry("u1", None, "user", "cut here \ud83d", cwd="/p\ud800")
    session = only_session(read_bytes(lines(broken)))
    assert spoken(session) == [("user", "cut here \ufffd")]
    assert session.draft.metadata["cwd"] == "/p\ufffd"
    assert session.remarks["lone surrogates replaced"] == 3


def test_a_file_without_messages_has_no_session() -> None:
    assert (
        read_bytes(lines(TALK[0], {"type": "progress", "uuid": "p1"}), format_name="claude-code")
        == []
    )


def test_an_entry_without_a_name_for_a_field_is_no_title() -> None:
    assert only_session(read_bytes(lines(*TALK, {"": "x"}))).draft.title is None
