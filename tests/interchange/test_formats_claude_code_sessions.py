"""The sessions in a file of Claude Code, and their parents.

Also what was typed while the agent worked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hansard.interchange.records import SessionRecord
from tests.interchange.reading import check_record, only_session, read_bytes, read_folder, spoken
from tests.interchange.test_formats_claude_code import TALK, answer, entry, lines, text


def kinships(outcomes: list[Any]) -> list[tuple[str | None, str, str | None]]:
    records = map(check_record, outcomes)
    return [(record.draft.id, record.draft.kind, record.draft.parent) for record in records]


def queued(second: int, prompt: object, **more: Any) -> dict[str, Any]:
    attachment = {"type": "queued_command", "commandMode": "prompt", "prompt": prompt} | more
    record = entry(f"at{second}", "a5", "attachment", "")
    return {key: value for key, value in record.items() if key != "message"} | {
        "attachment": attachment,
        "timestamp": f"2026-02-10T14:30:{second:02d}.000Z",
    }


def operation(kind: str, content: str | None = None, second: int = 9) -> dict[str, Any]:
    queue_entry = {
        "type": "queue-operation",
        "operation": kind,
        "sessionId": "s-1",
        "timestamp": f"2026-02-10T14:30:{second:02d}.000Z",
    }
    return queue_entry | ({"content": content} if content else {})


@pytest.mark.parametrize("prompt", ["Also the docs", [{"type": "text", "text": "Also the docs"}]])
def test_a_prompt_that_was_typed_while_the_agent_worked_is_a_message(prompt: object) -> None:
    talk = [*TALK, operation("enqueue", "Also the docs"), operation("remove"), queued(9, prompt)]
    session = only_session(read_bytes(lines(*talk, answer("a10", "at9", text("Yes")))))
    assert spoken(session)[-2:] == [("user", "Also the docs"), ("assistant", "Yes")]
    assert session.messages[-2].created_at == 1_770_733_809_000_000


@pytest.mark.parametrize(
    "attachment",
    [
        queued(9, "<task-notification>done</task-notification>"),
        queued(9, "done", commandMode="task-notification"),
        queued(9, ""),
        queued(9, "x") | {"attachment": {"type": "file", "prompt": "x"}},
    ],
)
def test_a_notice_that_was_queued_is_no_message(attachment: dict[str, Any]) -> None:
    assert len(only_session(read_bytes(lines(*TALK, attachment))).messages) == 5


def test_older_files_have_only_the_queue() -> None:
    talk = [
        *TALK,
        operation("enqueue", "First", 6),
        operation("enqueue", "Second", 6),
        operation("enqueue", "Taken back", 6),
        operation("dequeue", second=7),
        answer("a8", "a5", text("Doing the first")),
        entry("u9", "a8", "user", "Second"),
        operation("dequeue", second=9),
        operation("remove"),
        answer("a10", "u9", text("Doing the second")),
    ]
    session = only_session(read_bytes(lines(*talk)))
    assert spoken(session)[5:] == [
        ("user", "First"),
        ("assistant", "Doing the first"),
        ("user", "Second"),
        ("assistant", "Doing the second"),
    ]


def test_a_summary_of_another_conversation_names_nothing() -> None:
    foreign = {"type": "summary", "summary": "Another one", "leafUuid": "zzz"}
    other = {"type": "custom-title", "customTitle": "Another's", "sessionId": "s-9"}
    assert only_session(read_bytes(lines(foreign, other, *TALK))).draft.title is None


def test_two_sessions_in_one_file_are_two_sessions() -> None:
    second = [
        entry("v1", None, "user", "Other", sessionId="s-2"),
        answer("v2", "v1", text("Fine"), sessionId="s-2"),
    ]
    outcomes = read_bytes(lines(*TALK, *second))
    assert kinships(outcomes) == [("s-1", "session", None), ("s-2", "session", None)]


def test_what_a_second_window_said_is_a_branch() -> None:
    talk = [
        entry("u1", None, "user", "base"),
        answer("a2", "u1", text("b")),
        entry("u3", "a2", "user", "window A"),
        answer("a4", "u3", text("A")),
        entry("u5", "a2", "user", "window B"),
        answer("a6", "u5", text("B")),
        entry("u7", "a4", "user", "A again"),
        entry("u8", "a6", "user", "B again"),
    ]
    session, branch = map(check_record, read_bytes(lines(*talk)))
    assert spoken(session)[2:] == [("user", "window B"), ("assistant", "B"), ("user", "B again")]
    assert spoken(branch) == [("user", "window A"), ("assistant", "A"), ("user", "A again")]
    assert branch.forked_after == "a2"


def test_a_prompt_taken_back_within_a_branch_is_a_branch_of_that() -> None:
    talk = [
        entry("u1", None, "user", "base"),
        answer("a2", "u1", text("b")),
        entry("u3", "a2", "user", "old"),
        answer("a4", "u3", text("A")),
        entry("u5", "a4", "user", "older"),
        entry("u6", "a4", "user", "old again"),
        entry("u7", "a2", "user", "new"),
    ]
    records = [check_record(outcome) for outcome in read_bytes(lines(*talk))]
    assert [(record.draft.id, record.draft.parent, spoken(record)[0][1]) for record in records] == [
        ("s-1", None, "base"),
        ("s-1:u3", "s-1", "old"),
        ("s-1:u5", "s-1:u3", "older"),
    ]


def side(agent: str, **more: Any) -> bytes:
    return lines(
        entry("x1", None, "user", "Look", isSidechain=True, agentId=agent, **more),
        answer("x2", "x1", text("There"), isSidechain=True, agentId=agent, **more),
    )


@pytest.mark.parametrize(
    ("path", "session", "expected"),
    [
        ("p/agent-abc.jsonl", "s-1", ("s-1:abc", "task", "s-1")),
        ("p/s-1/subagents/agent-abc.jsonl", "s-1", ("s-1:abc", "task", "s-1")),
        ("p/s-1/subagents/agent-abc.jsonl", "agent-abc", ("s-1:abc", "task", "s-1")),
        ("p/s-1/subagents/workflows/w/agent-abc.jsonl", "agent-abc", ("s-1:abc", "task", "s-1")),
        ("p/agent-abc.jsonl", "agent-abc", ("agent-abc", "task", None)),
    ],
)
def test_a_sub_agents_parent_is_said_by_its_folder_or_its_lines(
    path: str, session: str, expected: tuple[str, str, str | None], tmp_path: Path
) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_bytes(side("abc", sessionId=session))
    assert kinships(read_folder(tmp_path)) == [expected]


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({}, "claude-code"),
        ({"version": "0.2.9"}, "claude-code"),
        ({"version": "0.2.9", "model": "glm-4.6"}, "claude-code-like"),
        ({"version": None, "model": "glm-4.6"}, "claude-code-like"),
        ({"model": "glm-4.6"}, "claude-code"),
        (
            {"sessionId": "session-0b5c1d2e-0000-4000-8000-000000000000", "model": "glm-4.6"},
            "iflow",
        ),
    ],
)
def test_agents_that_write_the_same_lines_are_told_apart(
    change: dict[str, Any], label: str
) -> None:
    model = change.pop("model", "claude-sonnet-4-5")
    reply = answer("a2", "u1", text("yo"), **change)
    reply["message"]["model"] = model
    session = only_session(read_bytes(lines(entry("u1", None, "user", "hi", **change), reply)))
    assert (session.draft.agent, session.draft.channel) == (label, label)
    assert bool(session.remarks) == (label == "claude-code-like")


def test_the_list_of_prompts_is_no_transcript() -> None:
    history = {"display": "fix it", "pastedContents": {}, "timestamp": 1, "sessionId": "s"}
    with pytest.raises(AssertionError, match="list of prompts"):
        read_bytes(lines(history))


def test_snapshots_of_files_alone_are_no_transcript() -> None:
    snapshot = {"type": "file-history-snapshot", "messageId": "m", "snapshot": {"messageId": "m"}}
    with pytest.raises(AssertionError, match="snapshots of edited files, which hold no conv"):
        read_bytes(lines(snapshot, snapshot))


def test_a_branch_of_a_sub_agent_lies_below_the_sub_agent() -> None:
    talk = [
        *TALK,
        entry("x1", None, "user", "Look", isSidechain=True, agentId="g"),
        entry("x2", "x1", "user", "there", isSidechain=True, agentId="g"),
        entry("x3", "x1", "user", "here", isSidechain=True, agentId="g"),
    ]
    records = [
        outcome for outcome in read_bytes(lines(*talk)) if isinstance(outcome, SessionRecord)
    ]
    assert kinships(records) == [
        ("s-1", "session", None),
        ("s-1:g", "task", "s-1"),
        ("s-1:g:x2", "branch", "s-1:g"),
    ]
