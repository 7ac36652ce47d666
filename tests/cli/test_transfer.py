"""`hansard import` and `hansard export`."""

from __future__ import annotations

import gzip
import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.support.serving import HANSARD

CHAT = {
    "id": "a",
    "messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi!"}],
}


def test_an_import_twice_changes_nothing_the_second_time(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "chats.json").write_text(json.dumps([CHAT]))
    first = terminal.done("import", "chats.json", "--workspace", "acme", "--json")
    assert {name: first.json[name] for name in ("new", "same", "bad", "messages")} == {
        "new": 1,
        "same": 0,
        "bad": 0,
        "messages": 2,
    }
    assert "A new store: workspace 'acme' is created" in first.err
    assert terminal.done("import", "chats.json", "-w", "acme", "--json").json["same"] == 1
    assert terminal.done("import", "chats.json").out.startswith(
        "0 new, 1 same, 0 bad: 2 messages in "
    )


def test_a_dry_run_changes_nothing(filled: Terminal, tmp_path: Path) -> None:
    (tmp_path / "chats.json").write_text(json.dumps([CHAT]))
    assert filled.done("import", "chats.json", "--dry-run").out.startswith("1 would be new, 0 same")
    assert len(filled.done("sessions", "list").rows) == 2


def test_bad_records_are_set_aside_and_end_with_five(filled: Terminal, tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text(
        json.dumps(CHAT) + "\n" + json.dumps({"id": "b", "messages": "none"}) + "\n"
    )
    printed = filled("import", "chats.jsonl")
    assert printed.code == 5
    assert printed.out.startswith("1 new, 0 same, 1 bad")
    assert "  chats.jsonl, record 2: " in printed.err
    assert "All bad ones, with reasons: " in printed.err
    assert printed.err.endswith("chats.jsonl.errors.jsonl\n")
    assert json.loads((tmp_path / "chats.jsonl.errors.jsonl").read_text())["reason"]


def test_what_cannot_be_imported_says_why(filled: Terminal, tmp_path: Path) -> None:
    (tmp_path / "strange.json").write_text('{"x": 1}')
    (tmp_path / "empty").mkdir()
    empty = filled("import", "empty")
    assert (empty.code, "No session was found there" in empty.err) == (6, True)
    assert filled("import", "nothing.json").code == 3
    assert "no such file or folder: nothing.json" in filled("import", "nothing.json").err
    strange = filled("import", "strange.json")
    assert strange.code == 6
    assert (
        "  strange.json: it is of no known format: UTF-8, objects with the keys x\n" in strange.err
    )
    assert filled("import", "strange.json", "--format", "word").code == 2
    assert filled("import", "strange.json", "--tz", "Mars/North").code == 2


def test_what_was_exported_comes_back_whole(filled: Terminal, tmp_path: Path) -> None:
    summary = filled.done("export", "-o", "all.jsonl.gz", "--json").json
    counts = {"sessions": 2, "messages": 3, "runs": 0, "documents": 0}
    assert summary == counts | {"file": "all.jsonl.gz"}
    assert filled.done("export").out.encode() == gzip.decompress(
        (tmp_path / "all.jsonl.gz").read_bytes()
    )
    assert (
        filled.done("import", "all.jsonl.gz", "--store", "sqlite:///copy.db", "--json").json["new"]
        == 2
    )
    assert filled.done("export", "--store", "sqlite:///copy.db").out == filled.done("export").out
    assert (
        filled.done("export", "--title", "oslo", "-o", "oslo.jsonl").err
        == "1 session, 1 message, 0 runs in oslo.jsonl\n"
    )
    assert filled.done("import", "oslo.jsonl").out.startswith("0 new, 1 same, 0 bad: 1 message in ")
    assert filled.done("export", "--title", "oslo", "-o", "-").out.count("\n") == 1
    assert not (tmp_path / "all.jsonl.gz.part").exists()


def test_an_export_without_sessions_comes_back_too(filled: Terminal, tmp_path: Path) -> None:
    filled.done("export", "--title", "nobody", "-o", "none.jsonl.gz")
    filled.done("export", "--title", "nobody", "-o", "none.jsonl")
    (tmp_path / "list.json").write_text("[\n]\n")
    for arguments in (
        ("none.jsonl", "--format", "hansard"),
        ("none.jsonl.gz", "--format", "hansard"),
        ("list.json",),
        ("list.json", "--format", "hansard"),
    ):
        printed = filled.done("import", *arguments)
        assert (printed.out[:29], printed.err) == ("0 new, 0 same, 0 bad: 0 messa", ""), arguments
    empty = filled.done("import", "none.jsonl")
    assert empty.err == "  none.jsonl: it is empty: there is nothing to import\n"
    (tmp_path / "cut.json").write_text("[")
    assert filled("import", "cut.json").code == 6


def test_an_export_replaces_a_file_only_when_told(filled: Terminal, tmp_path: Path) -> None:
    kept = tmp_path / "all.jsonl"
    kept.write_text("mine")
    refused = filled("export", "-o", "all.jsonl")
    assert (refused.code, "--overwrite" in refused.err, kept.read_text()) == (1, True, "mine")
    kept.chmod(0o640)
    filled.done("export", "-o", "all.jsonl", "--overwrite")
    assert kept.read_text() == filled.done("export").out
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz"])
def test_a_new_export_is_its_owners_alone(filled: Terminal, tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.part").touch(0o644)
    filled.done("export", "-o", name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_an_export_that_fails_leaves_no_file(filled: Terminal, tmp_path: Path) -> None:
    nowhere = filled("export", "-o", "nowhere/all.jsonl")
    assert (nowhere.code, nowhere.err.strip().endswith("nowhere/all.jsonl")) == (3, True), (
        nowhere.err
    )
    assert filled("export", "--state", "wrong", "-o", "all.jsonl").code == 2
    assert not list(tmp_path.glob("all.jsonl*"))


def test_ctrl_c_prints_the_command_that_goes_on(filled: Terminal, tmp_path: Path) -> None:
    with (tmp_path / "many.jsonl").open("w") as file:
        for number in range(10_000):
            file.write(
                json.dumps(
                    {
                        "id": f"m{number}",
                        "messages": [{"role": "user", "content": f"question {number}"}] * 3,
                    }
                )
                + "\n"
            )
    environment = {**os.environ, "PATH": f"{HANSARD.parent}{os.pathsep}{os.environ['PATH']}"}
    work = subprocess.Popen(
        [HANSARD, "import", "many.jsonl"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    until = time.monotonic() + 30
    while filled("sessions", "list", "--all").out.count("\n") < 300:  # a second group
        assert time.monotonic() < until
        time.sleep(0.05)
    work.send_signal(signal.SIGINT)
    _, err = work.communicate(timeout=30)
    assert work.returncode == 130
    assert "Go on with:\n  hansard import many.jsonl --resume\n" in err
    summary = filled.done("import", "many.jsonl", "--resume", "--json").json
    assert summary["new"] + summary["same"] + summary["earlier"] == 10_000
    assert summary["bad"] == 0
    assert summary["earlier"] > 0
