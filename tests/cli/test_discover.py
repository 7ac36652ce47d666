"""`hansard import --discover`: the sessions of a home's coding agents, listed and imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.interchange.homes import COUNTS, CURSOR, write_home, write_lines


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def test_discovery_lists_every_product_with_its_counts_and_imports_nothing(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    write_home(home)
    listed = terminal.done("import", "--discover", "--json").json
    counts = {
        entry["product"]: (entry["sessions"], entry["messages"]) for entry in listed["products"]
    }
    assert counts == COUNTS
    claude = listed["products"][0]
    assert (claude["first_at"], claude["last_at"]) == (
        "2026-01-01T00:00:01Z", "2026-01-01T00:00:04Z",
    )  # fmt: skip
    assert claude["bytes"] == sum(
        file.stat().st_size for file in (home / ".claude").rglob("*.jsonl")
    )
    assert not (tmp_path / "hansard.db").exists()


def test_what_is_confirmed_is_imported_and_the_same_the_second_time(
    terminal: Terminal, home: Path
) -> None:
    write_home(home)
    total = sum(sessions for sessions, _ in COUNTS.values())
    first = terminal.done("import", "--discover", "--yes", "--json").json
    assert (first["new"], first["same"], first["bad"]) == (total, 0, 0)
    assert first["messages"] == sum(messages for _, messages in COUNTS.values())
    again = terminal.done("import", "--discover", "--yes", "--json").json
    assert (again["new"], again["same"], again["bad"]) == (0, total, 0)
    assert {entry["product"]: entry["same"] for entry in again["products"]} == {
        product: sessions for product, (sessions, _) in COUNTS.items()
    }


def test_the_list_is_read_by_a_person_and_names_what_imports_it(
    terminal: Terminal, home: Path
) -> None:
    write_home(home)
    listed = terminal.done("import", "--discover")
    assert listed.rows[0][:5] == ["Claude Code", "3", "4", "2026-01-01", "2026-01-01"]
    assert "--yes" in listed.err
    imported = terminal.done("import", "--discover", "--yes")
    assert "Codex CLI: 1 new, 0 updated, 0 same, 0 bad" in imported.out


def test_a_dry_run_of_a_discovery_asks_nothing_and_says_what_would_be(
    terminal: Terminal, home: Path
) -> None:
    write_home(home)
    total = sum(sessions for sessions, _ in COUNTS.values())
    answer = terminal.done("import", "--discover", "--dry-run")
    assert "Codex CLI: 1 would be new, 0 would be updated, 0 same, 0 bad" in answer.out
    assert "--yes" not in answer.err
    assert terminal.done("import", "--discover", "--dry-run", "--json").json["new"] == total
    assert terminal.done("sessions", "list", "--json").json["data"] == []


def test_a_home_without_sessions_is_no_success(terminal: Terminal, home: Path) -> None:
    listed = terminal("import", "--discover")
    assert (listed.code, str(home) in listed.out) == (6, True)
    assert terminal("import", "--discover", "--yes", "--json").json["new"] == 0


def test_files_beside_discovery_are_a_mistake_and_so_is_nothing_at_all(terminal: Terminal) -> None:
    assert terminal("import", "--discover", "a.json").code == 2
    assert terminal("import").code == 2


def test_a_line_that_is_still_written_comes_with_the_next_import(
    terminal: Terminal, home: Path
) -> None:
    write_home(home)
    file = next((home / ".claude/projects").rglob("*.jsonl"))
    whole = file.read_bytes()
    added = whole.splitlines()[-1].replace(b'"uuid"', b'"uuid": "later", "was"')
    file.write_bytes(whole.rstrip(b"\n") + b"\n" + added[:40])
    first = terminal.done("import", "--discover", "--yes", "--json").json
    assert (first["bad"], first["new"] > 0) == (0, True)
    file.write_bytes(whole.rstrip(b"\n") + b"\n" + added + b"\n")
    again = terminal.done("import", "--discover", "--yes", "--json").json
    assert (again["bad"], again["updated"]) == (0, 1)


def test_a_discovery_reads_no_credential_and_counts_what_it_cannot_read(
    terminal: Terminal, home: Path
) -> None:
    write_home(home)
    write_lines(home / ".claude/projects/-p/titles.jsonl", {"type": "summary", "summary": "x"})
    write_lines(home / ".claude/projects/-p/broken.jsonl").write_text("{broken\n")
    listed = terminal.done("import", "--discover", "--yes", "--json").json
    assert listed["products"][0]["unread"] == 2
    exported = terminal.done("export")
    assert "secret" not in exported.out
    assert "secret" in (home / CURSOR).read_bytes().decode("latin-1")
    assert json.loads(exported.out.splitlines()[0])["session"]
