"""`hansard watch`: what coding agents write is imported while they write it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.cli.test_discover import home as _home
from tests.interchange.homes import COUNTS, claude_line, write_home, write_lines
from tests.support.serving import HANSARD

home = _home
LINES, PATIENCE = 60, 30.0


@contextmanager
def watching(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "watch.log").open("ab") as log:
        process = subprocess.Popen([HANSARD, "watch"], cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def lines_in(terminal: Terminal) -> Counter[str]:
    exported = terminal("export", "--quiet")
    return Counter(
        part["content"]
        for line in exported.out.splitlines()
        for message in json.loads(line)["messages"]
        for part in message["parts"]
    )


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_one_round_imports_what_is_there_and_a_second_one_says_the_same(
    terminal: Terminal, home: Path
) -> None:
    write_home(home)
    total = sum(sessions for sessions, _ in COUNTS.values()) - 1
    first = terminal.done("watch", "--once", "--json").json
    assert (first["new"], first["same"], first["bad"]) == (total, 0, 0)
    assert first["messages"] == sum(messages for _, messages in COUNTS.values()) - 2, (
        "the chat of Cursor's command line is not followed"
    )
    again = terminal.done("watch", "--once", "--json").json
    assert (again["new"], again["same"]) == (0, total)


def test_files_are_followed_that_are_named_and_only_those(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    write_home(home)
    file = write_lines(tmp_path / "chats/c9.jsonl", claude_line("u1", None, 1, "hi", "c9"))
    assert terminal.done("watch", "--once", str(file.parent), "--json").json["new"] == 1
    assert terminal("watch", "--once", str(tmp_path / "nowhere")).code == 3


def test_a_round_says_what_is_broken_each_time(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    broken = write_lines(tmp_path / "chats/broken.jsonl")
    broken.write_text("{broken\n")
    for _ in range(2):
        answer = terminal("watch", "--once", str(broken))
        assert (answer.code, str(broken) in answer.err) == (6, True)
        assert "no known format" in answer.err
    half = write_lines(broken.with_name("c9.jsonl"), claude_line("u1", None, 1, "hi", "c9"))
    half.write_text(half.read_text() + "{broken\n")
    for _ in range(2):
        answer = terminal("watch", "--once", str(broken.parent))
        assert (answer.code, "c9.jsonl, record 2: not JSON" in answer.err) == (5, True)


def test_a_round_in_which_nothing_is_there_is_no_success(terminal: Terminal, home: Path) -> None:
    assert terminal("watch", "--once").code == 6


def test_every_line_comes_once_through_a_rotation_a_cut_and_a_kill(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    file = home / ".claude/projects/-p/c1.jsonl"
    file.parent.mkdir(parents=True)
    terminal.done("workspaces", "create", "default")

    def add(numbers: range) -> None:
        for number in numbers:
            parent = f"u{number - 1}" if number else None
            with file.open("a") as opened:
                line = claude_line(f"u{number}", parent, number, f"line {number}")
                opened.write(f"{json.dumps(line)}\n")

    def is_there(number: int) -> bool:
        return lines_in(terminal)[f"line {number}"] > 0

    with watching(tmp_path) as process:
        add(range(20))
        until(lambda: is_there(19))
        add(range(20, 25))
        file.rename(file.with_name("c1.jsonl.1"))
        add(range(25, 40))
        until(lambda: is_there(39))
        os.truncate(file, 0)
        add(range(40, 50))
        process.send_signal(signal.SIGKILL)
        process.wait()
        add(range(50, 55))
    with watching(tmp_path) as process:
        add(range(55, LINES))
        until(lambda: is_there(LINES - 1))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert lines_in(terminal) == Counter(f"line {number}" for number in range(LINES))


def test_a_server_that_watches_ends_its_watch_with_itself(home: Path, tmp_path: Path) -> None:
    write_lines(home / ".claude/projects/-p/c1.jsonl", claude_line("u1", None, 1, "hi"))
    command: list[str | Path] = [HANSARD, "serve", "--watch", "--port", "0"]
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    notes = home / ".local/state/hansard"
    try:
        until(lambda: any(notes.glob("watch-*.json")))
        watches = [int(child) for child in children(server.pid)]
        assert watches
    finally:
        server.kill()
        server.wait()
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in watches))


def children(process: int) -> list[str]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    return listed.stdout.split()


@pytest.fixture(autouse=True)
def _is_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
