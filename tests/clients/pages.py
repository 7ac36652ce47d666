"""The curl commands of our own pages `docs/dialects/*.md`, run as they stand but for the host."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snippets import Report

PAGES = Path(__file__).resolve().parents[2] / "docs" / "dialects"
HOST = "http://127.0.0.1:8765"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(url: str, key: str, report: Report) -> None:
    """Each block is a shell script that must end well.

    Curl fails with the answer when the server refuses.

    It has the variables that a reader has who came by README.md, and no other of ours.
    """
    for page in sorted(PAGES.glob("*.md")):
        for number, block in enumerate(BLOCK.findall(page.read_text("utf-8")), 1):
            what = f"docs/dialects/{page.name}, block {number}"
            if which("curl"):
                report(*_verdict(block.replace(HOST, url), key, what))
            else:
                report("note", what, "NOT RUN: there is no curl on this machine")


def _verdict(script: str, key: str, what: str) -> tuple[str, str, str]:
    reader = {
        name: value for name, value in os.environ.items() if not name.startswith("HANSARD_")
    } | {"HANSARD_API_KEY": key}
    done = subprocess.run(
        ["sh", "-euc", script], check=False, capture_output=True, text=True, timeout=60, env=reader
    )
    if done.returncode or not done.stdout:
        return (
            "FAIL",
            what,
            (
                f"exit code {done.returncode}, said: "
                f"{' '.join((done.stdout + done.stderr).split())[:600]}"
            ),
        )
    return "ok", what, ""
