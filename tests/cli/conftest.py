"""Commands as a user types them: in this process, in an empty folder, on a store of their own."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hansard.cli.root import run


class Printed(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """What a pipe receives: lines of cells."""
        return [line.split("\t") for line in self.out.splitlines()]


class Terminal:
    """Runs commands where nothing is a terminal, as in a pipe."""

    def __init__(self, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capture = capture
        self._patch = patch

    def __call__(self, *arguments: str, text: bytes = b"", **environment: str) -> Printed:
        with self._patch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
            for name, value in environment.items():
                patch.setenv(name, value)
            code = run(arguments)
        return Printed(code, *self._capture.readouterr())

    def done(self, *arguments: str, text: bytes = b"", **environment: str) -> Printed:
        """The same for a command that must succeed."""
        printed = self(*arguments, text=text, **environment)
        assert printed.code == 0, printed.err
        return printed


@pytest.fixture(scope="session", autouse=True)
def _hears_ctrl_c() -> None:
    """Make a process hear Ctrl+C.

    A shell starts background programs deaf to it, and the commands under test would inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    """A terminal in an empty folder, with no variable of ours set."""
    for name in [name for name in os.environ if name.startswith("HANSARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys, monkeypatch)


@pytest.fixture(scope="session")
def short_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with two short sessions, to be copied."""
    file = tmp_path_factory.mktemp("short") / "hansard.db"
    store = ("--quiet", "--store", f"sqlite:///{file}")
    for command in (
        ("workspaces", "create", "default"),
        ("messages", "add", "one", "Where is my order?", "--start"),
        ("messages", "add", "one", "It arrives tomorrow.", "--role", "assistant"),
        ("messages", "add", "two", "Do you ship to Oslo?", "--start"),
    ):
        assert run([*command, *store]) == 0
    return file


@pytest.fixture
def filled(terminal: Terminal, short_store: Path, tmp_path: Path) -> Terminal:
    """A terminal on a store with two short sessions, ``one`` and ``two``."""
    shutil.copy(short_store, tmp_path)
    return terminal
