"""The protocol's own suite, ``@modelcontextprotocol/conformance``, over HTTP and over stdio."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from tests.conformance.environments import CACHE, SECONDS, LeftOut, must
from tests.conformance.mcp_bridges import http_bridge, stdio_bridge
from tests.conformance.outcome import Outcome
from tests.support.serving import Served

BASELINE = Path(__file__).with_name("mcp_baseline.yml")
_LEFT_OUT = re.compile(r"^  - (\S+)", re.MULTILINE)
_SCENARIO = re.compile(r"^. ([\w-]+): (\d+) passed, (\d+) failed", re.MULTILINE)
_NODE = "node@22"


@dataclass(frozen=True)
class McpSuite:
    """Every scenario for servers, less those that ask for what the server does not offer."""

    title: str
    bridge: Callable[[Served], AbstractContextManager[str]]
    beside: tuple[str, ...] = ()
    """Scenarios that are not about this transport."""
    version: str = "0.1.16"

    def run(self, backend: str, server: Served) -> Outcome:
        outcome = Outcome(self.title, self.version, backend)
        log = CACHE / f"{self.title.replace(' ', '')}-{backend}.log"
        try:
            home = _installed(self.version)
        except LeftOut as reason:
            outcome.reason = str(reason)
            return outcome
        with self.bridge(server) as url:
            printed = _printed(home, url)
        log.write_text(printed)
        baseline = _LEFT_OUT.findall(BASELINE.read_text())
        for name, passed, failed in _SCENARIO.findall(printed):
            if name in baseline:
                outcome.left_out += 1
                outcome.failed += not int(failed)  # it passes: the baseline is no longer true
            elif name in self.beside:
                outcome.left_out += 1
            else:
                outcome.passed += int(passed)
                outcome.failed += int(failed)
        outcome.reason = "they want the tools of an example server, or what ours does not offer"
        if not outcome.passed:
            outcome.failed, outcome.reason = max(outcome.failed, 1), f"it did not run: see {log}"
        return outcome


def _printed(home: Path, url: str) -> str:
    """What the suite prints of all its scenarios."""
    binaries = home / "node_modules" / ".bin"
    done = subprocess.run(
        [str(binaries / "conformance"), "server", "--url", url, "--suite", "all"],
        env=os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return done.stdout + done.stderr


def _installed(version: str) -> Path:
    """The folder with the suite and the Node that it needs; LeftOut where they cannot be had."""
    npm = which("npm")
    if npm is None:
        raise LeftOut("there is no npm on this machine")
    home = CACHE / f"mcp-conformance-{version}"
    if not (home / "node_modules" / ".bin" / "conformance").exists():
        home.mkdir(parents=True, exist_ok=True)
        wanted = [f"@modelcontextprotocol/conformance@{version}", _NODE]
        command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(home), *wanted]
        must(command, "the suite cannot be had")
    return home


_HTTP = ("dns-rebinding-protection", "server-sse-polling", "server-sse-multiple-streams")
MCP_SUITES = (
    McpSuite("mcp, http", http_bridge),
    McpSuite("mcp, stdio", stdio_bridge, beside=_HTTP),
)
