"""A PostgreSQL primary with a standby, so that the one can die and the other take over.

The hand that promotes is ours: it stands for whatever watches a cluster (Patroni, a managed
service). The dead primary never comes back.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import asyncpg

from tests.reliability.live import fleet, new_key
from tests.reliability.load import Figures, Writers, read_all, start_sessions
from tests.reliability.outages import Outage, asking_for_health, compared
from tests.support.postgres_cluster import Cluster

DATABASE = "failover"
PATIENCE = 30.0


class Pair:
    """The two clusters. With `synchronous`, a commit waits until the standby has it on its disk."""

    def __init__(self, *, synchronous: bool) -> None:
        self.synchronous = synchronous
        self.primary = Cluster(settings=["wal_keep_size = 256MB"])
        self.primary.start()
        self.standby = Cluster()

    async def begin(self) -> None:
        """Make the database, the standby from it, and wait until it follows."""
        connection = await asyncpg.connect(self.primary.url)
        await connection.execute(f"create database {DATABASE}")
        shutil.rmtree(self.standby.data)
        await asyncio.to_thread(self._copy)
        await asyncio.to_thread(self.standby.start)
        if self.synchronous:
            await connection.execute("alter system set synchronous_standby_names = '*'")
            await connection.execute("select pg_reload_conf()")
        sync_state = "sync" if self.synchronous else "async"
        until = time.monotonic() + PATIENCE
        while (
            await connection.fetchval(
                "select sync_state from pg_stat_replication where state = 'streaming'"
            )
            != sync_state
        ):
            assert time.monotonic() < until, "the standby does not follow"
            await asyncio.sleep(0.05)
        await connection.close()

    def _copy(self) -> None:
        self.standby._run(
            "pg_basebackup",
            f"--dbname={self.primary.url}",
            f"--pgdata={self.standby.data}",
            "--write-recovery-conf",
            "--wal-method=stream",
            "--checkpoint=fast",
        )
        with (self.standby.data / "postgresql.conf").open("a") as file:
            file.write(f"port = {self.standby.port}\n")

    @property
    def url(self) -> str:
        """Both of them: a client takes the one that is primary."""
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        return f"postgresql://postgres:{self.primary.password}@{hosts}/{DATABASE}?target_session_attrs=primary"

    async def fall_behind(self) -> None:
        """The standby receives nothing from now on."""
        url = self.primary.url.replace(str(self.primary.port), str(self.standby.port))
        connection = await asyncpg.connect(url)
        await connection.execute("alter system set primary_conninfo = ''")
        await connection.execute("select pg_reload_conf()")
        await connection.close()

    def promote(self) -> None:
        self.standby._run(
            "pg_ctl", "promote", "--wait", "--silent", f"--pgdata={self.standby.data}"
        )

    def remove(self) -> None:
        self.standby.remove()
        self.primary.remove()


async def failover(
    folder: Path,
    *,
    synchronous: bool,
    lag: float = 0.0,
    pause: float = 1.5,
    servers: int = 1,
    hang: bool = False,
    fault: str = "",
) -> tuple[Figures, Outage]:
    """The primary dies under load and the standby takes over: the audit, and what it cost.

    `lag` seconds before its death the standby falls behind. With `hang` the primary does not die:
    its processes stand still, its connections stay open.
    """
    pair = Pair(synchronous=synchronous)
    try:
        await pair.begin()
        key = await new_key(pair.url)
        settings = {"statement_seconds": "8"} if fault else {}
        async with fleet(pair.url, folder, key, servers, fault=fault, settings=settings) as group:
            client = group.clients[0]
            sessions = await start_sessions(client, 8)
            load = Writers(group.clients, sessions, 16)
            await asyncio.sleep(pause)
            if lag:
                await pair.fall_behind()
                await asyncio.sleep(lag)
            async with asking_for_health(client) as health:
                began = time.monotonic()
                await asyncio.to_thread(pair.primary.hang if hang else pair.primary.kill)
                await asyncio.to_thread(pair.promote)
                await load.until(len(load.ledger.acknowledged) + 1)
                gap = time.monotonic() - began
            await asyncio.to_thread(pair.primary.kill)  # whoever manages a cluster fences it
            await asyncio.sleep(pause)
            ledger = await load.stop()
            figures = ledger.audit(await read_all(client, sessions))
            return figures, Outage(gap, health.longest)
    finally:
        pair.remove()


async def hung_primary(folder: Path, *, fault: str = "") -> tuple[Figures, str]:
    """The primary hangs and its standby takes over; against a primary that dies."""
    crash = await failover(folder, synchronous=True)
    return compared(crash, await failover(folder, synchronous=True, hang=True, fault=fault))
