"""The code blocks of a page, and how to run them.

What a page shows runs: ``python``, ``bash`` and ``console`` blocks, in the order of the page. A
block of ``output`` behind a ``python`` block is what that prints; a ``console`` block holds
commands behind ``$`` and what each prints. In both, ``…`` stands for anything. A block that cannot
run carries ``<!-- not run: the reason -->`` on the line before it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

RUN = ("python", "bash", "console")
PATIENCE = 60.0
_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_OUTPUT = re.compile(r"\n\s*```output\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_DRIVER = """
import contextlib, io, json, os, sys, traceback
last = None
for line in sys.stdin:
    text, page, number, environment = json.loads(line)
    if page != last:
        names, last = {"__name__": "__main__"}, page
    os.environ.update(environment)
    printed, failed = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile("\\n" * number + text, page, "exec"), names)
    except Exception:
        failed = traceback.format_exc()
    print(json.dumps([printed.getvalue(), failed]), flush=True)
"""


class Block(NamedTuple):
    """A block of a page.

    ``line`` is that of its fence, ``output`` what it must print, None for anything.
    """

    page: Path
    line: int
    kind: str
    text: str
    output: str | None
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page that are of a kind that runs."""
    text = page.read_text("utf-8")
    for match in _BLOCK.finditer(text):
        output = _OUTPUT.match(text, match.end())
        line = text.count("\n", 0, match.start("kind")) + 1
        if match["kind"] in RUN:
            yield Block(
                page,
                line,
                match["kind"],
                match["text"],
                output["text"] if output else None,
                match["reason"],
            )


def matches(output: str, expected: str) -> bool:
    """Whether this was printed, but for what ``…`` leaves open and for blanks at the ends."""
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("…"))
    return re.fullmatch(pattern, output.strip(), re.DOTALL) is not None


class Runner:
    """Runs blocks in a folder, as a user would; the python blocks of a page share their names."""

    def __init__(self, folder: Path, replaced: Mapping[str, str]) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {name: value for name, value in os.environ.items() if not name.startswith("HANSARD_")}
        self._folder = folder
        self._replaced = replaced
        self._environment = {**own, "PATH": path, "NO_COLOR": "1", "COLUMNS": "120"}
        self._python = subprocess.Popen(
            [sys.executable, "-c", _DRIVER],
            cwd=folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, block: Block, environment: Mapping[str, str]) -> None:
        """Raises AssertionError when the block fails or prints something else than it should."""
        text = block.text
        for what, by in self._replaced.items():
            text = text.replace(what, by)
        match block.kind:
            case "python":
                _expect(block, self._exec(text, block, environment), block.output)
            case "bash":
                _expect(block, self._bash(text, block, environment), block.output)
            case "console":
                for command, expected in _commands(text):
                    _expect(block, self._bash(command, block, environment), expected or None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._python.communicate(timeout=PATIENCE)

    def _bash(self, script: str, block: Block, environment: Mapping[str, str]) -> str:
        command = ["bash", "-euo", "pipefail", "-c", script]
        full = {**self._environment, **environment}
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=full,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, (
            f"{block} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def _exec(self, text: str, block: Block, environment: Mapping[str, str]) -> str:
        assert self._python.stdin is not None
        assert self._python.stdout is not None
        self._python.stdin.write(
            json.dumps([text, str(block.page), block.line, dict(environment)]) + "\n"
        )
        self._python.stdin.flush()
        printed, failed = json.loads(self._python.stdout.readline())
        assert not failed, f"{block} failed:\n{failed}"
        return str(printed)


def _expect(block: Block, output: str, expected: str | None) -> None:
    assert expected is None or matches(output, expected), (
        f"{block} printed\n{output}\ninstead of\n{expected}"
    )


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and what it prints."""
    for piece in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = piece.partition("\n")
        while command.endswith("\\"):
            more, _, expected = expected.partition("\n")
            command = f"{command}\n{more}"
        yield command, expected
