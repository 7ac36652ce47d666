"""A server that is killed while it copies a session leaves nothing that anybody could see."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from hansard.app import opened
from hansard.ids import IdSource
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.steps import composed
from tests.reliability.conftest import Figure
from tests.reliability.live import Live, client_of, new_key

MESSAGES, TRIES = 3000, 3
LAPSED_US = 901_000_000
LEFT = "select count(*) from messages where session_id not in (select id from sessions)"


async def fill(client: httpx.AsyncClient) -> None:
    (await client.post("/v1/sessions", json={"id": "long"})).raise_for_status()
    for first in range(0, MESSAGES, 100):
        messages = [{"role": "user", "text": f"message {first + number}"} for number in range(100)]
        answer = await client.post("/v1/sessions/long/messages", json={"messages": messages})
        answer.raise_for_status()


async def left_over(service: Service) -> int:
    """How many messages are stored without a session."""
    return int((await service.store.read(composed, LEFT, {}))[0][0])


async def interrupted(live: Live, client: httpx.AsyncClient, service: Service) -> int:
    """Kill the server as soon as a part of a fork is stored; how many messages of it stay."""
    before = await left_over(service)
    forking = asyncio.create_task(client.post("/v1/sessions/long/fork", json={}))
    while await left_over(service) == before:
        assert not forking.done(), "the fork was complete before the server was killed"
        await asyncio.sleep(0.01)
    await asyncio.to_thread(live.kill)
    await asyncio.gather(forking, return_exceptions=True)
    return await left_over(service) - before


async def test_kill_9_in_the_middle_of_a_fork(
    store_url: str, tmp_path: Path, figure: Figure
) -> None:
    key = await new_key(store_url)
    async with (
        Live(store_url, tmp_path) as live,
        client_of(live.url, key) as client,
        opened(Settings(store=store_url)) as service,
    ):
        await fill(client)
        stored = []
        for _ in range(TRIES):
            stored.append(await interrupted(live, client, service))
            await live.start()
        sessions = (await client.get("/v1/sessions?total=true")).json()
        whole = (await client.post("/v1/sessions/long/fork", json={"id": "whole"})).json()
        findings = await service.verification.verify()
        later = Service(
            service.store, service.secret, clock=lambda: service.clock() + LAPSED_US, ids=IdSource()
        )
        cleared = await later.forks.clear()
        left = await left_over(service)
    figure(f"killed with {stored} messages copied; {cleared} copies cleared away, {left} left")
    assert all(0 < count < MESSAGES for count in stored)
    assert [session["id"] for session in sessions["data"]] == ["long"]
    assert whole["message_count"] == MESSAGES
    assert findings.faults == ()
    assert (cleared, left) == (TRIES, 0)
