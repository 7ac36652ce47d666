"""Kill, starve and cut off servers for minutes, and count what was acknowledged: `make torture`.

    python tests/torture/run.py [--only WORD…] [--kills N] [--points N]

Ends with one table: what was acknowledged, lost, doubled and missing, per fault and backend, and
the faults that `verify` finds in the store that is left. The exit code is 1 when a fault lost,
doubled or damaged anything, and when a seeded fault went unseen.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.reliability import disks, scenarios
from tests.reliability.failover import failover
from tests.reliability.routes import mixed_routes
from tests.support.postgres import Server, postgres
from tests.torture.outages import clocks, outages, replaced_files
from tests.torture.rows import Record, Row, file_in


def on_files(kills: int, points: int) -> list[Row]:
    """The faults of the embedded store."""

    async def kill(folder: Path) -> Record:
        return await scenarios.kills(
            file_in(folder), folder, times=kills, pause=1.0
        ), f"{kills} kills"

    async def early(folder: Path) -> Record:
        return await scenarios.kills(
            file_in(folder), folder, times=4, pause=1.2, fault="acknowledge-early"
        ), "acknowledged before the commit"

    async def power(folder: Path) -> Record:
        return await disks.power_loss(folder, points=points, appends=30), f"{points} power cuts"

    async def power_unsynced(folder: Path) -> Record:
        with disks.pragma("synchronous = full", "synchronous = normal"):
            return await disks.power_loss(
                folder, points=points, appends=30
            ), f"{points} power cuts, synchronous=NORMAL"

    async def full(folder: Path) -> Record:
        figures, refused = await disks.bad_disk(folder, "full", rounds=12)
        return figures, f"refused {refused.codes}, reads meanwhile {refused.reads}"

    async def syncs(folder: Path) -> Record:
        figures, refused = await disks.bad_disk(folder, "broken_syncs", rounds=12)
        return figures, f"refused {refused.codes}, reads meanwhile {refused.reads}"

    async def term(folder: Path) -> Record:
        figures, longest, codes = await scenarios.shutdown(
            file_in(folder), folder, times=6, pause=1.0
        )
        return figures, f"longest stop {longest:.1f} s, exit codes {codes}"

    async def forgetful(folder: Path) -> Record:
        figures, cuts = await scenarios.cut_answers(
            file_in(folder), folder, acknowledged=300, fault="forget-keys"
        )
        return figures, f"{cuts} cuts, keys forgotten"

    return [
        Row("kill -9 of the server", "sqlite", kill),
        Row("seeded: acknowledged early, kill -9", "sqlite", early, seeded=True),
        Row("power loss", "sqlite", power),
        Row("seeded: power loss without syncs", "sqlite", power_unsynced, seeded=True),
        Row("full disk", "sqlite", full),
        Row("fsync answers EIO", "sqlite", syncs),
        Row("SIGTERM under load", "sqlite", term),
        Row("seeded: answers cut off, keys forgotten", "sqlite", forgetful, seeded=True),
    ]


def on_both(name: str, url: Callable[[Path], str], servers: int = 1) -> list[Row]:
    """The faults that no backend notices, with so many servers."""
    of = f" of {servers} servers" if servers > 1 else ""

    async def one_session(folder: Path) -> Record:
        figures, refused = await scenarios.one_session(
            url(folder), folder, seconds=8, writers=16 * servers, servers=servers
        )
        return figures, f"{16 * servers} writers, answers 5xx {refused}"

    async def mixed(folder: Path) -> Record:
        figures, ways = await mixed_routes(url(folder), folder, seconds=8, servers=servers)
        return figures, ", ".join(f"{way} {count}" for way, count in ways.items())

    async def cut(folder: Path) -> Record:
        figures, cuts = await scenarios.cut_answers(
            url(folder), folder, acknowledged=1000, servers=servers
        )
        return figures, f"{cuts} answers cut off"

    return [
        Row(f"many writers{of} on one session", name, one_session),
        Row(f"native, dialect, import{of} on one session", name, mixed),
        Row(f"answers{of} cut off, asked again", name, cut),
    ]


def on_postgres(server: Server, kills: int, servers: int = 1) -> list[Row]:
    """The faults of a database server, with so many servers of ours on it."""
    of = f" of {servers} servers" if servers > 1 else ""

    def database(_folder: Path) -> str:
        return server.create_database("torture")

    async def kill(folder: Path) -> Record:
        return await scenarios.kills(
            database(folder), folder, times=kills, pause=1.0, servers=servers
        ), f"{kills} kills"

    async def database_kill(folder: Path) -> Record:
        figures, longest = await scenarios.database_kills(
            server, folder, times=8, pause=1.5, servers=servers
        )
        return figures, f"8 kills, longest without a write {longest:.1f} s"

    async def commits(folder: Path) -> Record:
        figures, cuts = await scenarios.cut_commits(
            database(folder), folder, acknowledged=1500, servers=servers
        )
        return figures, f"{cuts} commits without an answer"

    return [
        Row(f"kill -9 of {'one' if of else 'the server'}{of}", "postgres", kill),
        Row(f"kill -9 of the database{of}", "postgres", database_kill),
        Row(f"commits{of} without an answer", "postgres", commits),
        *on_both("postgres", database, servers),
    ]


def with_several_servers(server: Server, kills: int) -> list[Row]:
    """Two and three servers on one database, and the faults that their chains must show."""

    def database(_folder: Path) -> str:
        return server.create_database("torture")

    def seeded(servers: int) -> Row:
        async def work(folder: Path) -> Record:
            figures, _ = await scenarios.one_session(
                database(folder), folder, seconds=3, servers=servers, fault="restart-chains"
            )
            return figures, "the last hash is read beside the lock"

        name = f"seeded: {servers} servers begin chains again"
        return Row(name, "postgres", work, seeded=True)

    return [
        on_both("postgres", database, 2)[0],
        seeded(2),
        *on_postgres(server, kills, 3),
        seeded(3),
    ]


def unsafe_postgres() -> Row:
    async def work(folder: Path) -> Record:
        with postgres(
            private=True, settings=["synchronous_commit = off", "wal_writer_delay = 5s"]
        ) as server:
            figures, _ = await scenarios.database_kills(server, folder, times=3, pause=1.5)
        return figures, "synchronous_commit=off"

    return Row("seeded: kill -9 of a database that does not sync", "postgres", work, seeded=True)


def with_a_standby() -> list[Row]:
    async def safe(folder: Path) -> Record:
        figures, outage = await failover(folder, synchronous=True)
        return figures, f"synchronous replication, {outage.seconds:.1f} s without a write"

    async def three(folder: Path) -> Record:
        figures, outage = await failover(folder, synchronous=True, servers=3)
        return figures, f"three servers, {outage.seconds:.1f} s without a write"

    async def behind(folder: Path) -> Record:
        figures, _ = await failover(folder, synchronous=False, lag=1.5)
        return figures, "the standby lagged"

    return [
        Row("the primary dies, its standby takes over", "postgres", safe),
        Row("the primary of 3 servers dies, its standby takes over", "postgres", three),
        Row("seeded: a standby that lags takes over", "postgres", behind, seeded=True),
    ]


def table(rows: list[Row]) -> str:
    lines = [
        (
            f"{'backend':<9} {'fault':<49} {'acknowledged':>12} {'lost':>6} {'doubled':>8} "
            f"{'gaps':>5} {'faults':>6}  verdict"
        )
    ]
    for row in rows:
        figures = row.figures
        verdict = (
            ("seen" if row.seeded else "held")
            if row.is_good
            else ("NOT SEEN" if row.seeded else "BROKEN")
        )
        lines.append(
            f"{row.backend:<9} {row.fault:<49} {figures.acknowledged:>12} {figures.lost:>6} "
            f"{figures.doubled:>8} {figures.gaps + figures.moved:>5} {figures.faults:>6}  "
            f"{verdict}"
        )
    real = [row.figures for row in rows if not row.seeded]
    totals = [
        sum(getattr(each, name) for each in real)
        for name in ("acknowledged", "lost", "doubled", "gaps", "faults")
    ]
    lines.append(
        f"{'':<9} {'all faults that were not seeded':<49} {totals[0]:>12} {totals[1]:>6} "
        f"{totals[2]:>8} {totals[3]:>5} {totals[4]:>6}"
    )
    return "\n".join(lines)


async def main() -> int:
    parser = argparse.ArgumentParser(
        description="Kill, starve and cut off servers, and count what was acknowledged."
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="WORD",
        help="run the faults whose name or backend has the word; can be repeated",
    )
    parser.add_argument(
        "--kills",
        type=int,
        default=20,
        metavar="N",
        help="kills of a server on each backend (default: 20)",
    )
    parser.add_argument(
        "--points",
        type=int,
        default=60,
        metavar="N",
        help="moments at which the power goes (default: 60)",
    )
    arguments = parser.parse_args()
    began = time.perf_counter()
    with postgres(private=True) as server:
        rows = [
            *on_files(arguments.kills, arguments.points),
            *on_both("sqlite", file_in),
            *on_postgres(server, arguments.kills),
            *with_several_servers(server, arguments.kills),
            unsafe_postgres(),
            *with_a_standby(),
            *outages(server),
            *clocks(server),
            *replaced_files(),
        ]
        chosen = [
            row
            for row in rows
            if not arguments.only
            or any(word in f"{row.backend} {row.fault}" for word in arguments.only)
        ]
        for row in chosen:
            await row.run()
    print(f"\n{table(chosen)}\n{len(chosen)} faults in {time.perf_counter() - began:.0f} s")
    return 0 if chosen and all(row.is_good for row in chosen) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
