"""Health is asked for without a key, often, and by anybody: it costs the same whatever is stored, and is never late."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from hansard.app import application
from hansard.errors import StoreUnavailable
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.steps import composed


class Alive:
    """A store that shows a sign of life and can do nothing else."""

    url = "sqlite:///nowhere"

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.pings = 0

    async def ping(self) -> None:
        self.pings += 1
        if self.problem:
            raise self.problem

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"health asked the store to {name}")


async def asked(store: Alive) -> httpx.Response:
    app = application(Service(store, b"secret"), Settings(access_log=False))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hansard.test") as client:
        return await client.get("/healthz")


async def test_health_reads_nothing_that_is_stored() -> None:
    store = Alive()
    answer = await asked(store)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert store.pings == 1


async def test_a_store_that_is_gone_is_not_healthy() -> None:
    answer = await asked(Alive(StoreUnavailable("gone", code="store_missing", retry_after=30)))
    assert (answer.status_code, answer.json()["code"]) == (503, "store_missing")
    assert answer.headers["retry-after"] == "30"


async def test_health_answers_while_every_thread_for_reads_is_taken(lone_service: Service) -> None:
    """And while the writer is at work: a sign of life waits for nobody."""
    app = application(lone_service, Settings(access_log=False))
    transport = httpx.ASGITransport(app)
    counting = "with recursive n (i) as (select 1 union all select i + 1 from n where i < :most) select count(*) from n"

    def long(_owner: str) -> Any:
        return composed(counting, {"most": 1_000_000})

    reads = [asyncio.create_task(lone_service.store.read(long, f"w{n}")) for n in range(8)]
    async with httpx.AsyncClient(transport=transport, base_url="http://hansard.test") as client:
        for _ in range(5):
            async with asyncio.timeout(2):
                assert (await client.get("/healthz")).status_code == 200
            await asyncio.sleep(0.02)
    assert not all(task.done() for task in reads)
    await asyncio.gather(*reads)
