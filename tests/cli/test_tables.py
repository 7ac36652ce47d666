"""What a terminal sees: tables that fit, bars, questions.

Each command runs in a terminal of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len

from hansard.cli.charts import drawn
from tests.cli.conftest import Terminal
from tests.support.serving import HANSARD


def on_terminal(
    folder: Path, *arguments: str, typed: bytes = b"", columns: int = 100, **environment: str
) -> tuple[int, str]:
    """How a command ends that runs in a terminal, and all that is seen there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    full = {**os.environ, "TERM": "xterm-256color", **environment}
    full.pop("COLUMNS", None)  # the terminal says how wide it is
    process = subprocess.Popen(
        [HANSARD, *arguments], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=full
    )
    os.close(theirs)
    os.write(ours, typed)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    return process.wait(30), seen.decode()


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_a_list_fits_its_terminal(filled: Terminal, tmp_path: Path, columns: int) -> None:
    filled.done("messages", "add", "three", "長い題名" * 40, "--start")
    code, seen = on_terminal(tmp_path, "sessions", "list", columns=columns, NO_COLOR="1")
    assert code == 0
    assert "\x1b" not in seen
    lines = seen.splitlines()
    assert lines[0].startswith("id ")
    assert all(cell_len(line) < columns for line in lines)
    assert any("…" in line for line in lines)


def test_a_long_list_says_how_to_go_on(filled: Terminal, tmp_path: Path) -> None:
    _, seen = on_terminal(tmp_path, "sessions", "list", "--limit", "1")
    assert "1 of 2. More with --all, or: --cursor " in seen
    _, none = on_terminal(tmp_path, "sessions", "list", "--state", "failed")
    assert "No session matches." in none


def test_search_marks_what_it_found(filled: Terminal, tmp_path: Path) -> None:
    _, seen = on_terminal(tmp_path, "sessions", "search", "oslo")
    assert "\x1b[33m\x1b[1mOslo\x1b[0m" in seen
    assert "1 of 1 session." in seen
    lines = "".join(f'{{"role": "user", "text": "needle {number}"}}\n' for number in range(9))
    filled.done("messages", "add", "two", text=lines.encode())
    _, seen = on_terminal(tmp_path, "sessions", "search", "needle")
    assert "more messages" in seen
    assert filled.done("sessions", "search", "kind:session").rows[0][2] == "title"


def test_a_question_is_asked_and_no_means_no(filled: Terminal, tmp_path: Path) -> None:
    code, seen = on_terminal(tmp_path, "sessions", "delete", "one", typed=b"n\n")
    assert code == 1
    assert "Delete this session for ever? [y/N]" in seen
    assert "Nothing was changed." in seen
    code, seen = on_terminal(tmp_path, "sessions", "delete", "one", "two", typed=b"y\n")
    assert (code, "two is gone" in seen) == (0, True)


def test_import_and_export_draw_bars(filled: Terminal, tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text(
        "".join(
            json.dumps({"id": f"c{n}", "messages": [{"role": "user", "content": "x"}]}) + "\n"
            for n in range(500)
        )
    )
    _, seen = on_terminal(tmp_path, "import", "chats.jsonl", columns=140)
    assert "chats.jsonl" in seen
    assert "100%" in seen
    assert "messages/s" in seen
    assert "500 new, 0 same, 0 bad" in seen
    _, seen = on_terminal(tmp_path, "export", "-o", "out.jsonl")
    assert "502/502" in seen
    _, seen = on_terminal(tmp_path, "import", "chats.jsonl", "--quiet")
    assert seen == ""


@pytest.mark.parametrize(("columns", "fitting"), [(50, 0), (60, 1), (80, 2), (120, 3)])
def test_a_bar_leaves_out_what_does_not_fit(
    filled: Terminal, tmp_path: Path, columns: int, fitting: int
) -> None:
    (tmp_path / "chats.jsonl").write_text(
        "".join(
            json.dumps({"id": f"c{n}", "messages": [{"role": "user", "content": "x"}]}) + "\n"
            for n in range(500)
        )
    )
    _, seen = on_terminal(tmp_path, "import", "chats.jsonl", columns=columns, NO_COLOR="1")
    frames = re.split(r"\x1b\[2K|\r", seen)
    assert any("100% " in frame and " new / 0 same / 0 bad" in frame for frame in frames)
    assert not any("…" in frame for frame in frames)
    assert [item in seen for item in ("chats.jsonl", "messages/s", "━")] == [
        index < fitting for index in range(3)
    ]
    assert frames[-2].startswith("500 new, 0 same, 0 bad"), "the bar makes room for what came of it"


def test_documents_are_indented_and_tables_of_everything_are_drawn(
    filled: Terminal, tmp_path: Path
) -> None:
    filled.done("keys", "create", "--expires-in", "30d")
    _, seen = on_terminal(tmp_path, "status", "--json")
    assert '\n  "version": "0.1.0"' in seen.replace("\r", "")
    for command, heading in (
        (["keys", "list"], "scopes"),
        (["workspaces", "list"], "sessions"),
        (["config", "show"], "value"),
        (["stats"], "tokens in"),
    ):
        code, seen = on_terminal(tmp_path, *command)
        assert code == 0
        assert heading in seen
    _, seen = on_terminal(tmp_path, "keys", "list", columns=140)
    assert "in 30 d" in seen
    _, seen = on_terminal(tmp_path, "audit", "list", columns=80, NO_COLOR="1")
    assert all(cell_len(line) < 80 for line in seen.splitlines())


def test_statistics_have_a_sum_below_them(terminal: Terminal, tmp_path: Path) -> None:
    code, seen = on_terminal(tmp_path, "demo", "--sessions", "60", columns=120)
    assert (code, "60 demo sessions in workspace 'default'" in seen) == (0, True)
    _, seen = on_terminal(tmp_path, "stats", columns=120)
    assert "all               60" in seen
    _, seen = on_terminal(tmp_path, "config", "show", NO_COLOR="1")
    assert "\x1b" not in seen


def test_columns_that_do_not_fit_are_left_out_in_order() -> None:
    rows = [["a" * 20, "x" * 50, "9", "later"]]
    columns = ("id", "title", "n", "when")

    def heading(width: str) -> str:
        os.environ["COLUMNS"] = width
        try:
            return next(drawn(columns, rows, ("n",), "title", ("when", "n"))[0])
        finally:
            del os.environ["COLUMNS"]

    def omitted(width: str) -> list[str]:
        os.environ["COLUMNS"] = width
        try:
            return drawn(columns, rows, ("n",), "title", ("when", "n"))[1]
        finally:
            del os.environ["COLUMNS"]

    assert [omitted(width) for width in ("100", "45", "38")] == [[], ["when"], ["when", "n"]]
    assert "when" in heading("100")
    assert "when" not in heading("45")
    assert " n" not in heading("38")
