"""Attack a server as a foreign tenant and as a hostile client: `make attack`.

    python -m tests.attack.run [--only WORD…] [--examples N]

Prints a line per suite with what it tried and what it found, and ends with a table; the exit code
is 1 when anything was found.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from hansard.app import DIALECTS, opened
from hansard.settings import Settings
from tests.attack import bodies, heads, memory, schemas, suites, wire
from tests.attack.target import Result, under_attack
from tests.reliability.live import Live, new_key
from tests.support.postgres import postgres

WireSuite = Callable[[Live, str], Awaitable[Result]]
Done = list[tuple[str, Result, float]]


class Attack:
    """The suites that were run, and what each took."""

    def __init__(self, only: Sequence[str]) -> None:
        self._only = only
        self.done: Done = []

    def wants(self, name: str) -> bool:
        return not self._only or any(word in name for word in self._only)

    def note(self, where: str, result: Result, began: float) -> None:
        self.done.append((where, result, time.perf_counter() - began))
        print(f"  {where:<9} {result}  ({time.perf_counter() - began:.1f} s)", flush=True)
        for finding in result.findings[:20]:
            print(f"            FOUND {finding}", flush=True)


async def in_process(attack: Attack, backend: str, url: str) -> None:
    """The suites from the router, against the whole application without a socket."""
    async with opened(Settings(store=url)) as service, under_attack(service) as target:
        for suite in suites.SUITES:
            if attack.wants(suite.__name__):
                began = time.perf_counter()
                attack.note(backend, await suite(target), began)


@asynccontextmanager
async def live_server(url: str, folder: Path) -> AsyncIterator[tuple[Live, str]]:
    key = await new_key(url)
    async with Live(url, folder, settings={"head_seconds": str(heads.HEAD_SECONDS)}) as live:
        yield live, key


async def against_a_server(
    attack: Attack, where: str, suites: Sequence[WireSuite], live: Live, key: str
) -> None:
    for suite in suites:
        if attack.wants(suite.__name__):
            began = time.perf_counter()
            attack.note(where, await suite(live, key), began)


async def in_memory(attack: Attack, where: str, url: str, folder: Path) -> None:
    """The suites that look at the memory of a server; it is a new one, which holds nothing yet."""
    if any(attack.wants(suite.__name__) for suite in memory.SUITES):
        async with live_server(url, folder) as (live, key):
            await against_a_server(attack, where, memory.SUITES, live, key)


async def on_the_wire(attack: Attack, folder: Path, examples: int) -> None:
    """What needs a real server: hostile sockets, its log, and schemathesis."""
    async with live_server(f"sqlite:///{folder / 'hansard.db'}", folder) as (live, key):
        await against_a_server(
            attack, "live", (*wire.SUITES, *heads.SUITES, *bodies.SUITES), live, key
        )
        if attack.wants("documents"):
            attack.note("live", await schemas.documents(live), time.perf_counter())
        for dialect in DIALECTS:
            if attack.wants("schemathesis"):
                began = time.perf_counter()
                attack.note(
                    "live", await schemas.fuzz(live, dialect.name, examples=examples), began
                )


async def main() -> int:
    parser = argparse.ArgumentParser(
        description="Attack a server as a foreign tenant and as a hostile client."
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="WORD",
        help="run the suites whose name has the word; can be repeated",
    )
    parser.add_argument(
        "--examples",
        type=int,
        default=15,
        metavar="N",
        help="examples of schemathesis for each operation (default: 15)",
    )
    arguments = parser.parse_args()
    attack, began = Attack(arguments.only), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, postgres(durable=False) as server:
        await in_process(attack, "sqlite", f"sqlite:///{Path(folder) / 'attack.db'}")
        await in_process(attack, "postgres", server.create_database("attack"))
        await on_the_wire(attack, Path(folder), arguments.examples)
        await in_memory(attack, "sqlite", f"sqlite:///{Path(folder) / 'memory.db'}", Path(folder))
        await in_memory(attack, "postgres", server.create_database("memory"), Path(folder))
    print(f"\n{'backend':<9} {'suite':<100} {'requests':>9} {'findings':>9}")
    for where, result, _ in attack.done:
        print(f"{where:<9} {result.name:<100} {result.count:>9} {len(result.findings):>9}")
    findings = sum(len(result.findings) for _, result, _ in attack.done)
    requests = sum(result.count for _, result, _ in attack.done)
    print(
        f"{'':<9} {f'{len(attack.done)} suites in {time.perf_counter() - began:.0f} s':<100} "
        f"{requests:>9} {findings:>9}"
    )
    return 1 if findings or not attack.done else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
