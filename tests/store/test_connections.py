"""A connection to PostgreSQL is given up where an answer is lost, and not where none is due."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from hansard.app import opened
from hansard.settings import Settings
from hansard.store import connect
from hansard.store.postgres.pool import NoConnection
from hansard.store.postgres.watchdog import LATE_SECONDS
from hansard.store.steps import Row, Steps, composed, pause, rows, run, value


async def test_a_verb_that_computes_for_long_keeps_its_connection(postgres_url: str) -> None:
    """Between two statements its process of the server is idle, as one is that lost a statement."""
    begun: list[int] = []

    def computing() -> Steps[list[int]]:
        first = yield from composed("select pg_backend_pid()", {})
        begun.append(first[0][0])
        until = time.monotonic() + LATE_SECONDS + 1.0  # two looks of the watchdog, and more
        while time.monotonic() < until:
            time.sleep(0.005)
            yield from pause()
        second = yield from composed("select pg_backend_pid()", {})
        return [first[0][0], second[0][0]]

    async with opened(Settings(store=postgres_url)) as service:
        first, second = await service.store.snapshot(computing)
        assert begun == [first] == [second], "it is not begun again on another connection"
        begun.clear()
        first, second = await service.store.write(computing)
        assert begun == [first] == [second]


async def test_what_a_caller_left_behind_is_ended_before_the_next_one(postgres_url: str) -> None:
    """A connection stays at hand between two callers, but no transaction of a cancelled one."""

    def held() -> Steps[list[Row]]:
        yield from composed("select txid_current()", {})
        return (yield from composed("select pg_sleep(5)", {}))

    def looked() -> Steps[list[Any]]:
        sql = "select pg_backend_pid(), pg_current_xact_id_if_assigned() is null"
        return [*(yield from composed(sql, {}))[0]]

    store, other = connect(postgres_url, connections=1), connect(postgres_url)
    await store.open()
    await store.migrate()
    await other.open()
    assert await store.read(looked) == await store.read(looked), "one connection, and again"
    for seconds in (0, 0.001, 0.003, 0.01, 0.05):
        writing = asyncio.create_task(store.write(held))
        await asyncio.sleep(seconds)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert (await store.read(looked))[1], "no transaction is open"
        await store.write(run, "fact_put", name=f"after {seconds}", value="x")
        assert await other.read(value, "fact_get", name=f"after {seconds}") == "x"
    await store.close()
    await other.close()


async def test_who_finds_no_connection_is_told_so(postgres_url: str) -> None:
    """The only connection is lent for longer than the caller may wait."""
    store = connect(postgres_url, connections=1, deadline=0.2)
    await store.open()
    try:
        going_on, begun = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with store._connection():  # type: ignore[attr-defined]  # nothing public holds one
                begun.set()
                await going_on.wait()

        holding = asyncio.create_task(hold())
        await begun.wait()
        with pytest.raises(NoConnection, match="became free in time") as refusal:
            await store.read(rows, "generation_get", workspace_id="w")
        assert refusal.value.code == "store_overloaded"
        going_on.set()
        await holding
    finally:
        await store.close()
