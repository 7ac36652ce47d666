"""The command that is offered next does what is said of it, where the user types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hansard.cli.retype import again, program
from tests.support.serving import HANSARD


def typed(*arguments: str) -> click.Context:
    return click.Context(click.Command("any"), obj=arguments)


@pytest.mark.parametrize(
    ("before", "option", "value", "after"),
    [
        (
            "serve --port 1 --store sqlite:///a.db",
            "--port",
            "2",
            "hansard serve --store sqlite:///a.db --port 2",
        ),
        ("serve --port=1 --host ::1", "--port", "2", "hansard serve --host ::1 --port 2"),
        ("import --resume a.json", "--resume", None, "hansard import a.json --resume"),
        (
            "import a.json --store postgresql://u:secret@h/d",
            "--resume",
            None,
            "hansard import a.json --store 'postgresql://u:****@h/d' --resume",
        ),
    ],
)
def test_what_was_typed_comes_again_with_one_option_anew(
    before: str, option: str, value: str | None, after: str
) -> None:
    with typed(*before.split()):
        assert again(option, value) == after


def test_outside_a_command_it_is_about_the_server() -> None:
    assert again("--port", "2") == "hansard serve --port 2"


def test_a_program_that_the_shell_does_not_find_is_named_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program() == "hansard", "this process is no hansard"
    monkeypatch.setattr(sys, "argv", [str(HANSARD)])
    monkeypatch.setenv("PATH", f"{HANSARD.parent}{os.pathsep}{os.environ['PATH']}")
    assert program() == "hansard"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert program() == str(HANSARD)
    monkeypatch.chdir(HANSARD.parent.parent)
    assert program() == f"{HANSARD.parent.name}/hansard"


def test_a_first_start_says_how_to_fill_the_store_from_the_next_terminal(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "hansard").symlink_to(HANSARD)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HANSARD_")},
        "PATH": "/usr/bin:/bin",
    }
    with subprocess.Popen(
        ["bin/hansard", "serve", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as served:
        assert served.stdout
        lines = [next(served.stdout) for _ in range(8)]
        served.terminate()
    assert "  Nothing here yet? In another terminal:  bin/hansard demo\n" in lines
