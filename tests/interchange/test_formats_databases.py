"""Sessions in databases of other programs: opencode 2, and the chats of Cursor's command line."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from hansard.interchange.discovery import PRODUCTS
from hansard.interchange.documents import documents, within
from hansard.interchange.records import SessionRecord
from hansard.interchange.values import Bad
from tests.interchange.homes import (
    SECONDS,
    Json,
    write_cursor_chat,
    write_cursor_database,
    write_lines,
    write_opencode_2,
    write_opencode_database,
)
from tests.interchange.reading import check_record, metadata, only_session, parts, read, spoken

QUERY = "<user_info>OS: Linux</user_info>\n<user_query>\nRun ls\n</user_query>"


def in_database(file: Path) -> list[SessionRecord | Bad]:
    (document,) = documents(file)
    return read(document)


def chat(folder: Path, *messages: Json, **meta: object) -> Path:
    return write_cursor_chat(folder / "chats/h/chat-1/store.db", *messages, **meta)


def test_a_chat_of_cursors_command_line_is_read_in_the_order_of_its_root(tmp_path: Path) -> None:
    call = {"type": "tool-call", "toolCallId": "t1", "toolName": "Shell", "args": {"command": "ls"}}
    result = {"type": "tool-result", "toolCallId": "t1", "toolName": "Shell", "result": "a b"}
    file = chat(
        tmp_path,
        {"role": "system", "content": "You are an agent"},
        {"role": "user", "content": "<user_info>OS: Linux</user_info>"},
        {"role": "user", "content": [{"type": "text", "text": QUERY}]},
        {"role": "assistant", "content": [{"type": "reasoning", "text": "list"}, call]},
        {"role": "tool", "content": [result]},
        {"role": "user", "content": "again"},
        {"role": "user", "content": "again"},
        name="Listing",
        createdAt=SECONDS * 1000,
        lastUsedModel="model-x",
    )
    session = only_session(in_database(file))
    assert (session.draft.id, session.draft.title) == ("chat-1", "Listing")
    assert (session.draft.model, session.draft.created_at) == ("model-x", SECONDS * 1_000_000)
    assert [role for role, _ in spoken(session)] == [
        "system", "system", "user", "assistant", "tool", "user", "user",
    ]  # fmt: skip
    assert session.messages[2].text == "Run ls"
    assert metadata(session.messages[2])["context"] == "<user_info>OS: Linux</user_info>"
    assert parts(session.messages[3])[1]["arguments"] == {"command": "ls"}
    assert parts(session.messages[4])[0]["response"] == "a b"
    assert len({message.client_id for message in session.messages}) == 7


def test_a_message_of_a_chat_that_is_not_there_is_counted(tmp_path: Path) -> None:
    file = chat(tmp_path, {"role": "user", "content": "hi"}, {"role": "user", "content": "lost"})
    with closing(apsw.Connection(str(file))) as database:
        database.execute("delete from blobs where cast(data as text) like '%lost%'")
    session = only_session(in_database(file))
    assert session.remarks == {"unknown content: cursor_blob": 1}
    assert parts(session.messages[1])[0]["type"] == "cursor_blob"


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        (b"\x0a\x20short", "another version"),
        (b"\x0f", "another version"),
        (b"\xff" * 11, "breaks off"),
        (b"\x0a\x20" + bytes(32), "is JSON"),
        (None, "not there"),
    ],
)
def test_a_root_of_another_shape_is_bad_and_says_so(
    tmp_path: Path, root: bytes | None, reason: str
) -> None:
    file = chat(tmp_path, {"role": "user", "content": "hi"})
    with closing(apsw.Connection(str(file))) as database:
        _, value = next(database.execute("select * from meta"))
        name = json.loads(bytes.fromhex(value))["latestRootBlobId"]
        database.execute("update blobs set data = ? where id = ?", (root, name))
    (document,) = documents(file)
    (problem,) = read(document, format_name="cursor")
    assert isinstance(problem, Bad)
    assert reason in problem.reason


def test_a_chat_without_a_message_and_an_editor_without_a_chat_are_passed_over(
    tmp_path: Path,
) -> None:
    files = [
        chat(tmp_path, latestRootBlobId=None),
        write_cursor_database(tmp_path / "state.vscdb", {}),
    ]
    for file in files:
        with pytest.raises(AssertionError, match=r"known format|was sent yet|is in it"):
            in_database(file)


def test_a_bubble_of_the_editor_that_is_not_there_is_counted(tmp_path: Path) -> None:
    headers = [{"bubbleId": "b1", "type": 1}, {"bubbleId": "b2", "type": 2}, {"bubbleId": None}]
    file = write_cursor_database(
        tmp_path / "state.vscdb",
        {
            "composerData:c": {"composerId": "c", "fullConversationHeadersOnly": headers},
            "bubbleId:c:b1": {"bubbleId": "b1", "type": 1, "text": "hi"},
        },
    )
    session = only_session(in_database(file))
    assert session.remarks == {"unknown content: cursor_bubble": 1}
    assert [role for role, _ in spoken(session)] == ["user", "assistant"]
    assert parts(session.messages[1])[0]["type"] == "cursor_bubble"


@pytest.mark.parametrize("value", ["[1]", "{", "null", "7"])
def test_a_composer_that_is_no_object_is_bad(tmp_path: Path, value: str) -> None:
    file = write_cursor_database(
        tmp_path / "state.vscdb",
        {
            "composerData:a": {"composerId": "a", "conversation": [{"type": 1, "text": "hi"}]},
            "composerData:b": {},
        },
    )
    with closing(apsw.Connection(str(file))) as database:
        database.execute("update cursorDiskKV set value = ? where key = 'composerData:b'", (value,))
    session, problem = in_database(file)
    assert spoken(check_record(session)) == [("user", "hi")]
    assert problem == Bad(2, "composerData:b is not a JSON object")


@pytest.mark.parametrize("format_name", ["cursor", "opencode"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_database_that_is_cut_off_is_told_of(
    tmp_path: Path, share: float, format_name: str
) -> None:
    bubbles = [{"type": 1, "text": "hi " * 2000}] * 20
    file = write_cursor_database(
        tmp_path / "state.vscdb", {"composerData:a": {"composerId": "a", "conversation": bubbles}}
    )
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    (document,) = documents(file)
    (problem,) = read(document, format_name=format_name)
    assert isinstance(problem, Bad)
    assert problem.reason.startswith("the database cannot be ")


@pytest.mark.parametrize("name", ["chat-1.jsonl", "chat-1/chat-1.jsonl"])
def test_a_chat_that_is_a_transcript_as_well_is_read_from_the_transcript(
    tmp_path: Path, name: str
) -> None:
    home = tmp_path / "home"
    store = chat(home / ".cursor", {"role": "user", "content": "hi"})
    (cursor,) = (product for product in PRODUCTS if product.name == "cursor")
    assert cursor.files(home) == [store]
    line = {"role": "user", "message": {"content": [{"type": "text", "text": QUERY}]}}
    transcript = write_lines(home / ".cursor/projects/p/agent-transcripts" / name, line)
    assert cursor.files(home) == [transcript]
    assert list(within(home)) == [transcript]
    assert list(within(store)) == [store]
    session = only_session(read(next(iter(documents(transcript)))))
    assert (session.draft.id, spoken(session)) == ("chat-1", [("user", "Run ls")])


ANSWER: Json = {
    "type": "assistant",
    "agent": "build",
    "model": {"id": "model-x", "providerID": "p"},
    "content": [
        {"type": "reasoning", "text": "think"},
        {
            "type": "tool",
            "id": "c1",
            "name": "write",
            "state": {
                "status": "completed",
                "input": {"path": "a"},
                "content": [{"type": "text", "text": "Created"}],
            },
        },
        {
            "type": "tool",
            "id": "c2",
            "name": "read",
            "state": {"status": "error", "input": {}, "error": {"message": "File not found"}},
        },
        {"type": "tool", "id": "c3", "name": "read", "state": {"status": "running", "input": {}}},
    ],
    "cost": 0.5,
    "tokens": {"input": 7, "output": 3, "reasoning": 2, "cache": {"read": 20, "write": 0}},
}


def test_a_session_of_opencode_2_has_its_tools_its_tokens_and_its_cost(tmp_path: Path) -> None:
    image = {"uri": "data:image/png;base64,AAAA", "mime": "image/png", "name": "a.png"}
    write_opencode_2(
        tmp_path / "opencode.db",
        {"ses_1": None},
        {"type": "agent-switched", "agent": "build"},
        {"type": "user", "text": "hi", "files": [image]},
        ANSWER,
        {"type": "synthetic", "text": "<system-reminder>"},
        {"type": "shell", "shell": {"id": "s1", "command": "ls"}, "output": {"output": "a b"}},
        {"type": "compaction", "summary": "So far", "reason": "auto"},
        {"type": "dream", "of": "sheep"},
        {"type": "idle", "outcome": "succeeded"},
    )
    session = only_session(in_database(tmp_path / "opencode.db"))
    roles = [message.role for message in session.messages]
    assert roles == [
        "user",
        *("assistant", "tool", "assistant", "tool", "assistant"),
        *("system", "assistant", "tool", "system", "system"),
    ]
    assert parts(session.messages[0])[1]["modality"] == "image"
    answer = session.messages[1]
    assert (answer.model, answer.input_tokens, answer.output_tokens) == ("model-x", 27, 5)
    assert (answer.cache_read_tokens, answer.reasoning_tokens) == (20, 2)
    assert answer.cost_nanos == 500_000_000
    responses = [
        part for message in session.messages for part in parts(message) if "response" in part
    ]
    assert [(part["id"], part["response"]) for part in responses] == [
        ("c1", "Created"), ("c2", "File not found"), ("s1", "a b"),
    ]  # fmt: skip
    assert responses[1]["is_error"]
    assert session.messages[9].text == "So far"
    assert metadata(session.messages[10])["role"] == "dream"
    assert parts(session.messages[10])[0]["of"] == "sheep"


def test_a_session_in_the_tables_of_both_versions_comes_once_from_the_newer(
    tmp_path: Path,
) -> None:
    file = tmp_path / "opencode.db"
    write_opencode_database(file)
    write_opencode_2(file, {"ses_3": "ses_2"}, {"type": "user", "text": "newer"})
    sessions = {record.draft.id: record for record in map(check_record, in_database(file))}
    assert [message.text for message in sessions["ses_3"].messages] == ["newer"]
    assert (sessions["ses_3"].draft.parent, sessions["ses_3"].draft.kind) == ("ses_2", "task")
    assert [message.text for message in sessions["ses_2"].messages] == ["hello from ses_2"]


def test_a_session_that_version_2_did_not_copy_yet_is_read_from_the_older(tmp_path: Path) -> None:
    file = tmp_path / "opencode.db"
    write_opencode_database(file)
    write_opencode_2(file, {"ses_3": None})
    texts = [record.messages[0].text for record in map(check_record, in_database(file))]
    assert sorted(texts) == ["hello from ses_2", "hello from ses_3"]


def test_a_tool_of_opencode_2_answers_with_what_it_has(tmp_path: Path) -> None:
    file = {"type": "file", "uri": "file:///a.png", "mime": "image/png"}
    states: list[Json] = [
        {"status": "completed", "input": {}, "content": [file]},
        {"status": "completed", "input": {}, "content": [], "structured": {"n": 1}},
    ]
    tools = [{"type": "tool", "id": "t", "name": "x", "state": state} for state in states]
    write_opencode_2(
        tmp_path / "opencode.db", {"ses_1": None}, {"type": "assistant", "content": tools}
    )
    session = only_session(in_database(tmp_path / "opencode.db"))
    answers = [part["response"] for message in session.messages for part in parts(message)
               if "response" in part]  # fmt: skip
    assert answers == [[file], {"n": 1}]
