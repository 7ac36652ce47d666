"""Patroni and etcd under Hansard: switch over, crash, hang and cut off the leader: `make rig-ha`.

    python -m tests.high_availability.run [--only WORD…]

Two servers over three nodes, writers that never stop. Ends with one table: the longest time without
an acknowledged append, what was lost and doubled, and the faults that `verify` finds. The exit code
is 1 when anything was lost, doubled or damaged, or took longer than it may.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.high_availability.patroni import TTL_SECONDS, Node, Patroni, patroni
from tests.reliability import soundness
from tests.reliability.live import fleet, new_key
from tests.reliability.load import Figures, Writers, read_all, start_sessions

SERVERS, WRITERS, SESSIONS = 2, 8, 6
BEFORE_SECONDS = 2.0
PATIENCE = 90.0
Strike = Callable[[Patroni, Node, Node], Awaitable[None]]
"""What is done to the leader, whose synchronous standby is the other node."""


@dataclass(frozen=True)
class Fault:
    """Something that befalls the leader, and how many seconds without a write it may cost."""

    name: str
    strike: Strike
    mend: Strike
    seconds: float


class Gap:
    """The longest time between two acknowledged appends, watched beside the load."""

    def __init__(self, load: Writers) -> None:
        self.longest = 0.0
        self._load = load
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        count, since = -1, time.monotonic()
        while True:
            now, acknowledged = time.monotonic(), len(self._load.ledger.acknowledged)
            if acknowledged != count:
                count, since = acknowledged, now
            self.longest = max(self.longest, now - since)
            await asyncio.sleep(0.005)

    def end(self) -> None:
        self._task.cancel()


async def switch_over(cluster: Patroni, leader: Node, standby: Node) -> None:
    await cluster.switch_over(leader, standby)


async def crash(_: Patroni, leader: Node, __: Node) -> None:
    await asyncio.to_thread(leader.crash)


async def hang(_: Patroni, leader: Node, __: Node) -> None:
    leader.hang()


async def cut(_: Patroni, leader: Node, __: Node) -> None:
    leader.isolate()


async def nothing(*_: object) -> None:
    """There is nothing to mend."""


async def start_again(_: Patroni, leader: Node, __: Node) -> None:
    leader.start()


async def fence(_: Patroni, leader: Node, __: Node) -> None:
    """As the watchdog of a machine does that stands still: it never goes on where it was."""
    await asyncio.to_thread(leader.crash)
    leader.start()


async def join(_: Patroni, leader: Node, __: Node) -> None:
    await leader.join()


FAULTS = (
    Fault("switchover", switch_over, nothing, 2),
    Fault("crash: the leader's node dies", crash, start_again, TTL_SECONDS),
    Fault("hang: the leader's node stands still", hang, fence, TTL_SECONDS + 5),
    Fault("cut: the leader's node has no network", cut, join, TTL_SECONDS + 5),
)


async def befall(
    cluster: Patroni, fault: Fault, folder: Path, number: int
) -> tuple[Figures, float]:
    """One fault under load: the audit, and the longest time without a write in seconds."""
    leader, standby = await cluster.healthy()
    key = await new_key(cluster.url, workspace=f"acme-{number}")
    soundness.verdicts()
    async with fleet(cluster.url, folder, key, SERVERS) as group:
        sessions = await start_sessions(group.clients[0], SESSIONS)
        load = Writers(group.clients, sessions, WRITERS, seed=number)
        await load.until(WRITERS)
        gap = Gap(load)
        await asyncio.sleep(BEFORE_SECONDS)
        await fault.strike(cluster, leader, standby)
        await _written_again(load, fault)
        gap.end()
        await fault.mend(cluster, leader, standby)
        await cluster.healthy()
        await asyncio.sleep(BEFORE_SECONDS)
        ledger = await load.stop()
        figures = ledger.audit(await read_all(group.clients[0], sessions))
    figures.faults = sum(map(len, soundness.verdicts().values()))
    figures.overdue = int(gap.longest > fault.seconds)
    return figures, gap.longest


async def _written_again(load: Writers, fault: Fault) -> None:
    """Return when appends go on behind the fault: those that were under way do not count."""
    await asyncio.sleep(min(fault.seconds, 3.0))
    await asyncio.wait_for(load.until(len(load.ledger.acknowledged) + 5 * WRITERS), PATIENCE)


async def run(words: list[str]) -> int:
    bad = 0
    faults = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    async with patroni() as cluster:
        print(f"Three nodes of PostgreSQL, Patroni with a ttl of {TTL_SECONDS} s, etcd")
        for number, fault in enumerate(faults):
            with tempfile.TemporaryDirectory() as folder:
                figures, gap = await befall(cluster, fault, Path(folder), number)
            bad += not figures.is_clean
            print(
                f"  {'ok' if figures.is_clean else 'BAD':<3} {fault.name:<40} {gap:5.1f} s without "
                f"a write (at most {fault.seconds:g}); {figures}",
                flush=True,
            )
    return int(bad > 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.high_availability.run")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="faults with it")
    return asyncio.run(run(parser.parse_args().only))


if __name__ == "__main__":
    sys.exit(main())
