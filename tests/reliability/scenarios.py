"""The faults, each as one scenario of any length: a server under load, the fault, the audit."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

import httpx

from tests.reliability.live import client_of, fleet, new_key
from tests.reliability.load import Figures, Writers, read_all, start_sessions
from tests.support.postgres import Server


async def kills(
    store: str,
    folder: Path,
    *,
    times: int,
    pause: float,
    writers: int = 16,
    servers: int = 1,
    fault: str = "",
    seed: int = 1,
) -> Figures:
    """End a server with kill -9 at random moments under load."""
    chance = random.Random(seed)
    key = await new_key(store)
    async with fleet(store, folder, key, servers, fault=fault) as group:
        client = group.clients[0]
        sessions = await start_sessions(client, 8)
        load = Writers(group.clients, sessions, writers, seed=seed)
        for _ in range(times):
            await asyncio.sleep(pause * (0.5 + chance.random()))
            live = chance.choice(group.servers)
            await asyncio.to_thread(live.kill)
            await live.start()
        ledger = await load.stop()
        return ledger.audit(await read_all(client, sessions))


async def one_session(
    store: str,
    folder: Path,
    *,
    seconds: float,
    writers: int = 16,
    servers: int = 1,
    fault: str = "",
) -> tuple[Figures, int]:
    """Many writers on one session; also how many answers were 5xx."""
    key = await new_key(store)
    async with fleet(store, folder, key, servers, fault=fault) as group:
        sessions = await start_sessions(group.clients[0], 1)
        load = Writers(group.clients, sessions, writers)
        await asyncio.sleep(seconds)
        ledger = await load.stop()
        return ledger.audit(await read_all(group.clients[0], sessions)), sum(
            count for status, count in ledger.refused.items() if status >= 500
        )


async def shutdown(
    store: str, folder: Path, *, times: int, pause: float, servers: int = 1
) -> tuple[Figures, float, set[int]]:
    """SIGTERM under load: the longest stop in seconds, and the exit codes."""
    key = await new_key(store)
    longest, codes = 0.0, set[int]()
    async with fleet(store, folder, key, servers) as group:
        client = group.clients[0]
        sessions = await start_sessions(client, 8)
        load = Writers(group.clients, sessions, 16)
        for number in range(times):
            live = group.servers[number % servers]
            await asyncio.sleep(pause)
            began = time.monotonic()
            live.signal(signal.SIGTERM)
            codes.add(await asyncio.to_thread(live.wait))
            longest = max(longest, time.monotonic() - began)
            await live.start()
        ledger = await load.stop()
        return ledger.audit(await read_all(client, sessions)), longest, codes


class Cutter:
    """A proxy that cuts a connection when the answer comes, for a ``share`` of the requests.

    Only those with the trigger in them count.
    """

    def __init__(
        self, host: str, port: int, *, share: float, trigger: bytes = b"", seed: int = 1
    ) -> None:
        self.cuts = 0
        self.port = 0
        self._target = (host, port)
        self.share = share
        self._trigger = trigger
        self._chance = random.Random(seed)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, downstream = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        doomed = asyncio.Event()
        try:
            await asyncio.gather(
                self._requests(reader, downstream, doomed), self._answers(upstream, writer, doomed)
            )
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            downstream.close()
            writer.close()

    async def _requests(
        self, reader: asyncio.StreamReader, downstream: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if (self._trigger in data) and self._chance.random() < self.share:
                doomed.set()
            downstream.write(data)
            await downstream.drain()
        raise ConnectionResetError

    async def _answers(
        self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while data := await upstream.read(65536):
            if doomed.is_set():
                self.cuts += 1
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


async def cut_answers(
    store: str, folder: Path, *, acknowledged: int, servers: int = 1, fault: str = ""
) -> tuple[Figures, int]:
    """The connection is cut between the commit and the answer; how many cuts.

    The same request comes again, to another server where there is one.
    """
    key = await new_key(store)
    async with fleet(store, folder, key, servers, fault=fault) as group:
        direct = group.clients[0]
        sessions = await start_sessions(direct, 4)
        async with contextlib.AsyncExitStack() as stack:
            cutters = [
                await stack.enter_async_context(
                    Cutter("127.0.0.1", live.port, share=0.3, trigger=b"POST")
                )
                for live in group.servers
            ]
            clients = [
                await stack.enter_async_context(client_of(f"http://127.0.0.1:{cutter.port}", key))
                for cutter in cutters
            ]
            load = Writers(clients, sessions, 8)
            await load.until(acknowledged)
            ledger = await load.stop()
        figures = ledger.audit(await read_all(direct, sessions))
        return figures, sum(cutter.cuts for cutter in cutters)


def postgres_through(url: str, port: int) -> str:
    """The URL of the same database through a proxy on `port`."""
    parsed = httpx.URL(url)
    return str(parsed.copy_with(host="127.0.0.1", port=port))


async def cut_commits(
    store: str, folder: Path, *, acknowledged: int, servers: int = 1
) -> tuple[Figures, int]:
    """PostgreSQL's answer to a commit never arrives; how often.

    The outcome is asked for again under the same key.
    """
    parsed = httpx.URL(store)
    async with Cutter(parsed.host, parsed.port or 5432, share=0.0, trigger=b"COMMIT") as cutter:
        key = await new_key(store)
        through = postgres_through(store, cutter.port)
        async with fleet(through, folder, key, servers) as group:
            client = group.clients[0]
            sessions = await start_sessions(client, 4)
            cutter.share = 0.05
            load = Writers(group.clients, sessions, 8)
            await load.until(acknowledged)
            ledger = await load.stop()
            cutter.share = 0.0
            return ledger.audit(await read_all(client, sessions)), cutter.cuts


def memory_of(pid: int) -> int:
    """Resident bytes of a process."""
    return (
        int(
            subprocess.run(
                ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
            ).stdout
        )
        * 1024
    )


async def database_kills(
    server: Server, folder: Path, *, times: int, pause: float, servers: int = 1
) -> tuple[Figures, float]:
    """End PostgreSQL with kill -9, all its processes, under load.

    With the figures the longest time in seconds until a write was acknowledged again.
    """
    assert server.cluster is not None
    store = server.create_database("database_kills")
    key = await new_key(store)
    longest = 0.0
    async with fleet(store, folder, key, servers) as group:
        client = group.clients[0]
        sessions = await start_sessions(client, 8)
        load = Writers(group.clients, sessions, 16)
        for _ in range(times):
            await asyncio.sleep(pause)
            began = time.monotonic()
            await asyncio.to_thread(server.cluster.kill)
            await asyncio.to_thread(server.cluster.start)
            await load.until(len(load.ledger.acknowledged) + 1)
            longest = max(longest, time.monotonic() - began)
        ledger = await load.stop()
        return ledger.audit(await read_all(client, sessions)), longest
