"""A replica lags, follows and dies: nobody misses what they wrote, or sees what was erased."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import httpx
import pytest

from hansard.client import AsyncHansard
from tests.reliability import soundness
from tests.reliability.conftest import Figure
from tests.reliability.failover import DATABASE, Pair
from tests.reliability.live import Live, client_of, new_key

WAIT_SECONDS = 1.0
READS = (
    "/v1/sessions?total=true",
    "/v1/search?q=canary",
    "/v1/export",
    "/v1/stats",
)


@dataclass
class Replicated:
    """A server over a primary and its standby, which the test holds back."""

    pair: Pair
    client: httpx.AsyncClient

    async def hold(self, paused: bool) -> None:
        """Let the standby receive and not apply, or go on."""
        verb = "pause" if paused else "resume"
        connection = await asyncpg.connect(self.standby)
        await connection.execute(f"select pg_wal_replay_{verb}()")
        state = "paused" if paused else "not paused"
        while await connection.fetchval("select pg_get_wal_replay_pause_state()") != state:
            await connection.execute("select pg_sleep(0.01)")
        await connection.close()

    @property
    def standby(self) -> str:
        return standby_of(self.pair)

    async def written(self, name: str, user: str | None = None) -> str:
        """Write a session with a message; the position that the last answer gives."""
        body = {"id": name, "title": f"canary {name}", "user": user}
        (await self.client.post("/v1/sessions", json=body)).raise_for_status()
        message = {"messages": [{"role": "user", "text": f"canary {name}"}]}
        answer = await self.client.post(f"/v1/sessions/{name}/messages", json=message)
        return str(answer.raise_for_status().headers["hansard-position"])

    async def listed(self, position: str = "") -> list[str]:
        headers = {"Hansard-Position": position} if position else {}
        answer = (await self.client.get("/v1/sessions", headers=headers)).raise_for_status()
        return sorted(item["id"] for item in answer.json()["data"])


def standby_of(pair: Pair) -> str:
    url = httpx.URL(pair.primary.url)
    return str(url.copy_with(port=pair.standby.port, path=f"/{DATABASE}"))


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Pair, Live]]:
    """A primary, its standby, and a server over both: they take long to start."""
    pair, folder = Pair(synchronous=False), tmp_path_factory.mktemp("replica")
    try:
        await pair.begin()
        store = str(httpx.URL(pair.primary.url).copy_with(path=f"/{DATABASE}"))
        settings = {"replica": standby_of(pair), "replica_seconds": str(WAIT_SECONDS)}
        async with Live(store, folder, settings=settings) as live:
            yield pair, live
        assert await soundness.faults_of(store) == []
    finally:
        pair.remove()


@pytest.fixture
async def there(
    served: tuple[Pair, Live], request: pytest.FixtureRequest
) -> AsyncIterator[Replicated]:
    """A workspace of the test's own, on a replica that follows."""
    pair, live = served
    key = await new_key(live.store, request.node.name)
    async with client_of(live.url, key) as client:
        replicated = Replicated(pair, client)
        yield replicated
        if pair.standby.pid() is not None:
            await replicated.hold(paused=False)


async def test_a_reader_finds_what_it_wrote_however_far_the_replica_is(
    there: Replicated, figure: Figure
) -> None:
    first = await there.written("first")
    assert await there.listed(first) == ["first"]
    await there.hold(paused=True)
    second = await there.written("second", user="zebedee")
    stale = await there.listed()
    began = time.monotonic()
    from_the_primary = await there.listed(second)
    waited = time.monotonic() - began
    reading = asyncio.create_task(there.listed(second))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    await there.hold(paused=False)
    from_the_replica = await reading
    followed = time.monotonic() - began
    figure(f"waited {waited:.2f} s for a replica that stands, {followed:.2f} s for one that goes")
    assert stale == ["first"]
    assert from_the_primary == from_the_replica == ["first", "second"]
    assert waited >= WAIT_SECONDS > followed
    refused = await there.client.get("/v1/sessions", headers={"Hansard-Position": "soon"})
    assert (refused.status_code, refused.json()["param"]) == (400, "Hansard-Position")


async def test_the_client_reads_its_own_writes_by_itself(there: Replicated) -> None:
    key = there.client.headers["Authorization"].removeprefix("Bearer ")
    async with AsyncHansard(str(there.client.base_url), key) as client:
        await there.hold(paused=True)
        await client.sessions.start(id="mine")
        assert [session.id async for session in client.sessions.list()] == ["mine"]
    assert await there.listed() == []


async def test_what_is_erased_does_not_come_back_from_a_replica(there: Replicated) -> None:
    await there.written("kept")
    position = await there.written("gone", user="zebedee")
    assert await there.listed(position) == ["gone", "kept"]
    await there.hold(paused=True)
    (await there.client.delete("/v1/users/zebedee")).raise_for_status()
    for path in READS * 2:
        answer = (await there.client.get(path)).raise_for_status()
        assert "gone" not in answer.text, path
        assert "zebedee" not in answer.text, path


async def test_a_replica_that_dies_is_not_missed(there: Replicated, figure: Figure) -> None:
    position = await there.written("first")
    assert await there.listed(position) == ["first"]
    await asyncio.to_thread(there.pair.standby.kill)
    longest = 0.0
    for path in READS * 3:
        began = time.monotonic()
        assert "first" in (await there.client.get(path)).raise_for_status().text or "stats" in path
        longest = max(longest, time.monotonic() - began)
    figure(f"longest read with a dead replica {longest:.2f} s")
    assert longest < 5
