"""Events and changes: everything that happened, once, in order, for those who may know."""

from __future__ import annotations

import asyncio
import contextlib
import re

import httpx
import pytest

from hansard.access import Principal
from hansard.service import Service
from hansard.store.verbs import events as verbs


async def fetched(client: httpx.AsyncClient, since: int = 0, limit: int = 200) -> dict[str, object]:
    body: dict[str, object] = (
        await client.get("/v1/changes", params={"since": since, "limit": limit})
    ).json()
    return body


async def test_changes_come_in_order_and_in_pages(client: httpx.AsyncClient) -> None:
    for name in ("a", "b"):
        await client.post("/v1/sessions", json={"id": name})
    await client.post(
        "/v1/sessions/a/messages", json={"messages": [{"role": "user", "text": "hello"}]}
    )
    first = await fetched(client, limit=2)
    rest = await fetched(client, since=first["next"])  # type: ignore[arg-type]  # a number
    events = [(event["type"], event["seq"]) for event in first["data"] + rest["data"]]  # type: ignore[operator]  # lists
    assert events == [("session.created", None), ("session.created", None), ("message.appended", 1)]
    assert (first["has_more"], rest["has_more"], rest["resync"]) == (True, False, False)
    assert (await fetched(client, since=rest["next"]))["data"] == []  # type: ignore[arg-type]  # a number


async def test_a_number_from_the_future_or_from_before_the_trim_asks_for_a_resync(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    for name in ("a", "b", "c"):
        await client.post("/v1/sessions", json={"id": name})
    assert (await fetched(client, since=99))["resync"] is True
    await service.indexer.catch_up()
    await service.store.write(verbs.trim, principal.workspace_id, 2)
    assert (await fetched(client, since=0))["resync"] is True
    assert (await fetched(client, since=2))["resync"] is False


async def test_a_deletion_leaves_gaps_and_no_reason_to_resync(client: httpx.AsyncClient) -> None:
    for name in ("a", "b"):
        await client.post("/v1/sessions", json={"id": name})
    await client.delete("/v1/sessions/a")
    got = await fetched(client)
    assert [event["type"] for event in got["data"]] == ["session.created", "session.deleted"]  # type: ignore[attr-defined]  # a list
    assert got["resync"] is False


async def test_what_was_trimmed_stays_known_when_a_later_trim_finds_nothing(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    for name in ("a", "b", "c"):
        await client.post("/v1/sessions", json={"id": name})
    await service.indexer.catch_up()
    for until in (2, 1):
        await service.store.write(verbs.trim, principal.workspace_id, until)
    assert [(await fetched(client, since=since))["resync"] for since in (0, 1, 2)] == [
        True,
        True,
        False,
    ]
    await service.store.write(verbs.trim, principal.workspace_id, 99)
    assert (await fetched(client, since=3))["resync"] is False


async def test_behind_a_resync_the_kept_events_follow(
    service: Service, client: httpx.AsyncClient, principal: Principal
) -> None:
    text, key = await service.keys.create(principal, "watcher", ("sessions:read",))
    for name in ("a", "b", "c"):
        await client.post("/v1/sessions", json={"id": name})
    await service.indexer.catch_up()
    await service.store.write(verbs.trim, principal.workspace_id, 1)
    stream = asyncio.create_task(
        client.get("/v1/events?after=0", headers={"Authorization": f"Bearer {text}"})
    )
    await asyncio.sleep(0.3)
    await service.keys.revoke(principal, key.id)
    await asyncio.sleep(1)  # the stream asks for its key once a second
    await client.post("/v1/sessions", json={"id": "later"})
    received = (await asyncio.wait_for(stream, 10)).text
    assert re.findall(r"^id: (\d+)", received, re.MULTILINE) == ["0", "1", "2", "3"]
    assert "id: 1\nevent: resync\n" in received


async def test_a_workspace_that_is_deleted_leaves_no_fact(
    service: Service, client: httpx.AsyncClient, principal: Principal
) -> None:
    await client.post("/v1/sessions", json={"id": "a"})
    await service.indexer.catch_up()
    await service.store.write(verbs.trim, principal.workspace_id, 1)
    await service.workspaces.delete(principal.workspace_id, by=principal)
    assert await service.store.read(verbs.since, principal.workspace_id, 0, 1) == ([], 0)


async def test_old_events_are_forgotten(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await client.post("/v1/sessions", json={"id": "a"})
    await service.upkeep.run()
    assert len((await fetched(client))["data"]) == 1  # type: ignore[arg-type]  # a list
    await service.indexer.catch_up()
    await service.store.write(verbs.trim_old, principal.workspace_id, service.clock() + 1, 100, 10)
    assert (await fetched(client))["data"] == []


async def test_a_narrowed_key_hears_of_its_own_sessions_only(
    service: Service, client: httpx.AsyncClient, principal: Principal
) -> None:
    await client.post("/v1/sessions", json={"id": "hers", "user": "ann"})
    await client.post("/v1/sessions", json={"id": "his", "user": "bob"})
    text, _ = await service.keys.create(principal, "ann", ("sessions:read",), user_id="ann")
    hers = {"Authorization": f"Bearer {text}"}
    heard = (await client.get("/v1/changes", headers=hers)).json()
    assert (len(heard["data"]), heard["next"]) == (1, 2)
    for name in ("hers", "his"):
        await client.delete(f"/v1/sessions/{name}")
    assert [event["type"] for event in (await client.get("/v1/changes")).json()["data"]] == [
        "session.deleted"
    ] * 2
    assert (await client.get("/v1/changes", headers=hers)).json()[
        "data"
    ] == []  # nothing is left that says whose they were


async def test_followers_wake_when_something_happens_and_share_one_look(
    service: Service, principal: Principal, client: httpx.AsyncClient
) -> None:
    async def first_types() -> list[str]:
        after = await service.events.now(principal)
        ready.release()
        async with contextlib.aclosing(service.events.follow(principal, after, 5)) as stream:
            async for changes in stream:
                if changes is not None:
                    return [event.type for event in changes.events]
        return []

    ready = asyncio.Semaphore(0)
    watching = [asyncio.create_task(first_types()) for _ in range(5)]
    for _ in watching:
        await ready.acquire()
    await client.post("/v1/sessions", json={"id": "a"})
    assert await asyncio.wait_for(asyncio.gather(*watching), 5) == [["session.created"]] * 5


async def test_silence_is_a_heartbeat(service: Service, principal: Principal) -> None:
    async with contextlib.aclosing(service.events.follow(principal, 0, 0.05)) as stream:
        assert await anext(stream) is None


@pytest.mark.parametrize("value", ["x", "-1", "1" * 30])
async def test_a_last_event_id_of_somebody_else_is_refused(
    client: httpx.AsyncClient, value: str
) -> None:
    assert (await client.get("/v1/events", headers={"Last-Event-ID": value})).status_code == 400


async def test_a_stream_ends_with_its_key(
    service: Service, client: httpx.AsyncClient, principal: Principal
) -> None:
    text, key = await service.keys.create(principal, "watcher", ("sessions:read",))
    stream = asyncio.create_task(
        client.get("/v1/events", headers={"Authorization": f"Bearer {text}"})
    )
    await asyncio.sleep(0.3)
    await service.keys.revoke(principal, key.id)
    await client.post("/v1/sessions", json={"id": "later"})
    received = (await asyncio.wait_for(stream, 10)).text
    assert "event: hello" in received
    assert "session.created" not in received
