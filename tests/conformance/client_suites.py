"""The published clients of ``make clients`` as rows: each check that a script prints is a test."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from shutil import which

import httpx

from tests.conformance.environments import CACHE, ROOT, SECONDS
from tests.conformance.outcome import Outcome
from tests.support.serving import Served

CLIENTS = ROOT / "tests" / "clients"


@dataclass(frozen=True)
class ClientSuite:
    """A script of ``tests/clients`` that needs Node and nothing else."""

    title: str
    version: str
    script: str

    def run(self, backend: str, server: Served) -> Outcome:
        outcome = Outcome(self.title, self.version, backend)
        if which("npm") is None:
            outcome.reason = "there is no npm on this machine"
            return outcome
        log = CACHE / f"{self.title}-{backend}.log"
        facts = CACHE / "nothing.json"
        facts.write_text("{}")
        own = {
            "HANSARD_URL": server.url,
            "HANSARD_KEY": _workspace_key(server),
            "HANSARD_SEEDED": str(facts),
            "PYTHONPATH": str(CLIENTS / "lib"),
        }
        done = subprocess.run(
            [sys.executable, "-P", str(CLIENTS / self.script)],
            env=os.environ | own,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        log.write_text(done.stdout + done.stderr)
        counts = Counter(line.partition("\t")[0] for line in done.stdout.splitlines())
        outcome.passed, outcome.failed = counts["ok"], counts["FAIL"]
        if not outcome.passed or (done.returncode and not outcome.failed):
            outcome.failed, outcome.reason = 1, f"it did not run to its end: see {log}"
        return outcome


def _workspace_key(server: Served) -> str:
    answer = httpx.post(
        f"{server.url}/v1/workspaces",
        headers={"Authorization": f"Bearer {server.key}"},
        json={"name": f"suite {secrets.token_hex(8)}"},
    )
    return str(answer.raise_for_status().json()["key"])


CLIENT_SUITES = (
    ClientSuite("assistant-cloud", "0.2.11", "assistant_cloud.py"),
    ClientSuite("typescript-client", "0.1.0", "typescript.py"),
)
