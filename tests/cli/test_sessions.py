"""`hansard sessions` and `hansard messages`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.support.serving import HANSARD


def test_list_shows_each_session_on_a_line_and_as_json(filled: Terminal) -> None:
    rows = filled.done("sessions", "list").rows
    assert [(row[0], row[2], row[4]) for row in rows] == [
        ("two", "Do you ship to Oslo?", "1"),
        ("one", "Where is my order?", "2"),
    ]
    listed = filled.done("sessions", "list", "--sort", "title", "--limit", "1", "--json").json
    assert (listed["total"], listed["has_more"], listed["data"][0]["id"]) == (2, True, "two")
    then = filled.done(
        "sessions",
        "list",
        "--sort",
        "title",
        "--limit",
        "1",
        "--json",
        "--cursor",
        listed["next_cursor"],
    ).json
    assert then["data"][0]["id"] == "one"


def test_all_of_a_long_list_comes_as_lines(filled: Terminal) -> None:
    lines = b"".join(
        json.dumps({"id": f"s{n:03}", "messages": [{"role": "user", "content": "x"}]}).encode()
        + b"\n"
        for n in range(410)
    )
    filled.done("import", "-", text=lines)
    ids = [
        json.loads(line)["id"]
        for line in filled.done("sessions", "list", "--all", "--jsonl").out.splitlines()
    ]
    assert len(ids) == len(set(ids)) == 412
    assert len(filled.done("sessions", "list", "--all").rows) == 412


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--title", "OSLO"], ["two"]),
        (["--resolution", "resolved"], ["one"]),
        (["--resolution", "resolved,open"], ["two", "one"]),
        (["--resolution", "resolved", "--resolution", "open"], ["two", "one"]),
        (["--created-from", "1h"], ["two", "one"]),
        (["--created-until", "2020-01-01"], []),
        (["--archived"], []),
        (["--archived", "false", "--no-sub-sessions", "--unread"], ["two", "one"]),
        (["--channel", "web"], []),
    ],
)
def test_list_takes_the_filters_of_the_api(
    filled: Terminal, options: list[str], expected: list[str]
) -> None:
    filled.done("sessions", "resolve", "one")
    assert sorted(row[0] for row in filled.done("sessions", "list", *options).rows) == sorted(
        expected
    )


@pytest.mark.parametrize(
    "options",
    [
        ["--state", "runing"],
        ["--created-from", "yesterday"],
        ["--limit", "0"],
        ["--sort", "size"],
        ["--kind", "x"],
    ],
)
def test_a_value_that_cannot_be_is_a_usage_error(filled: Terminal, options: list[str]) -> None:
    assert filled("sessions", "list", *options).code == 2


def test_show_tells_the_facts_and_what_was_said(filled: Terminal) -> None:
    out = filled.done("sessions", "show", "one").out
    assert out.startswith("one\n  title      Where is my order?\n")
    assert "user #1" in out
    assert "\n  It arrives tomorrow.\n" in out
    assert (
        "Where is my order?\n\nassistant"
        not in filled.done("sessions", "show", "one", "--last", "1").out
    )
    session = filled.done("sessions", "show", "one", "--json").json
    assert [message["seq"] for message in session["messages"]] == [1, 2]
    assert filled("sessions", "show", "nothing").code == 3


def test_show_renders_every_kind_of_part(filled: Terminal) -> None:
    parts = [
        {"type": "reasoning", "content": "hm"},
        {"type": "tool_call", "id": "c", "name": "look", "arguments": {"at": "x" * 700}},
        {"type": "tool_call_response", "id": "c", "response": {"ok": True}},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
        {"type": "x_own", "content": {"a": 1}},
        {"type": "text", "content": "a\x1b[31mb"},
    ]
    filled.done(
        "messages",
        "add",
        "one",
        text=json.dumps(
            {"role": "assistant", "parts": parts, "usage": {"cost_usd": 0.5, "input_tokens": 3}}
        ).encode(),
    )
    out = filled.done("sessions", "show", "one").out
    for line in (
        "(reasoning) hm",
        '← {"ok": true}',
        "[image image/png, 3 bytes]",
        "[image https://example.com/a.png]",
        '[x_own] {"a": 1}',
        "ab",
        "$0.5000",
    ):
        assert line in out
    assert "(710 characters)" in out


def test_tail_prints_the_last_messages_and_then_new_ones(filled: Terminal, tmp_path: Path) -> None:
    assert filled.done("sessions", "tail", "one", "--no-follow", "--last", "1").out.startswith(
        "assistant #2"
    )
    tail = subprocess.Popen(
        [HANSARD, "sessions", "tail", "one", "--jsonl", "--last", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert tail.stdout is not None
    assert json.loads(tail.stdout.readline())["seq"] == 2
    filled.done("messages", "add", "one", "And now?")
    assert json.loads(tail.stdout.readline())["parts"][0]["content"] == "And now?"
    tail.terminate()
    tail.communicate(timeout=20)


def test_search_finds_words(filled: Terminal) -> None:
    assert filled.done("sessions", "search", "oslo").rows == [
        ["two", "1", "user", "Do you ship to Oslo?"]
    ]
    results = filled.done("sessions", "search", "tomorrow", "--json").json
    assert [item["session"]["id"] for item in results["data"]] == ["one"]
    nothing = filled.done("sessions", "search", "nothing-of-this")
    assert (nothing.out, nothing.err) == ("", "No session matches.\n")
    begun = filled.done("sessions", "search", "tomorr")
    assert begun.err.splitlines() == [
        "No session matches.",
        "All words that begin so: hansard sessions search 'tomorr*'",
    ]
    assert filled.done("sessions", "search", "tomorr*").rows[0][0] == "one"


def test_a_word_to_leave_out_is_no_option(filled: Terminal) -> None:
    def ids(*words: str) -> list[str]:
        results = filled.done("sessions", "search", *words, "--fields", "session.id").json
        return [hit["session.id"] for hit in results["data"]]

    assert (ids("-oslo"), ids("do", "-tomorrow")) == (["one"], ["two"])


def test_json_has_the_fields_that_are_asked_for(filled: Terminal) -> None:
    listed = filled.done("sessions", "list", "--fields", "id,input_tokens").json
    assert listed["data"][0] == {"id": "two", "input_tokens": 0}
    shown = filled.done("sessions", "show", "two", "--fields", "session.title,runs").json
    assert shown == {"session.title": "Do you ship to Oslo?", "runs": []}
    refused = filled("sessions", "list", "--fields", "id,stat")
    assert (refused.code, "did you mean state?" in refused.err) == (2, True)


def test_resolve_and_reopen(filled: Terminal) -> None:
    assert (
        filled.done("sessions", "resolve", "one", "two").out
        == "one is resolved.\ntwo is resolved.\n"
    )
    assert filled.done("sessions", "resolve", "one", "--reopen").out == "one is open.\n"
    assert (
        filled.done("sessions", "resolve", "one", "--unresolved", "--json").json["data"][0][
            "resolution"
        ]
        == "unresolved"
    )


def test_delete_asks_first(filled: Terminal) -> None:
    refused = filled("sessions", "delete", "one")
    assert refused.code == 2
    assert "Where is my order?  (2 messages)" in refused.err
    assert (
        filled.done("sessions", "delete", "one", "--yes").out
        == "one is gone: 1 session, 2 messages.\n"
    )
    assert filled("sessions", "delete", "one", "--yes").code == 3
    assert (
        filled.done("sessions", "delete", "two", "--yes", "--json").json["data"][0]["messages"] == 1
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"role": "user"}', "needs either parts or text"),
        (
            '{"rolle": "user", "text": "hi"}',
            "unknown field 'rolle' in the message: did you mean 'role'?",
        ),
        (
            '{"role": "usr", "text": "hi"}',
            "role: unknown value 'usr': choose from assistant, developer, system, tool, user",
        ),
        ('{"role": "user", "text": 5}', "text: expected a string or null, got a whole number"),
        ('{"role": "user"', "this is not JSON: Input data was truncated"),
    ],
)
def test_a_bad_line_of_messages_is_named_and_none_is_stored(
    filled: Terminal, line: str, message: str
) -> None:
    before = filled.done("sessions", "show", "one").out
    printed = filled(
        "messages", "add", "one", text=f'{{"role": "user", "text": "first"}}\n\n{line}\n'.encode()
    )
    assert (printed.code, printed.err) == (2, f"error: line 3 of standard input: {message}\n")
    assert filled.done("sessions", "show", "one").out == before


def test_messages_are_added_from_an_argument_and_from_a_pipe(filled: Terminal) -> None:
    assert filled("messages", "add", "three", "hi").code == 3
    assert filled.done(
        "messages", "add", "three", "hi", "--start", "--client-id", "a"
    ).out.endswith("  seq 1\n")
    assert (
        filled.done("messages", "add", "three", "hi", "--client-id", "a", "--json").json["data"][0][
            "seq"
        ]
        == 1
    )
    lines = b'{"role": "assistant", "text": "one"}\n\n{"role": "user", "text": "two"}\n'
    assert [
        item["seq"]
        for item in filled.done("messages", "add", "three", "--json", text=lines).json["data"]
    ] == [2, 3]
    assert (
        filled.done("messages", "add", "three", "--json", text="grüß Gott\n".encode()).json["data"][
            0
        ]["parts"][0]["content"]
        == "grüß Gott"
    )
    assert filled("messages", "add", "three").code == 2
    assert filled("messages", "add", "three", text=b'{"role": "nobody"}').code == 2
