"""Run the suites that other packages publish against a real server, and print what came of them.

    make conformance

Each suite comes from the package's own source archive, at a pinned version, and is kept in
``build/conformance``. What cannot be had is left out with the reason. Nothing of a suite is
changed: where it was written for a mock that knows certain objects, a proxy in front of the server
makes them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.conformance.openai_proxy import proxied
from tests.support.serving import serving

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "conformance"
SECONDS = 400
_PASSED = re.compile(r"(\d+) (passed|failed|error|errors|skipped)")


@dataclass(frozen=True)
class Suite:
    """A package's own tests: which of them, and what they need beside the package."""

    package: str
    version: str
    tests: Sequence[str]
    needs: Sequence[str]
    extras: str = ""
    plugin: str = ""
    """A module of this folder that puts our adapter into the tests."""
    without: Sequence[str] = ()
    """Tests that look into the package's own store, by a part of their names."""


@dataclass
class Outcome:
    """What came of a suite on one backend."""

    suite: str
    version: str
    backend: str
    passed: int = 0
    failed: int = 0
    left_out: str = ""


OPENAI = Suite(
    "openai",
    "3.57.0",
    (
        "tests/api_resources/test_conversations.py",
        "tests/api_resources/conversations/test_items.py",
    ),
    (
        "pytest", "pytest-asyncio", "pytest-xdist", "rich", "inline-snapshot", "respx",
        "nest-asyncio", "time-machine", "dirty-equals",
    ),
    "[aiohttp]",
)  # fmt: skip


OPENAI_AGENTS = Suite(
    "openai-agents",
    "0.24.0",
    ("tests/memory/test_session.py", "tests/memory/test_session_limit.py"),
    ("pytest", "pytest-asyncio", "inline-snapshot"),
    plugin="openai_agents_plugin",
    without=(
        "worker_thread", "retired_connections", "closed_rejects", "corrupt", "file_lock",
        "write_lock", "rolls_back", "rollback_failure", "quarantined", "post_commit",
    ),
)  # fmt: skip


class LeftOut(Exception):
    """A suite that cannot be had; the text says why."""


def fetched(suite: Suite) -> Path:
    """The folder of the package's sources; LeftOut where they cannot be had."""
    folder = CACHE / f"{suite.package.replace('-', '_')}-{suite.version}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        pip += ["--no-binary", suite.package, "-d", str(CACHE), f"{suite.package}=={suite.version}"]
        _run(pip, "the source archive cannot be had")
        with tarfile.open(CACHE / f"{folder.name}.tar.gz") as archive:
            archive.extractall(CACHE, filter="data")
    return folder


def environment(suite: Suite) -> Path:
    """The Python of an environment with the package and what its tests need."""
    folder = CACHE / f"venv-{suite.package}-{suite.version}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        _run([sys.executable, "-m", "venv", str(folder)], "no environment can be made")
        wanted = f"{suite.package}{suite.extras}=={suite.version}"
        own = ["-e", str(ROOT)] if suite.plugin else []
        pip = [str(python), "-m", "pip", "install", "-q", wanted, *suite.needs, *own]
        _run(pip, "what its tests need cannot be installed")
        ready.touch()
    return python


def _run(command: Sequence[str], problem: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise LeftOut(f"{problem}: {lines[-1] if lines else done.returncode}")


@contextmanager
def served() -> Iterator[tuple[str, str]]:
    """The URL and the key of a server of its own on an empty SQLite store."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        yield server.url, server.key


def run(suite: Suite, backend: str) -> Outcome:
    outcome = Outcome(suite.package, suite.version, backend)
    try:
        folder, python = fetched(suite), environment(suite)
        with served() as (url, key), proxied(url, key) as base_url:
            done = subprocess.run(
                [str(python), "-m", "pytest", "-p", "no:cacheprovider", "-q", *_options(suite)],
                cwd=folder,
                env={
                    "TEST_API_BASE_URL": base_url,
                    "HANSARD_URL": url,
                    "HANSARD_API_KEY": key,
                    "PYTHONPATH": str(Path(__file__).parent),
                    "PATH": "/usr/bin:/bin",
                },
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        counts = {word.rstrip("s"): int(number) for number, word in _PASSED.findall(done.stdout)}
        outcome.passed = counts.get("passed", 0)
        outcome.failed = counts.get("failed", 0) + counts.get("error", 0)
        (CACHE / f"{suite.package}.log").write_text(done.stdout + done.stderr)
        if not counts:
            outcome.left_out = f"it did not run: see {CACHE / f'{suite.package}.log'}"
    except LeftOut as reason:
        outcome.left_out = str(reason)
    return outcome


def _options(suite: Suite) -> list[str]:
    """What pytest is called with."""
    if not suite.plugin:
        return ["-n", "0", *suite.tests]
    left_out = " or ".join(suite.without)
    return ["-p", suite.plugin, "-k", f"not ({left_out})", *suite.tests]


def main() -> int:
    outcomes = [run(suite, "sqlite") for suite in (OPENAI, OPENAI_AGENTS)]
    print(f"{'suite':<14}{'version':<10}{'backend':<10}{'passed':>8}{'failed':>8}  left out")
    for each in outcomes:
        print(
            f"{each.suite:<14}{each.version:<10}{each.backend:<10}{each.passed:>8}{each.failed:>8}"
            f"  {each.left_out}"
        )
    CACHE.mkdir(parents=True, exist_ok=True)
    report = [asdict(each) for each in outcomes]
    (ROOT / "build" / "conformance.json").write_text(json.dumps(report, indent=1))
    return int(any(each.failed for each in outcomes))


if __name__ == "__main__":
    sys.exit(main())
