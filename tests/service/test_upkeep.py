"""Upkeep writes only where something is past its time, in small pieces.

It finds out without holding others up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.ids import IdSource
from hansard.model import SessionDraft
from hansard.service import Service
from hansard.service.upkeep import EVENTS_KEPT_US, Upkeep
from hansard.store import Store
from hansard.store.steps import Steps, composed
from hansard.store.verbs.idempotency import KEPT_US
from tests.support.clocks import store_clock
from tests.support.loop import watched
from tests.support.pgbouncer import settings

DAY_US = 86_400_000_000


class Counting:
    """A store that counts what it is told to write."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, *args: Any, **kwargs: Any) -> Any:
        self.writes += 1
        return await self._store.write(*args, **kwargs)


class Aged:
    """A service whose clock can be set on, over a store that counts its writes."""

    def __init__(self, service: Service) -> None:
        self.passed = 0
        self.store = Counting(service.store)
        clock = self.clock(service.clock)
        self.service = Service(
            self.store,
            service.secret,
            clock=clock,
            store_clock=store_clock(clock),
            ids=IdSource(clock),
        )

    def clock(self, now: Callable[[], int]) -> Callable[[], int]:
        return lambda: now() + self.passed

    async def writes_of_a_run(self) -> int:
        self.store.writes = 0
        await self.service.upkeep.run()
        return self.store.writes


@pytest.fixture
async def aged(store_url: str) -> AsyncIterator[Aged]:
    async with opened(settings(store_url)) as service:
        yield Aged(service)


async def new_workspace(aged: Aged, name: str) -> Principal:
    return aged.service.workspaces.operator(await aged.service.workspaces.create(name))


def rows(sql: str, **values: object) -> Steps[list[Any]]:
    return composed(sql, values)


async def count(aged: Aged, table: str) -> int:
    counted = await aged.service.store.read(rows, f"select count(*) from {table}")  # noqa: S608 - a name of ours
    return int(counted[0][0])


async def keep_keys(aged: Aged, principal: Principal, number: int) -> None:
    sql = """insert into idempotency_keys (workspace_id, key, digest, created_at)
             with recursive n (i) as (select 1 union all select i + 1 from n where i < :number)
             select :workspace_id, 'k' || i, '', cast(:now as bigint) + i from n"""
    now = aged.service.clock()
    here = {"workspace_id": principal.workspace_id}
    await aged.service.store.write(rows, sql, number=number, now=now, **here)


async def test_a_store_at_rest_is_not_written_to(aged: Aged) -> None:
    for number in range(120):
        principal = await new_workspace(aged, f"w{number:03d}")
        await aged.service.sessions.start(principal, SessionDraft(id="a"))
    await aged.service.indexer.catch_up()
    assert await aged.writes_of_a_run() == 0


async def test_only_what_is_past_its_time_is_forgotten(aged: Aged) -> None:
    principals = [await new_workspace(aged, f"w{number}") for number in range(5)]
    for principal in principals:
        await aged.service.sessions.start(principal, SessionDraft(id="a"))
    await aged.service.indexer.catch_up()
    await keep_keys(aged, principals[2], 10)
    aged.passed = KEPT_US + 5_000_000
    assert await aged.writes_of_a_run() == 1
    assert await count(aged, "idempotency_keys") == 0
    aged.passed = EVENTS_KEPT_US + DAY_US
    assert await aged.writes_of_a_run() == 2 * len(principals), (
        "and once more, to see that it was all"
    )
    assert await count(aged, "session_events") == 0
    assert await aged.writes_of_a_run() == 0


async def test_a_rule_deletes_where_a_session_is_past_it(aged: Aged) -> None:
    ruled, other = [await new_workspace(aged, name) for name in ("ruled", "other")]
    for principal in (ruled, other):
        await aged.service.sessions.start(principal, SessionDraft(id="a"))
    await aged.service.indexer.catch_up()
    await aged.service.retention.set_rules(ruled, {"*": 1})
    assert await aged.writes_of_a_run() == 0
    aged.passed = 2 * DAY_US
    assert await aged.writes_of_a_run() > 0
    assert await count(aged, "sessions") == 1
    await aged.service.indexer.catch_up()
    assert await aged.writes_of_a_run() == 0


async def test_much_is_forgotten_in_pieces(aged: Aged) -> None:
    service = aged.service
    service.upkeep = Upkeep(
        aged.store,
        service.workspaces,
        service.retention,
        service.clock,
        store_clock(service.clock),
        rows=100,
    )
    principal = await new_workspace(aged, "busy")
    for _ in range(250):
        await aged.service.sessions.start(principal, SessionDraft())
    await aged.service.indexer.catch_up()
    await keep_keys(aged, principal, 350)
    aged.passed = EVENTS_KEPT_US + DAY_US
    assert await aged.writes_of_a_run() == 4 + 4
    assert await count(aged, "idempotency_keys") == await count(aged, "session_events") == 0


async def test_events_that_search_has_not_indexed_are_kept(aged: Aged) -> None:
    principal = await new_workspace(aged, "behind")
    await aged.service.sessions.start(principal, SessionDraft(id="a"))
    aged.passed = EVENTS_KEPT_US + DAY_US
    assert await aged.writes_of_a_run() == 0
    assert await count(aged, "session_events") == 1


async def test_a_great_many_workspaces_hold_nobody_up(aged: Aged) -> None:
    sql = """insert into workspace_counters (workspace_id, generation)
             with recursive n (i) as (select 1 union all select i + 1 from n where i < 6000)
             select 'ws' || i, 0 from n"""
    await aged.service.store.write(rows, sql)
    async with watched() as longest:
        assert await aged.writes_of_a_run() == 0
        await aged.service.stats.follow_all()
        await aged.service.indexer.catch_up()
    assert longest() < 0.05
