"""Probes ask without a key, and often: it costs the same whatever is stored, and is never late."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from hansard.app import application, opened
from hansard.errors import StoreUnavailable
from hansard.service import Service
from hansard.service.health import Health
from hansard.settings import Settings
from hansard.store.steps import Steps, composed


class Alive:
    """A store that shows a sign of life, knows its migrations, and can do nothing else."""

    url = "sqlite:///nowhere"

    def __init__(self, problem: Exception | None = None, lacks: tuple[str, ...] = ()) -> None:
        self.problem = problem
        self.lacks = lacks
        self.pings = self.looks = 0

    async def ping(self) -> None:
        self.pings += 1
        if self.problem:
            raise self.problem

    async def pending_migrations(self) -> list[str]:
        self.looks += 1
        return [*self.lacks]

    def usage(self) -> list[Any]:
        return []

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a probe asked the store to {name}")


async def health_of(store: Alive, path: str, times: int = 1) -> httpx.Response:
    """The last of so many answers."""
    app = application(Service(store, b"secret"), Settings(access_log=False))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hansard.test") as client:
        for _ in range(times - 1):
            await client.get(path)
        return await client.get(path)


async def test_a_server_is_alive_whatever_its_store_does() -> None:
    """A supervisor that asks restarts nothing because of a database that is away."""
    store = Alive(StoreUnavailable("gone", code="store_missing"))
    answer = await health_of(store, "/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert store.pings == 0


async def test_being_ready_reads_nothing_that_is_stored() -> None:
    """And it looks for migrations once in a while, not for everybody who asks."""
    store = Alive()
    answer = await health_of(store, "/readyz", times=20)
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert (store.pings, store.looks) == (20, 1)


async def test_a_server_whose_store_is_gone_is_not_ready() -> None:
    store = Alive(StoreUnavailable("gone", code="store_missing", retry_after=30))
    answer = await health_of(store, "/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_missing")
    assert answer.headers["retry-after"] == "30"


async def test_a_server_whose_store_lacks_a_migration_is_not_ready() -> None:
    """It is asked again each time, so that the server is ready as soon as they are there."""
    store = Alive(lacks=("0099_later",))
    answer = await health_of(store, "/readyz", times=2)
    assert (answer.status_code, answer.json()["code"]) == (503, "migrations_pending")
    assert "0099_later" in answer.json()["detail"]
    assert store.looks == 2


async def test_a_store_that_a_newer_version_migrated_is_ready() -> None:
    """Its migrations work while this version still runs."""

    class Newer(Alive):
        async def pending_migrations(self) -> list[str]:
            raise StoreUnavailable("it is newer", code="store_newer")

    assert (await health_of(Newer(), "/readyz")).status_code == 200


async def test_a_real_store_without_its_migrations_is_not_ready(store_url: str) -> None:
    """Its table of migrations is emptied behind the server, as a restore of an old backup does."""
    async with opened(Settings(store=store_url)) as service:
        assert (await ready(service)).status_code == 200
        await service.store.write(forget_last)
        answer = await ready(service)
    assert (answer.status_code, answer.json()["code"]) == (503, "migrations_pending")


async def ready(service: Service) -> httpx.Response:
    """The answer of a server that was started a moment ago."""
    service.health = Health(service.store, service.events)
    transport = httpx.ASGITransport(application(service, Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://hansard.test") as client:
        return await client.get("/readyz")


def forget_last() -> Steps[Any]:
    newest = "(select max(number) from migrations)"
    return composed(f"delete from migrations where number = {newest}", {})  # noqa: S608 - literal


async def test_a_server_is_ready_while_every_thread_for_reads_is_taken(
    lone_service: Service,
) -> None:
    """And while the writer is at work: a sign of life waits for nobody."""
    app = application(lone_service, Settings(access_log=False))
    transport = httpx.ASGITransport(app)
    counting = (
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < :most) select "
        "count(*) from n"
    )

    def long(_owner: str) -> Any:
        return composed(counting, {"most": 1_000_000})

    reads = [asyncio.create_task(lone_service.store.read(long, f"w{n}")) for n in range(8)]
    async with httpx.AsyncClient(transport=transport, base_url="http://hansard.test") as client:
        for _ in range(5):
            async with asyncio.timeout(2):
                assert (await client.get("/readyz")).status_code == 200
            await asyncio.sleep(0.02)
    assert not all(task.done() for task in reads)
    await asyncio.gather(*reads)
