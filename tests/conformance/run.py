"""Run the suites that other packages publish against a real server, and print what came of them.

    make conformance                                every suite, on SQLite and on PostgreSQL
    make conformance ARGS='--backend sqlite strands langgraph'

Each suite comes from the package's own source archive, at a pinned version. What cannot be had is
left out with the reason. Nothing of a suite is changed: a plugin puts ours in the place of the
package's own store, and where tests were written for a mock that knows certain objects, a proxy in
front of the server makes them. The table also goes to ``build/conformance.json``.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.conformance.client_suites import CLIENT_SUITES
from tests.conformance.environments import CACHE, ROOT, SECONDS, LeftOut, environment, fetched
from tests.conformance.mcp_suite import MCP_SUITES
from tests.conformance.outcome import Outcome
from tests.conformance.proxy import proxied
from tests.conformance.suites import SUITES, Suite
from tests.support.postgres import postgres
from tests.support.serving import Served, serving

BACKENDS = ("sqlite", "postgres")
HERE = Path(__file__).parent
_COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|skipped|deselected)")


@contextmanager
def served(backend: str) -> Iterator[Served]:
    """A server of its own on an empty store."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options: list[str] = []
        if backend == "postgres":
            database = stack.enter_context(postgres(durable=False)).create_database("conformance")
            options = ["--store", database]
        yield stack.enter_context(serving(folder, "0", *options))


def run(suite: Suite, backend: str, server: Served) -> Outcome:
    """Run one suite against the server."""
    outcome = Outcome(suite.title, suite.version, backend)
    try:
        folder, python = HERE if suite.is_program else fetched(suite), environment(suite)
        with proxied(suite.examples, server.url, server.key) as base_url:
            done = subprocess.run(
                [str(python), *_arguments(suite, folder)],
                cwd=folder,
                env=server.environment
                | {
                    "TEST_API_BASE_URL": base_url,
                    "NO_DOCKER": "true",
                    "PYTHONPATH": f"{HERE}:{ROOT / 'src'}",
                    "PATH": "/usr/bin:/bin",
                },
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
    except LeftOut as reason:
        outcome.reason = str(reason)
        return outcome
    except subprocess.TimeoutExpired:
        outcome.failed, outcome.reason = 1, f"it took more than {SECONDS} seconds"
        return outcome
    log = CACHE / f"{suite.title.replace(' ', '')}-{backend}.log"
    log.write_text(done.stdout + done.stderr)
    return _read(outcome, suite, done.stdout, log)


def _read(outcome: Outcome, suite: Suite, printed: str, log: Path) -> Outcome:
    """The outcome with the numbers of the last line."""
    last = printed.strip().rpartition("\n")[2]
    counts = {word.rstrip("s"): int(number) for number, word in _COUNTS.findall(last)}
    outcome.passed = counts.get("passed", 0)
    outcome.failed = counts.get("failed", 0) + counts.get("error", 0)
    if suite.without:
        outcome.left_out, outcome.reason = counts.get("deselected", 0), suite.why
    if not outcome.passed:
        outcome.failed, outcome.reason = max(outcome.failed, 1), f"it did not run: see {log}"
    return outcome


def _arguments(suite: Suite, folder: Path) -> list[str]:
    """What Python is called with."""
    if suite.is_program:
        return [*suite.tests]
    files = [str(each.relative_to(folder)) for test in suite.tests for each in folder.glob(test)]
    left_out = " or ".join(suite.without)
    chosen = " and ".join(
        filter(None, (suite.only and f"({suite.only})", left_out and f"not ({left_out})"))
    )
    return [
        *("-m", "pytest", "-p", "no:cacheprovider", "-q", *suite.options),
        *(("-p", suite.plugin) if suite.plugin else ()),
        *(("-k", chosen) if chosen else ()),
        *sorted(files),
    ]


def shown(outcomes: list[Outcome]) -> str:
    """The table."""
    row = "{:<22}{:<10}{:<10}{:>8}{:>8}{:>10}  {}"
    head = row.format("suite", "version", "backend", "passed", "failed", "left out", "reason")
    return "\n".join([head.rstrip(), *(row.format(*asdict(each).values()) for each in outcomes)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="only suites whose names begin so")
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    options = parser.parse_args()
    every = (*SUITES, *MCP_SUITES, *CLIENT_SUITES)
    suites = [each for each in every if each.title.startswith(tuple(options.names) or "")]
    outcomes: list[Outcome] = []
    for backend in options.backend or BACKENDS:
        with served(backend) as server:
            for suite in suites:
                outcomes.append(
                    run(suite, backend, server)
                    if isinstance(suite, Suite)
                    else suite.run(backend, server)
                )
                print(shown(outcomes[-1:]).partition("\n")[2], flush=True)
    print(f"\n{shown(outcomes)}")
    (ROOT / "build").mkdir(exist_ok=True)
    report = [asdict(each) for each in outcomes]
    (ROOT / "build" / "conformance.json").write_text(json.dumps(report, indent=1))
    return int(any(each.failed for each in outcomes))


if __name__ == "__main__":
    sys.exit(main())
