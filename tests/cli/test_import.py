"""`hansard import`: exit codes, the JSON document, --branches and --explain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Terminal

CHAT = {"id": "a", "messages": [{"role": "user", "content": "Hello"}]}
COUNTS = ("new", "same", "updated", "bad", "messages", "format")


def counts(document: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(document[name] for name in COUNTS)


def node(parent: str | None, role: str, text: str) -> dict[str, Any]:
    message = {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}
    return {"parent": parent, "message": message}


TREE = {
    "id": "tree",
    "title": "A tree",
    "create_time": 1_700_000_000,
    "current_node": "new",
    "mapping": {
        name: {"id": name, "children": [], **node(*rest)}
        for name, *rest in (
            ("ask", None, "user", "Which?"),
            ("old", "ask", "assistant", "This."),
            ("new", "ask", "assistant", "That."),
        )
    },
}


def test_an_import_that_takes_something_in_ends_with_zero(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(json.dumps([CHAT]))
    first = terminal.done("import", "a.json", "--json").json
    assert counts(first) == (1, 0, 0, 0, 1, "openai")
    assert counts(terminal.done("import", "a.json", "--json").json) == (0, 1, 0, 0, 1, "openai")


def test_an_import_that_takes_nothing_in_ends_with_six(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "strange.json").write_text('{"x": 1}')
    printed = terminal("import", "strange.json", "--json")
    assert printed.code == 6
    assert counts(printed.json) == (0, 0, 0, 0, 0, None)
    assert printed.json["unread"] == [
        {
            "file": "strange.json",
            "reason": "it is of no known format: UTF-8, objects with the keys x",
        }
    ]


def test_bad_records_alone_end_with_six_too(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id": "a", "messages": "none"}]')
    printed = terminal("import", "a.json", "--format", "openai", "--json")
    assert (printed.code, printed.json["bad"]) == (6, 1)


def test_a_file_of_several_that_cannot_be_read_ends_with_five(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(json.dumps([CHAT]))
    (tmp_path / "strange.json").write_text('{"x": 1}')
    printed = terminal("import", "a.json", "strange.json", "--json")
    assert (printed.code, printed.json["new"]) == (5, 1)


def test_a_file_that_is_not_there_ends_with_three_and_a_document(terminal: Terminal) -> None:
    printed = terminal("import", "none.json", "--json")
    assert (printed.code, counts(printed.json)) == (3, (0, 0, 0, 0, 0, None))
    assert "no such file or folder: none.json" in printed.err


def test_an_empty_file_ends_with_zero_and_says_so(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("")
    printed = terminal.done("import", "a.json", "--json")
    assert (printed.json["empty"], printed.json["new"]) == (1, 0)
    assert "it is empty" in terminal.done("import", "a.json").err


def test_what_was_noticed_is_printed(terminal: Terminal, tmp_path: Path) -> None:
    talk = [{"role": "user", "content": [{"type": "hologram", "light": 7}]}]
    (tmp_path / "a.json").write_text(json.dumps([{"id": "a", "messages": talk}]))
    assert "  1 × unknown content: hologram\n" in terminal.done("import", "a.json").err


def test_branches_are_kept_unless_they_are_to_be_dropped(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(json.dumps([TREE]))
    kept = terminal.done("import", "a.json", "--json").json
    other = ("--store", "sqlite:///other.db", "--json")
    dropped = terminal.done("import", "a.json", "--branches", "drop", *other)
    assert (kept["new"], kept["messages"]) == (2, 3)
    assert (dropped.json["new"], dropped.json["messages"]) == (1, 2)
    assert terminal("import", "a.json", "--branches", "some").code == 2


def test_explain_says_what_each_format_makes_of_a_file_and_imports_nothing(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(json.dumps([CHAT]))
    lines = terminal.done("import", "a.json", "--explain").out.splitlines()
    assert lines[0] == "a.json: UTF-8, an array of objects with the keys id, messages"
    assert dict(line.split(maxsplit=1) for line in lines[1:])["openai"] == "takes it"
    assert dict(line.split(maxsplit=1) for line in lines[1:])["chatgpt"] == (
        "no record has mapping"
    )
    assert not list(tmp_path.glob("*.db"))


def test_explain_reads_standard_input_and_answers_in_json_too(terminal: Terminal) -> None:
    printed = terminal.done("import", "-", "--explain", "--json", text=b'{"x": 1}')
    [file] = printed.json["files"]
    assert (file["file"], file["seen"], file["format"]) == (
        "standard input",
        "UTF-8, objects with the keys x",
        None,
    )
    assert all(file["reasons"].values())
