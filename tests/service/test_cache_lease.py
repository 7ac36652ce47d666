"""A process keeps texts in memory only while it can see whether something was erased."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from hansard import byte_cache
from hansard.access import Principal
from hansard.app import open_store
from hansard.background import leasing
from hansard.byte_cache import MIB, WorkspaceCache
from hansard.errors import StoreUnavailable
from hansard.model import SessionDraft
from hansard.service import Service
from hansard.service.cache_lease import CacheLease
from tests.support.pgbouncer import settings

SECONDS = 0.2


@pytest.fixture
def pages() -> Iterator[WorkspaceCache[str, str]]:
    yield WorkspaceCache(MIB)
    byte_cache.resume()


async def test_a_store_that_does_not_answer_ends_the_lease(
    store_url: str, pages: WorkspaceCache[str, str]
) -> None:
    store = open_store(settings(store_url))
    await store.open()
    await store.migrate()
    lease = CacheLease(store, SECONDS)
    lease.begin()
    pages.put("before the first look", "text")
    await lease.renew()
    pages.put("key", "text")
    assert [key for key, _ in pages.items()] == ["key"]
    await store.close()
    with pytest.raises(StoreUnavailable):
        await lease.renew()
    assert pages.get("key") == "text", "the lease is good until it is over"
    await asyncio.sleep(SECONDS + 0.1)
    pages.put("after the lease", "text")
    assert pages.items() == []
    lease.end()


async def test_an_erasure_empties_the_caches_of_who_looks(
    service: Service, principal: Principal, pages: WorkspaceCache[str, str]
) -> None:
    lease = CacheLease(service.store, SECONDS)
    await lease.renew()
    pages.put("key", "text")
    await service.sessions.start(principal, SessionDraft(user_id="someone"))
    await service.users.erase(principal, "nobody")
    await lease.renew()
    assert pages.get("key") == "text", "nothing was erased"
    erasing = asyncio.create_task(service.users.erase(principal, "someone"))
    while not (await service.users.erasures(principal, "someone")):  # noqa: ASYNC110 - it waits for another process, as it were
        await asyncio.sleep(0.01)
    pages.put("key", "text")
    await lease.renew()
    assert pages.items() == []
    assert not erasing.done(), "the receipt waits for those who have not looked yet"
    await erasing
    lease.end()


async def test_the_caches_are_free_again_when_a_server_ends(
    lone_service: Service, pages: WorkspaceCache[str, str]
) -> None:
    task = asyncio.create_task(leasing(lone_service))
    await asyncio.sleep(0.1)
    pages.put("key", "text")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pages.items() == []
    pages.put("key", "text")
    assert pages.get("key") == "text"
