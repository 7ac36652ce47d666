"""Callers in one event-loop iteration share a read.

It is never older than what was acknowledged before.
"""

from __future__ import annotations

import asyncio

import pytest

from hansard.access import Principal
from hansard.app import open_store
from hansard.errors import StoreUnavailable
from hansard.model import SessionDraft
from hansard.service import Service
from hansard.store.verbs.events import GENERATION
from tests.support.pgbouncer import settings


async def test_callers_of_one_turn_share_the_rows(service: Service, principal: Principal) -> None:
    answers = await asyncio.gather(
        *(service.store.ask(GENERATION, principal.workspace_id) for _ in range(5))
    )
    assert all(rows is answers[0] for rows in answers)
    assert await service.store.ask(GENERATION, principal.workspace_id) is not answers[0]


async def test_workspaces_are_told_apart(service: Service, principal: Principal) -> None:
    other = service.workspaces.operator(await service.workspaces.create("other-turn"))
    await service.sessions.start(principal, SessionDraft(title="one"))
    ours, theirs = await asyncio.gather(
        service.sessions.generation(principal), service.sessions.generation(other)
    )
    assert (ours, theirs) == (1, 0)


async def test_whoever_waited_for_a_write_is_told_of_it(
    service: Service, principal: Principal
) -> None:
    """Beside readers that ask in every turn, as many writers read their own write."""

    async def written() -> None:
        for _ in range(20):
            before = await service.sessions.generation(principal)
            await service.sessions.start(principal, SessionDraft(title="one"))
            assert await service.sessions.generation(principal) > before

    async def watched(writers: asyncio.Future[list[None]]) -> None:
        while not writers.done():
            await service.sessions.generation(principal)
            await asyncio.sleep(0)

    writers = asyncio.gather(*(written() for _ in range(5)))
    await asyncio.gather(writers, watched(writers), watched(writers))
    assert await service.sessions.generation(principal) == 100


async def test_another_process_is_followed(lone_service: Service) -> None:
    """A write through another store, as of another process, is seen at once."""
    principal = lone_service.workspaces.operator(await lone_service.workspaces.create("followed"))
    store = open_store(settings(lone_service.store.url))
    await store.open()
    try:
        other = await Service.on(store)
        for number in range(1, 6):
            assert await lone_service.sessions.generation(principal) == number - 1
            await other.sessions.start(principal, SessionDraft(title="one"))
            assert await lone_service.sessions.generation(principal) == number
    finally:
        await store.close()


async def test_a_failure_is_everybodys_and_is_not_kept(store_url: str) -> None:
    store = open_store(settings(store_url))
    for _ in range(2):
        answers = await asyncio.gather(
            *(store.ask(GENERATION, "w") for _ in range(3)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    await store.open()
    await store.migrate()
    assert await store.ask(GENERATION, "w") == []
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.ask(GENERATION, "w")
