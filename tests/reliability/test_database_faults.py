"""A database that hangs, stalls, garbles or takes no writes.

Answers within seconds, 503 and never 500, and it passes by itself.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from pathlib import Path

import asyncpg
import httpx
import pytest

from hansard.app import open_store, opened
from hansard.errors import StoreUnavailable
from hansard.settings import Settings
from hansard.store.postgres import PostgresStore
from hansard.store.postgres.connecting import connect, hosts_of
from hansard.store.postgres.failures import Broken, answer
from hansard.store.steps import Steps, composed
from tests.reliability.conftest import Figure
from tests.reliability.live import Live, client_of, new_key
from tests.reliability.load import Writers, read_all, start_sessions
from tests.reliability.proxies import Proxy
from tests.support.postgres import postgres
from tests.support.postgres_cluster import free_port

HEALTH_SECONDS = 5.0
RECOVERY_SECONDS = 5.0
LEFT_SECONDS = 3.0
LEFT_BEHIND = """
select count(*) from pg_stat_activity
 where datname = current_database() and state <> 'active'
   and xact_start < now() - interval '1.5 seconds'
"""
"""Transactions that hold their locks for nobody."""


async def healthy(url: str, seconds: float) -> tuple[float, Counter[int]]:
    """Ask for the health of a server again and again.

    The longest wait for an answer, and the statuses.
    """
    longest, statuses = 0.0, Counter[int]()
    until = time.monotonic() + seconds
    async with httpx.AsyncClient(timeout=30) as client:
        while time.monotonic() < until:
            began = time.monotonic()
            statuses[(await client.get(f"{url}/readyz")).status_code] += 1
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.1)
    return longest, statuses


async def test_connections_that_say_nothing_more_are_noticed(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    """Statements went out, no answer comes back, and new connections are as good as ever."""
    key = await new_key(postgres_url)
    async with (
        Proxy(postgres_url) as proxy,
        Live(proxy.url, tmp_path) as live,
        client_of(live.url, key) as client,
    ):
        sessions = await start_sessions(client, 4)
        load = Writers(client, sessions, 8)
        await load.until(50)
        proxy.stall()
        began = time.monotonic()
        await asyncio.sleep(0.3)
        await load.until(len(load.ledger.acknowledged) + 1)
        gap = time.monotonic() - began
        await load.until(len(load.ledger.acknowledged) + 50)
        ledger = await load.stop()
        figures = ledger.audit(await read_all(client, sessions))
        left = await left_behind(postgres_url)
    figure(
        f"{gap:.1f} s without a write, {left} transactions left behind; {figures}; refused "
        f"{dict(ledger.refused)}"
    )
    assert gap < RECOVERY_SECONDS
    assert left == 0
    assert figures.is_clean


async def test_a_database_that_hangs_holds_no_answer_up(tmp_path: Path, figure: Figure) -> None:
    """Every process of PostgreSQL stands still for some seconds.

    Health answers meanwhile, writes go on afterwards.
    """
    with postgres(private=True, durable=False) as server:
        assert server.cluster is not None
        store = server.create_database("hang")
        key = await new_key(store)
        async with Live(store, tmp_path) as live, client_of(live.url, key) as client:
            sessions = await start_sessions(client, 4)
            load = Writers(client, sessions, 8)
            await load.until(50)
            server.cluster.hang()
            longest, statuses = await healthy(live.url, 5)
            began = time.monotonic()
            server.cluster.go_on()
            await load.until(len(load.ledger.acknowledged) + 10)
            gap = time.monotonic() - began
            ledger = await load.stop()
            figures = ledger.audit(await read_all(client, sessions))
            after = (await client.get("/readyz")).status_code
    figure(
        f"health within {longest:.1f} s, {dict(statuses)}; {gap:.1f} s to the next writes; "
        f"{figures}"
    )
    assert longest < HEALTH_SECONDS
    assert statuses[503] > 0
    assert after == 200
    assert gap < RECOVERY_SECONDS
    assert figures.is_clean


async def test_a_long_statement_is_no_hang(postgres_url: str, figure: Figure) -> None:
    """A statement that is at work is waited for, and costs nobody else a connection."""

    def sleep(seconds: float) -> Steps[object]:
        return (yield from composed("select pg_sleep(:seconds)", {"seconds": seconds}))

    warnings: list[str] = []
    store = PostgresStore(postgres_url, warn=warnings.append)
    await store.open()
    began = time.monotonic()
    await asyncio.gather(store.read(sleep, 3.5), store.read(sleep, 0.1))
    took = time.monotonic() - began
    await store.close()
    figure(f"a statement of 3.5 s took {took:.1f} s, warnings {warnings}")
    assert 3.4 < took < 4.5
    assert warnings == []


async def test_what_the_driver_cannot_read_is_no_fault_of_the_caller(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    """Answers of the database come garbled: every request is answered, none with 500."""
    key = await new_key(postgres_url)
    statuses = Counter[int]()
    async with (
        Proxy(postgres_url) as proxy,
        Live(proxy.url, tmp_path) as live,
        client_of(live.url, key) as client,
    ):
        await start_sessions(client, 1)
        proxy.garbling = 0.05

        async def ask(number: int) -> None:
            answer = await client.post(
                "/v1/sessions/load-0/messages",
                json={
                    "messages": [{"role": "user", "text": str(number), "client_id": str(number)}]
                },
            )
            statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                kinds[answer.json()["code"]] += 1
            statuses[(await client.get("/v1/sessions/load-0")).status_code] += 1

        kinds = Counter[str]()
        for _ in range(12):
            await asyncio.gather(*map(ask, range(20)))
        proxy.garbling = 0.0
    figure(f"{proxy.garbled} answers garbled: {dict(statuses)}, {dict(kinds)}")
    assert proxy.garbled > 0
    assert statuses[500] == 0


async def left_behind(url: str) -> object:
    """How many there are once the server was told of them, which the next look does."""
    until = time.monotonic() + LEFT_SECONDS
    left: object = 1
    while left and time.monotonic() < until:
        await asyncio.sleep(0.1)  # no event tells of it
        left = await fetch(url, LEFT_BEHIND)
    return left


async def fetch(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    value: object = await connection.fetchval(statement)
    await connection.close()
    return value


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_connections_that_take_no_writes_are_let_go(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    """A switch-over leaves connections that read only.

    Once a new one would write, so does the server.
    """
    key = await new_key(postgres_url)
    database = httpx.URL(postgres_url).path.removeprefix("/")
    read_only = f'alter database "{database}" set default_transaction_read_only = on'
    async with Live(postgres_url, tmp_path) as live, client_of(live.url, key) as client:
        sessions = await start_sessions(client, 4)
        await execute(
            postgres_url,
            read_only,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()",
        )
        reads = await asyncio.gather(*(client.get("/v1/sessions/load-0") for _ in range(40)))
        refused = await client.post(
            "/v1/sessions/load-0/messages", json={"messages": [{"role": "user", "text": "a"}]}
        )
        await execute(
            postgres_url,
            "set default_transaction_read_only = off",
            f'alter database "{database}" reset default_transaction_read_only',
        )
        began = time.monotonic()
        load = Writers(client, sessions, 16)
        await load.until(16)
        gap = time.monotonic() - began
        ledger = await load.stop()
    figure(
        f"while it reads only: reads {Counter(read.status_code for read in reads)}, a write "
        f"{refused.json()['code']};"
        f" {gap:.2f} s until 16 writes, refused {dict(ledger.refused)}"
    )
    assert {read.status_code for read in reads} == {200}
    assert (refused.status_code, refused.json()["code"]) == (503, "store_read_only")
    assert gap < RECOVERY_SECONDS
    assert not ledger.refused


async def test_both_sides_end_what_is_dead(postgres_url: str) -> None:
    """The kernel ends a connection whose peer acknowledges nothing.

    The server ends statements and transactions left alone.
    """
    connection = await connect(postgres_url, statement_seconds=7, idle_seconds=1)
    transport = connection._transport  # type: ignore[attr-defined]  # asyncpg shows it nowhere else
    peer = transport.get_extra_info("socket")
    assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5000
    shown = {
        name: await connection.fetchval(f"show {name}")
        for name in (
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "tcp_keepalives_idle",
            "tcp_user_timeout",
        )
    }
    await connection.execute("begin")
    await asyncio.sleep(1.5)
    assert connection.is_closed(), "a transaction that is left alone is ended"
    assert shown == {
        "statement_timeout": "7s",
        "idle_in_transaction_session_timeout": "1s",
        "tcp_keepalives_idle": "15",
        "tcp_user_timeout": "5000",
    }


async def test_a_silent_host_holds_the_next_one_up_for_half_a_second(
    postgres_url: str, figure: Figure
) -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # connections wait there, and nobody takes them
    port = silent.getsockname()[1]
    parsed = httpx.URL(postgres_url)
    both = postgres_url.replace(
        f"@{parsed.host}:{parsed.port}",
        f"@127.0.0.1:{port},127.0.0.1:{free_port()},{parsed.host}:{parsed.port}",
    )
    assert len(hosts_of(both)) == 3
    began = time.monotonic()
    connection = await connect(both)
    took = time.monotonic() - began
    connection.terminate()
    with pytest.raises(ConnectionError, match="no answer within"):
        await connect(hosts_of(both)[0], connect_seconds=0.2)
    silent.close()
    figure(f"three hosts, one silent and one gone: connected after {took:.2f} s")
    assert took < 2


async def test_a_store_that_a_newer_version_made_is_refused(store_url: str, figure: Figure) -> None:
    store = open_store(Settings(store=store_url))
    await store.open()
    await store.migrate()
    await store.write(later_migration)
    for migrate in (True, False):
        with pytest.raises(StoreUnavailable, match="it has 9998_from_tomorrow") as refused:
            async with opened(Settings(store=store_url, migrate=migrate)):
                pass
        figure(refused.value.message)
        assert refused.value.code == "store_newer"
    await store.write(composed, "delete from migrations where number = 9998", {})
    await store.close()


def later_migration() -> Steps[object]:
    return (
        yield from composed(
            "insert into migrations (number, name) values (9998, '9998_from_tomorrow')", {}
        )
    )


async def test_an_operation_that_the_driver_gives_up_is_not_the_request_given_up() -> None:
    """The driver cancels what waits on a connection that fails.

    Only who is cancelled himself goes.
    """

    async def gives_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(Broken):
        await answer(gives_up())
    waiting = asyncio.create_task(answer(asyncio.sleep(60)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
