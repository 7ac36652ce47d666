from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.values import Bad
from tests.interchange.reading import (
    NOW,
    SECOND,
    check_record,
    format_of,
    metadata,
    only_session,
    parts,
    read_folder,
    read_json,
    spoken,
)

START = 1_714_557_600.25


def node(
    key: str, parent: str | None, message: dict[str, Any] | None, children: list[str] | None = None
) -> dict[str, Any]:
    return {key: {"id": key, "message": message, "parent": parent, "children": children or []}}


def message(
    key: str, role: str, content: object, second: float | None = 0, **more: Any
) -> dict[str, Any]:
    inside = {"content_type": "text", "parts": [content]} if isinstance(content, str) else content
    at = None if second is None else START + second
    return {
        "id": key,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": at,
        "content": inside,
        "recipient": "all",
        "metadata": {},
    } | more


def conversation(*nodes: dict[str, Any], current: str | None, **more: Any) -> dict[str, Any]:
    mapping = {key: value for entry in nodes for key, value in entry.items()}
    return {
        "title": "Rome",
        "create_time": START,
        "update_time": START + 60,
        "mapping": mapping,
        "current_node": current,
        "conversation_id": "c-1",
    } | more


TREE = conversation(
    node("root", None, None, ["sys"]),
    node("sys", "root", message("sys", "system", "", None), ["q"]),
    node("q", "sys", message("q", "user", "When was Rome founded?", 1), ["old", "new"]),
    node("old", "q", message("old", "assistant", "In 753.", 2)),
    node(
        "new", "q", message("new", "assistant", "In 753 BC.", 3, metadata={"model_slug": "gpt-4o"})
    ),
    current="new",
    default_model_slug="gpt-4o",
    gizmo_id="g-1",
    is_archived=True,
    safe_urls=[],
    memory_scope="global",
)


