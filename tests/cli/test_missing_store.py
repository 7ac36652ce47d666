"""A store that is gone is not replaced by an empty one without a word."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.support.serving import serving

KEY = Path(".hansard/admin.key")


@pytest.fixture
def gone(terminal: Terminal, tmp_path: Path) -> Terminal:
    """A terminal where a store was, and only its admin key is left."""
    terminal.done("demo", "--sessions", "1")
    for file in tmp_path.glob("hansard.db*"):
        file.unlink()
    return terminal


def on_a_terminal(folder: Path, answer: str, *arguments: str) -> tuple[int, str]:
    """The exit code and output of a command on a terminal, where ``answer`` is typed."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "hansard", *arguments],
        cwd=folder,
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command", [("serve",), ("migrate",), ("demo",), ("workspaces", "create", "acme")]
)
def test_where_nobody_can_answer_it_is_refused(
    gone: Terminal, tmp_path: Path, command: tuple[str, ...]
) -> None:
    printed = gone(*command)
    assert printed.code == 3
    assert printed.err.startswith(
        "error: there is no store hansard.db, but ./.hansard/admin.key is of one that was here\n"
    )
    assert "--new-store" in printed.err
    assert not (tmp_path / "hansard.db").exists()


def test_a_person_is_asked(gone: Terminal, tmp_path: Path) -> None:
    old = KEY.read_text()
    code, words = on_a_terminal(tmp_path, "n", "demo", "--sessions", "1")
    assert (code, (tmp_path / "hansard.db").exists()) == (3, False)
    assert "Begin a new, empty store? [y/N]" in words
    code, _ = on_a_terminal(tmp_path, "y", "demo", "--sessions", "1")
    assert (code, (tmp_path / "hansard.db").exists()) == (0, True)
    assert KEY.with_name("admin.key.old").read_text() == old
    assert KEY.read_text() != old
    assert gone.done("sessions", "list")


def test_the_option_begins_anew_and_keeps_what_was_left(gone: Terminal, tmp_path: Path) -> None:
    (tmp_path / "hansard.db-wal").write_bytes(b"what was written last")
    old = KEY.read_text()
    assert "hansard.db-wal is of one that was here" in gone("migrate").err
    gone.done("migrate", "--new-store")
    assert (tmp_path / "hansard.db-wal.old").read_bytes() == b"what was written last"
    assert KEY.with_name("admin.key.old").read_text() == old
    gone.done("demo", "--sessions", "1")


def test_a_second_store_in_a_folder_is_begun_without_a_question(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.done("demo", "--sessions", "1")
    terminal.done("demo", "--sessions", "1", "--store", "sqlite:///other.db")
    (tmp_path / "other.db").unlink()
    printed = terminal("demo", "--sessions", "1", "--store", "sqlite:///other.db")
    assert printed.code == 3
    assert "other.admin.key is of one that was here" in printed.err


def test_an_empty_folder_is_served_without_a_question(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert served.key
