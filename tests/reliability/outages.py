"""What an outage of the database costs.

The seconds without a write, and the longest wait for the server's health.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.reliability.live import fleet, new_key
from tests.reliability.load import Figures, Writers, read_all, start_sessions
from tests.reliability.proxies import Proxy
from tests.support.postgres import Server

ALLOWED_SECONDS = 5.0
"""So much longer than a crash may an outage of any other kind cost."""
HEALTH_SECONDS = 5.0
_SETTLED_SECONDS = 0.3
_OUT_SECONDS = 12.0
"""Longer than the ten seconds for which a request is tried again."""
Strike = Callable[[], Awaitable[object]]


@dataclass
class Outage:
    """Seconds without a write, and the longest that `/readyz` took meanwhile."""

    seconds: float
    health: float = 0.0

    def overdue(self, crash: Outage) -> int:
        """How much of what is promised did not hold, against a crash in the same run."""
        return (self.seconds > crash.seconds + ALLOWED_SECONDS) + (self.health > HEALTH_SECONDS)

    def beside(self, crash: Outage) -> str:
        return (
            f"{self.seconds:.1f} s without a write, a crash {crash.seconds:.1f} s, health within "
            f"{self.health:.1f} s"
        )


Result = tuple[Figures, Outage]


class Health:
    """The longest wait for an answer so far."""

    longest = 0.0


@contextlib.asynccontextmanager
async def asking_for_health(client: httpx.AsyncClient) -> AsyncIterator[Health]:
    """Ask a server for its health again and again, whatever it answers."""
    health = Health()

    async def ask() -> None:
        while True:
            began = time.monotonic()
            await client.get("/readyz")
            health.longest = max(health.longest, time.monotonic() - began)
            await asyncio.sleep(0.1)

    asking = asyncio.create_task(ask())
    try:
        yield health
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking


async def outage(
    store: str,
    folder: Path,
    strike: Strike,
    mend: Strike | None = None,
    *,
    seconds: float = 0.0,
    fault: str = "",
) -> Result:
    """Strike under load.

    Returns the audit, and the costs from the strike, or from the mending `seconds` later.
    """
    key = await new_key(store)
    settings = {"statement_seconds": "8"} if fault else {}
    async with fleet(store, folder, key, 1, fault=fault, settings=settings) as group:
        client = group.clients[0]
        sessions = await start_sessions(client, 4)
        load = Writers(client, sessions, 16)
        await load.until(100)
        async with asking_for_health(client) as health:
            began = time.monotonic()
            await strike()
            await asyncio.sleep(seconds or _SETTLED_SECONDS)
            if mend is not None:
                began = time.monotonic()
                await mend()
            await load.until(len(load.ledger.acknowledged) + 1)
            gap = time.monotonic() - began
        await load.until(len(load.ledger.acknowledged) + 100)
        ledger = await load.stop()
        return ledger.audit(await read_all(client, sessions)), Outage(gap, health.longest)


def compared(crash: Result, *others: Result) -> tuple[Figures, str]:
    """All audits in one, with what took longer than it may, and the seconds side by side."""
    figures = sum((audit for audit, _ in others), crash[0])
    figures.overdue = sum(cost.overdue(crash[1]) for _, cost in others)
    return figures, "; ".join(cost.beside(crash[1]) for _, cost in others)


async def stalled_connections(
    server: Server, folder: Path, *, fault: str = ""
) -> tuple[Figures, str]:
    """Nothing passes any more on the connections that there are, new ones are good.

    Against their being cut off.
    """
    results = []
    for strike in (Proxy.cut, Proxy.stall):
        async with Proxy(server.create_database("stalled")) as proxy:
            results.append(await outage(proxy.url, folder, _struck(strike, proxy), fault=fault))
    return compared(*results)


async def stalled_network(server: Server, folder: Path, *, fault: str = "") -> tuple[Figures, str]:
    """Nothing passes for some seconds, on new connections neither.

    Then what was held back comes late, or the network has forgotten the connections of before.
    Against a network that refuses so long.
    """
    results = []
    for strike, mend in (
        (Proxy.refuse, Proxy.go_on),
        (Proxy.stall_all, Proxy.go_on),
        (Proxy.stall_all, Proxy.forget),
    ):
        async with Proxy(server.create_database("stalled")) as proxy:
            results.append(
                await outage(
                    proxy.url,
                    folder,
                    _struck(strike, proxy),
                    functools.partial(mend, proxy),
                    seconds=_OUT_SECONDS,
                    fault=fault,
                )
            )
    return compared(*results)


async def hung_database(server: Server, folder: Path) -> tuple[Figures, str]:
    """PostgreSQL stands still for some seconds and goes on; against one that is dead so long."""
    assert server.cluster is not None
    cluster, results = server.cluster, []
    for strike, mend in ((cluster.kill, cluster.start), (cluster.hang, cluster.go_on)):
        results.append(
            await outage(
                server.create_database("hung"),
                folder,
                functools.partial(asyncio.to_thread, strike),
                functools.partial(asyncio.to_thread, mend),
                seconds=_OUT_SECONDS,
            )
        )
    return compared(*results)


def _struck(strike: Callable[[Proxy], None], proxy: Proxy) -> Strike:
    async def work() -> None:
        strike(proxy)

    return work
