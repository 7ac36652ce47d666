"""Three servers through a kill and a stop: what they store, tell, cache and count."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.reliability.conftest import Figure
from tests.reliability.live import Live, client_of, new_key
from tests.reliability.load import Figures, read_all
from tests.reliability.mixed_fleet import (
    READS,
    SESSIONS,
    WORKED_ON,
    Kind,
    MixedLoad,
    Target,
    faults_of_events,
)
from tests.support.prometheus import prometheus

SETTINGS = {"reap_seconds": "0.3"}
COUNTED = "max_over_time(hansard_http_request_seconds_count[5m])"
NOT_OF_THE_LOAD = {"/healthz", "/metrics", "/v1/events"}
"""What the servers' starts, the scraper and the follower ask for."""
MARGIN = 0.25
"""Seconds between an answer's last byte and the moment when it is surely counted."""


async def scraped(scraper: httpx.AsyncClient, target: Target) -> Counter[Kind]:
    """What Prometheus has counted of a server."""
    query = COUNTED.replace("[", f'{{instance="127.0.0.1:{target.live.port}"}}[')
    answer = (await scraper.get("/api/v1/query", params={"query": query})).raise_for_status()
    counts: Counter[Kind] = Counter()
    for row in answer.json()["data"]["result"]:
        facts = row["metric"]
        if facts["route"] not in NOT_OF_THE_LOAD:
            counts[facts["method"], facts["route"], int(facts["status"])] += int(row["value"][1])
    return counts


async def settled(scraper: httpx.AsyncClient, target: Target) -> Counter[Kind]:
    """What is counted of a server that runs, once that is all of it, or after 30 seconds."""
    until = asyncio.get_running_loop().time() + 30
    while (seen := await scraped(scraper, target)) != target.counted():
        if asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(0.1)
    return seen


async def last_scrape(scraper: httpx.AsyncClient, target: Target) -> float:
    """When a server that has ended was last scraped, by the clock on the wall."""
    query = f'up{{instance="127.0.0.1:{target.live.port}"}}[5m]'
    answer = (await scraper.get("/api/v1/query", params={"query": query})).raise_for_status()
    samples = answer.json()["data"]["result"][0]["values"]
    return max((float(at) for at, up in samples if up == "1"), default=0.0)


async def everything(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """All events of the workspace."""
    events: list[dict[str, Any]] = []
    while True:
        since = events[-1]["id"] if events else 0
        page = (await client.get("/v1/changes", params={"since": since, "limit": 500})).json()
        events += page["data"]
        if not page["has_more"]:
            return events


async def miscounted(scraper: httpx.AsyncClient, load: MixedLoad, ended: list[Target]) -> list[str]:
    """Where Prometheus and the load differ.

    What a server that ended was asked after its last scrape nobody can know but the load.
    """
    faults = [
        f"{target.live.url}: seen {seen - sent} more, {sent - seen} less"
        for target in load.targets
        if (seen := await settled(scraper, target)) != (sent := target.counted())
    ]
    for target in ended:
        seen, at = await scraped(scraper, target), await last_scrape(scraper, target)
        if early := target.counted(at - MARGIN) - seen:
            faults.append(f"{target.live.url} had ended: {early} less")
        if (seen - target.counted()).total() > target.unanswered:
            faults.append(f"{target.live.url} had ended: {seen - target.counted()} more")
    return faults


async def answers(client: httpx.AsyncClient) -> list[str]:
    """What a server says to each read, from its caches where it has them."""
    return [(await client.get(path)).raise_for_status().text for path in READS * 2]


async def audited(client: httpx.AsyncClient, load: MixedLoad) -> tuple[Figures, list[str]]:
    """What the store has of what was acknowledged, and what its events lack."""
    messages = await read_all(client, SESSIONS)
    stored = {name: {seq for seq, _, _ in items} for name, items in messages.items()}
    page = (await client.get("/v1/sessions?limit=50")).json()
    uids = {item["uid"]: item["id"] for item in page["data"]}
    events = await everything(client)
    await load.followed(events[-1]["id"])
    faults = faults_of_events(events, stored | {name: set() for name in WORKED_ON}, uids)
    if load.events != [event["id"] for event in events]:
        faults.append(f"the follower was sent {len(load.events)} of {len(events)} events")
    return load.ledger.audit(messages), faults


async def runs_of(client: httpx.AsyncClient, session: str) -> list[dict[str, Any]]:
    """All runs of a session."""
    runs: list[dict[str, Any]] = []
    params = {"limit": "200"}
    while True:
        page = (await client.get(f"/v1/sessions/{session}/runs", params=params)).json()
        runs += page["data"]
        if not page["has_more"]:
            return runs
        params["cursor"] = page["next_cursor"]


async def unlike(client: httpx.AsyncClient, load: MixedLoad) -> list[str]:
    """The runs that did not end as they had to."""
    states = {
        (name, run["id"]): run["state"] for name in WORKED_ON for run in await runs_of(client, name)
    }
    return [
        f"{run} is {states.get(run)}"
        for run, state in load.ended.items()
        if states.get(run) != state
    ]


async def test_three_servers_through_kills_and_stops(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    """Nothing lost or told twice, one run at a time, no stale answer, every answer counted."""
    key = await new_key(postgres_url)
    lives = [Live(postgres_url, tmp_path, settings=SETTINGS) for _ in range(6)]
    async with contextlib.AsyncExitStack() as stack:

        async def started(live: Live) -> Target:
            await stack.enter_async_context(live)
            return Target(live, await stack.enter_async_context(client_of(live.url, key)))

        targets = [await started(live) for live in lives[:3]]
        ports = [live.port for live in lives[:5]]
        scraper = await stack.enter_async_context(prometheus(tmp_path, ports, key))
        load = MixedLoad(targets.copy())
        stack.push_async_callback(load.end)
        await load.start()
        await load.go_on()
        for target, number, fresh in zip(
            targets, (signal.SIGKILL, signal.SIGTERM), lives[3:5], strict=False
        ):
            target.live.signal(number)  # the load asks it until it does not answer
            await load.go_on()
            load.targets.remove(target)
            load.targets.append(await started(fresh))
            await load.go_on()
        await load.stop()
        faults = await miscounted(scraper, load, targets[:2])
        warm = [await answers(target.client) for target in load.targets]
        cold = await started(lives[5])
        figures, missing = await audited(cold.client, load)
        unended = await unlike(cold.client, load)
        untrue = [text for text in warm if text != await answers(cold.client)]
    counted = sum(len(target.answered) for target in {*targets, *load.targets})
    figure(
        f"{figures}; {len(load.events)} events, {len(load.ended)} runs, {load.refused_runs} "
        f"refused, {load.reads} read back, {counted} answers counted"
    )
    assert figures.is_clean
    assert (load.stale, missing, unended, untrue, faults) == ([], [], [], [], [])
    assert set(load.ended.values()) == {"interrupted", "completed"}
    assert load.refused_runs > 0 < load.reads
    assert load.ledger.retried > 0
