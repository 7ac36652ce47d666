"""Schemathesis over every OpenAPI document: no server error, no undocumented answer.

And the documents say what the router has.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import httpx

from hansard.access import ALL_SCOPES
from hansard.app import DIALECTS
from tests.attack.target import Result
from tests.reliability.live import Live, new_key

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
PROGRAM = Path(sys.executable).with_name("schemathesis")
STREAMS = "events"
ADMINISTRATION = "/v1/(keys|workspace)"
_CASES = re.compile(r"(\d+) generated")


async def documents(live: Live) -> Result:
    """Every route of the router stands in its document, and nothing else does."""
    result = Result("OpenAPI equals router")
    async with httpx.AsyncClient(base_url=live.url) as client:
        for dialect in DIALECTS:
            paths = (
                (await client.get(f"/openapi/{dialect.name}.json"))
                .raise_for_status()
                .json()["paths"]
            )
            documented = {
                (method.upper(), path) for path, methods in paths.items() for method in methods
            }
            there = {(route.method, route.path) for route in dialect.routes}
            result.count += len(there)
            result.findings += [
                f"{dialect.name}: {what} stands in one of the two alone"
                for what in sorted(documented ^ there)
            ]
    return result


async def fuzz(live: Live, name: str, *, examples: int, phases: str = "coverage,fuzzing") -> Result:
    """One document.

    What administers keys and workspaces comes last, with a key of a workspace of its own.
    """
    result = Result(f"schemathesis {name}")
    everyday = tuple(
        scope for scope in ALL_SCOPES if scope not in {"keys:admin", "workspaces:admin"}
    )
    left_out = "|".join((STREAMS, ADMINISTRATION, *_refused(name)))
    rounds = [(everyday, ["--exclude-path-regex", left_out])]
    if name == "native":
        rounds.append((ALL_SCOPES, ["--include-path-regex", ADMINISTRATION]))
    for number, (scopes, chosen) in enumerate(rounds):
        key = await new_key(live.store, f"fuzzed-{name}-{number}", scopes)
        done = await asyncio.to_thread(
            _run, live, name, key, ["--max-examples", str(examples), "--phases", phases, *chosen]
        )
        match = _CASES.search(done.stdout)
        result.count += int(match[1]) if match else 0
        if done.returncode or not match:
            failures = (
                done.stdout.partition("= FAILURES =")[2]
                or done.stdout[-2000:] + done.stderr[-2000:]
            )
            result.findings += [failures[:4000]]
    result.findings += [
        line[:400] for line in live.log.read_text().splitlines() if '"internal error"' in line
    ][:5]
    return result


def _refused(name: str) -> list[str]:
    """The paths that answer 501, which is no failure of the server, whatever is sent."""
    return [
        f"{re.escape(route.path)}$"
        for dialect in DIALECTS
        if dialect.name == name
        for route in dialect.routes
        if 501 in route.errors
    ]


def _run(live: Live, name: str, key: str, options: list[str]) -> subprocess.CompletedProcess[str]:
    command = [
        str(PROGRAM),
        "run",
        f"{live.url}/openapi/{name}.json",
        "--header",
        f"Authorization: Bearer {key}",
        "--checks",
        CHECKS,
        "--no-color",
    ]
    return subprocess.run(
        [*command, "--suppress-health-check", "all", "--request-timeout", "30",
            "--generation-deterministic", *options],
        capture_output=True, text=True, check=False, cwd=live.log.parent,
    )  # fmt: skip
