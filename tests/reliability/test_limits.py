"""Nothing grows without bound: requests a second, what waits, what is read, what is sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.app import application, opened
from hansard.errors import StoreUnavailable
from hansard.http.limits import Limited, Limits
from hansard.service import Service
from hansard.settings import Settings
from hansard.store import connect
from hansard.store.steps import Steps, composed
from tests.reliability.conftest import Figure
from tests.reliability.disks import begin

ENDLESS = "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n"


@pytest.fixture
async def limited(service: Service, principal: Principal) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with a limit.

    Each key may make two requests a second, twenty in a burst.
    """
    key, _ = await service.keys.create(principal, "tests", ALL_SCOPES)
    app = application(service, Settings(store=service.store.url, rate_limit=2))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://hansard.test",
        headers={"Authorization": f"Bearer {key}"},
    ) as client:
        yield client


async def test_a_rate_limit_says_when_to_come_back(
    limited: httpx.AsyncClient, figure: Figure
) -> None:
    answers = [await limited.get("/v1/sessions") for _ in range(40)]
    statuses = Counter(answer.status_code for answer in answers)
    first, last = answers[0], answers[-1]
    figure(
        f"40 requests at 2 a second with a burst of 20: {dict(statuses)}, then Retry-After "
        f"{last.headers['retry-after']}"
    )
    assert 20 <= statuses[200] <= 24
    assert statuses[429] == 40 - statuses[200]
    assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("20", "19")
    assert last.headers["ratelimit-remaining"] == "0"
    assert last.json()["code"] == "rate_limited"


def test_a_workspace_has_a_limit_of_its_own(figure: Figure) -> None:
    now = 0.0
    limits = Limits(1, lambda: now)
    passed = 0
    for number in range(300):
        principal = Principal("w", "w", f"key-{number % 30}", frozenset())
        with contextlib.suppress(Limited):
            limits.take(principal)
            passed += 1
    other = limits.take(Principal("v", "v", "other", frozenset()))
    now += 5
    limits.take(Principal("w", "w", "key-0", frozenset()))
    figure(
        f"30 keys with 10 requests each at once: {passed} of 300 pass; another workspace has "
        f"{dict(other)['RateLimit-Remaining']} left"
    )
    assert passed == 100


def test_what_a_key_is_refused_takes_nothing_from_the_workspace() -> None:
    limits = Limits(1, lambda: 0.0)
    eager, modest = (Principal("w", "w", name, frozenset()) for name in ("eager", "modest"))
    for number in range(200):
        with contextlib.suppress(Limited):
            limits.take(eager)
            assert number < 10
    assert dict(limits.take(modest))["RateLimit-Remaining"] == "9"
    with pytest.raises(Limited) as refused:
        limits.take(eager)
    assert refused.value.retry_after == 1


def test_what_is_left_is_the_smaller_of_what_a_key_and_its_workspace_have_left() -> None:
    limits = Limits(1, lambda: 0.0)
    for number in range(95):
        limits.take(Principal("w", "w", f"key-{number % 19}", frozenset()))
    fresh = Principal("w", "w", "fresh", frozenset())
    assert dict(limits.take(fresh))["RateLimit-Remaining"] == "4"


async def test_without_the_setting_there_is_no_limit(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/sessions")
    assert "ratelimit-limit" not in answer.headers


def endless() -> Steps[object]:
    return (yield from composed(ENDLESS, {}))


async def test_a_statement_that_takes_too_long_ends(store_url: str, figure: Figure) -> None:
    async with opened(Settings(store=store_url, statement_seconds=0.3)) as service:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(StoreUnavailable) as problem:
            await service.store.read(endless)
        took = loop.time() - began
        assert await service.workspaces.list() == []
    figure(f"an endless read ends after {took:.2f} s with {problem.value.code}")
    assert problem.value.code == "statement_timeout"
    assert took < 3


async def test_a_full_queue_is_an_answer(store_url: str, figure: Figure) -> None:
    """With room for eight, a hundred at once.

    Some are done, the rest is told when to come back, and the next one is done again.
    """
    store = connect(store_url, waiting=8)
    await store.open()
    await store.migrate()
    try:
        service = await Service.on(store)
        principal = await begin(service)
        results = await asyncio.gather(
            *(service.workspaces.create(f"w{number}") for number in range(100)),
            return_exceptions=True,
        )
        refused = [result for result in results if isinstance(result, StoreUnavailable)]
        await service.audit.note(principal, "export.started", "after")
        created = len(await service.workspaces.list()) - 1
    finally:
        await store.close()
    figure(
        f"100 writes at once, room for 8: {created} done, {len(refused)} refused with "
        f"{dict(Counter(problem.code for problem in refused))}"
    )
    assert {problem.code for problem in refused} == {"store_overloaded"}
    assert all(problem.retry_after > 0 for problem in refused)
    assert created == 100 - len(refused) > 0


async def test_one_failing_job_does_not_hurt_its_group(
    lone_service: Service, figure: Figure
) -> None:
    """Forty writes of one moment, every other of them fails.

    The others are done, and every one is answered.
    """
    principal = await begin(lone_service)

    def job(number: int) -> Steps[int]:
        yield from composed(
            "insert into store_facts (name, value) values (:name, :value)",
            {"name": f"fact-{number}", "value": "x"},
        )
        if number % 2:
            raise ValueError(number)
        return number

    results = await asyncio.wait_for(
        asyncio.gather(
            *(lone_service.store.write(job, number) for number in range(40)), return_exceptions=True
        ),
        20,
    )
    rows = await lone_service.store.read(
        lambda: composed("select count(*) from store_facts where name like 'fact-%'", {})
    )
    figure(
        f"40 at once, 20 fail: {sum(isinstance(result, int) for result in results)} done, "
        f"{rows[0][0]} stored"
    )
    assert [result if isinstance(result, int) else None for result in results] == [
        number if number % 2 == 0 else None for number in range(40)
    ]
    assert rows[0][0] == 20
    assert principal is not None
