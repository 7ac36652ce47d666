"""The project's own rules, which no other tool checks.

    python scripts/check.py [FILE…]

Without files it checks every file that git tracks or would track. It prints a line for each breach;
the exit code is 1 when there is one.

* A module has at most 400 lines, a function at most 60, one of the tests 80.
* A relaxation (`noqa`, `type: ignore`, `pragma: no cover`, `nosec`, a skipped test) gives its
  reason on its line.
* Only SQLite's own driver opens a store: the standard library's sqlite3 is often a version that can
  corrupt it.
* No unfinished work: the code promises nothing that does not exist.
* uv.lock names the public index alone, and every file in it has a hash.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
LONGEST_TEST = 80
"""A test may hold the table of its cases."""
INDEX = "https://pypi.org/simple"
FILES = "https://files.pythonhosted.org/"

RELAXED = re.compile(
    r"#\s*(?:noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\]|pragma: no \w+|nosec)(?P<reason>.*)$"
)
WITHOUT_CODE = re.compile(r"#\s*(?:noqa|type: ignore)\s*(?!\[|:)(?:#|$)")
SKIPPED = re.compile(
    r"pytest\.mark\.(?:skip|xfail)\b(?!.*reason)|pytest\.skip\(\s*\)|pytest\.mark\.skipif\([^,]*\)\s*$"
)
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
STANDARD_SQLITE = re.compile(r"^\s*(?:import sqlite3|from sqlite3 import)\b")
HOUSES_OF_STORES = ("src", "tests")


def breaches(path: Path) -> Iterator[str]:
    """Every breach of the rules in the Python file `path`, as `FILE:LINE: what`."""
    text = path.read_text()
    name = path.relative_to(ROOT)
    lines = text.splitlines()
    if len(lines) > LONGEST_MODULE:
        yield f"{name}:1: {len(lines)} lines, more than {LONGEST_MODULE}: split it by noun"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            most = LONGEST_TEST if name.parts[0] == "tests" else LONGEST_FUNCTION
            if length > most:
                yield f"{name}:{node.lineno}: {node.name} has {length} lines, more than {most}"
    for number, line in enumerate(lines, 1):
        for fault in in_line(line):
            yield f"{name}:{number}: {fault}"
        if STANDARD_SQLITE.search(line) and name.parts[0] in HOUSES_OF_STORES:
            yield f"{name}:{number}: the standard library's sqlite3 opens no store; use apsw"


def in_line(line: str) -> Iterator[str]:
    """Every breach that one line of Python shows by itself."""
    relaxed = RELAXED.search(line)
    if WITHOUT_CODE.search(line):
        yield "a relaxation names the rule that it relaxes"
    if relaxed and not re.search(r"\w", relaxed["reason"]):
        yield "a relaxation carries its reason on its line"
    if SKIPPED.search(line):
        yield "a skipped test says why"
    if UNFINISHED.search(line):
        yield "unfinished work belongs in an issue"


def in_lock() -> Iterator[str]:
    """Every package of uv.lock without a hash or from another index than the public one."""
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]:
        source = package["source"]
        if source not in ({"registry": INDEX}, {"editable": "."}):
            yield f"uv.lock: {package['name']} comes from {source}"
        for file in [*package.get("wheels", []), *filter(None, [package.get("sdist")])]:
            if not file["url"].startswith(FILES) or not file.get("hash", "").startswith("sha256:"):
                yield (
                    f"uv.lock: {package['name']} has a file from elsewhere or without a hash: "
                    f"{file['url']}"
                )


def tracked() -> list[Path]:
    """The Python files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


def main() -> None:
    chosen = [Path(name).resolve() for name in sys.argv[1:]] or tracked()
    faults = [
        breach
        for path in chosen
        if path.suffix == ".py" and path.exists()
        for breach in breaches(path)
    ] + list(in_lock())
    for breach in faults:
        print(breach)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