def line(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    """A tree with one line of these messages."""
    keys = ["root", *(item["id"] for item in messages)]
    nodes = [node("root", None, None)] + [
        node(item["id"], keys[index], item) for index, item in enumerate(messages)
    ]
    return [conversation(*nodes, current=keys[-1])]


def main(outcomes: list[SessionRecord | Bad]) -> SessionRecord:
    """The session without its branches."""
    return check_record(outcomes[0])


def test_the_line_that_the_person_saw_last_is_the_session_and_the_others_are_branches() -> None:
    session, branch = map(check_record, read_json([TREE]))
    assert format_of(json.dumps([TREE]).encode()) == "chatgpt"
    assert spoken(session) == [("user", "When was Rome founded?"), ("assistant", "In 753 BC.")]
    assert session.draft.metadata == {"memory_scope": "global"}
    assert (branch.draft.kind, branch.draft.parent, branch.forked_after) == ("branch", "c-1", "q")
    assert spoken(branch) == [("assistant", "In 753.")]
    assert branch.messages[0].created_at == int((START + 2) * SECOND)


def test_branches_that_are_to_be_dropped_are_counted() -> None:
    rules = Rules(now=NOW, keep_branches=False)
    session = only_session(read_json([TREE], rules=rules))
    assert session.draft.metadata == {"memory_scope": "global", "messages_on_other_branches": 1}
    assert session.remarks == {"messages on dropped branches": 1}


def test_the_conversation_keeps_its_name_model_agent_times_and_archive() -> None:
    session = main(read_json([TREE]))
    draft = session.draft
    assert (draft.id, draft.title, draft.title_by, draft.model, draft.agent, draft.channel) == (
        "c-1",
        "Rome",
        "import",
        "gpt-4o",
        "g-1",
        "chatgpt",
    )
    assert draft.created_at == int(START * SECOND)
    assert session.archived_at == int((START + 60) * SECOND)
    assert [item.created_at for item in session.messages] == [
        int((START + second) * SECOND) for second in (1, 3)
    ]
    assert [item.client_id for item in session.messages] == ["q", "new"]
    assert session.messages[1].model == "gpt-4o"


@pytest.mark.parametrize("current", [None, "gone", 7])
def test_without_a_current_node_the_newest_leaf_is_the_end(current: object) -> None:
    tree = TREE | {"current_node": current}
    assert spoken(main(read_json([tree])))[-1] == ("assistant", "In 753 BC.")
    older = json.loads(json.dumps(tree))
    older["mapping"]["new"]["message"]["create_time"] = START - 5
    assert spoken(main(read_json([older])))[-1] == ("assistant", "In 753.")


def test_a_tree_that_bites_its_tail_ends() -> None:
    tree = conversation(
        node("a", "b", message("a", "user", "x")),
        node("b", "a", message("b", "assistant", "y")),
        current="b",
    )
    assert spoken(only_session(read_json([tree]))) == [("user", "x"), ("assistant", "y")]


def test_a_message_to_a_tool_is_a_call_and_the_tools_word_its_answer() -> None:
    session = only_session(
        read_json(
            line(
                message(
                    "a",
                    "assistant",
                    {"content_type": "code", "language": "python", "text": "print(1)"},
                    recipient="python",
                ),
                message(
                    "b",
                    "tool",
                    {"content_type": "execution_output", "text": "1"},
                    author={"role": "tool", "name": "python"},
                ),
                message(
                    "c",
                    "assistant",
                    {"content_type": "code", "text": '{"q": "rome"}'},
                    recipient="search",
                ),
                message(
                    "d",
                    "tool",
                    {
                        "content_type": "multimodal_text",
                        "parts": [
                            {"content_type": "image_asset_pointer", "asset_pointer": "file://1"}
                        ],
                    },
                ),
            )
        )
    )
    assert [item.role for item in session.messages] == ["assistant", "tool", "assistant", "tool"]
    assert [parts(item)[0] for item in session.messages] == [
        {"type": "tool_call", "id": "a", "name": "python", "arguments": "print(1)"},
        {"type": "tool_call_response", "id": "a", "response": "1", "name": "python"},
        {"type": "tool_call", "id": "c", "name": "search", "arguments": {"q": "rome"}},
        {
            "type": "tool_call_response",
            "id": "c",
            "response": [{"type": "file", "modality": "image", "file_id": "file://1"}],
        },
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            {"content_type": "text", "parts": ["a", "", "b"]},
            [{"type": "text", "content": "a"}, {"type": "text", "content": "b"}],
        ),
        ({"content_type": "text", "parts": None}, [{"type": "text", "content": ""}]),
        ({"content_type": "text", "parts": [5]}, [{"type": "text", "content": "5"}]),
        (
            {
                "content_type": "multimodal_text",
                "parts": [
                    {"content_type": "image_asset_pointer", "asset_pointer": "sediment://f"},
                    "what is it?",
                ],
            },
            [
                {"type": "file", "modality": "image", "file_id": "sediment://f"},
                {"type": "text", "content": "what is it?"},
            ],
        ),
        (
            {
                "content_type": "multimodal_text",
                "parts": [{"content_type": "audio_transcription", "text": "hello"}],
            },
            [{"type": "text", "content": "hello"}],
        ),
        (
            {"content_type": "multimodal_text", "parts": [{"content_type": "novel", "x": 1}]},
            [{"content_type": "novel", "x": 1, "type": "novel"}],
        ),
        (
            {"content_type": "thoughts", "thoughts": [{"summary": "S", "content": "C"}, 7]},
            [{"type": "reasoning", "content": "S\nC"}, {"type": "reasoning", "content": "7"}],
        ),
        (
            {"content_type": "reasoning_recap", "content": "Thought for 3s"},
            [{"type": "reasoning", "content": "Thought for 3s"}],
        ),
        (
            {"content_type": "tether_browsing_display", "result": "page"},
            [{"type": "text", "content": "page"}],
        ),
        (
            {"content_type": "brand_new", "data": 1},
            [{"content_type": "brand_new", "data": 1, "type": "brand_new"}],
        ),
    ],
)
def test_every_kind_of_content_becomes_parts(
    content: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    outcomes = read_json(line(message("a", "assistant", content)), format_name="chatgpt")
    assert parts(only_session(outcomes).messages[0]) == expected


def test_custom_instructions_are_the_systems_word() -> None:
    content = {
        "content_type": "user_editable_context",
        "user_profile": "A baker.",
        "user_instructions": "Be brief.",
    }
    first = only_session(
        read_json(line(message("a", "user", content, metadata={"is_user_system_message": True})))
    ).messages[0]
    assert (first.role, first.text) == ("system", "A baker.\nBe brief.")
    assert metadata(first) == {"is_user_system_message": True}


def test_messages_without_a_time_follow_a_second_after() -> None:
    session = only_session(
        read_json(line(message("a", "user", "x", 5), message("b", "assistant", "y", None)))
    )
    assert [item.created_at for item in session.messages] == [
        int((START + 5) * SECOND),
        int((START + 6) * SECOND),
    ]


def test_a_conversation_without_messages_is_a_session_without_messages() -> None:
    session = only_session(
        read_json(
            [
                conversation(
                    node("root", None, None), current="root", create_time=None, update_time=None
                )
            ],
            format_name="chatgpt",
        )
    )
    assert (session.messages, session.draft.created_at) == ([], NOW)


@pytest.mark.parametrize("record", [7, {"title": "x"}, {"mapping": []}])
def test_what_is_no_conversation_is_set_aside(record: object) -> None:
    outcomes = read_json([record], format_name="chatgpt")
    assert isinstance(outcomes[0], Bad)


def test_split_files_in_a_folder_and_in_an_archive_are_all_read(tmp_path: Path) -> None:
    pieces = {
        f"conversations-00{number}.json": json.dumps([TREE | {"conversation_id": f"c-{number}"}])
        for number in range(3)
    }
    folder = tmp_path / "export"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in pieces.items():
            (folder / name).write_text(text, "utf-8")
            archive.writestr(f"data/{name}", text)
    for path in (folder, tmp_path / "export.zip"):
        assert [check_record(outcome).draft.id for outcome in read_folder(path)] == [
            name for number in range(3) for name in (f"c-{number}", f"c-{number}:old")
        ]


@pytest.mark.parametrize("has_branch", [False, True])
def test_a_conversation_of_many_mib_is_read_as_a_small_one_is(has_branch: bool) -> None:
    """Its messages are kept packed until they are read."""
    count, words = 9_500, "word " * 180
    nodes = [node("m0", None, None)]
    for number in range(1, count):
        role = "user" if number % 2 else "assistant"
        content = message(f"m{number}", role, f"{number} {words}", number)
        nodes.append(node(f"m{number}", f"m{number - 1}", content))
    if has_branch:
        nodes.append(node("b", "m7", message("b", "assistant", "another way", 9)))
    session, *branches = map(
        check_record, read_json([conversation(*nodes, current=f"m{count - 1}")])
    )
    assert len(session.messages) == count - 1
    assert [spoken(session)[at][1][:5] for at in (0, 4999, -1)] == ["1 wor", "5000 ", "9499 "]
    assert [spoken(branch) for branch in branches] == (
        [[("assistant", "another way")]] if has_branch else []
    )


def test_a_conversation_of_many_mib_without_an_id_has_one_of_its_content() -> None:
    nodes = [
        node(f"m{number}", f"m{number - 1}", message(f"m{number}", "user", "x" * 100_000, number))
        for number in range(90)
    ]
    tree = conversation(*nodes, current="m89", conversation_id=None)
    first, second = (only_session(read_json([tree])).draft.id for _ in range(2))
    assert first == second
    assert str(first).startswith("import_")
