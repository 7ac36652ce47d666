"""A run is a lease: kept by heartbeats, ended by the reaper, and two reapers are as good as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from hansard.app import opened
from hansard.errors import Conflict
from hansard.model import RunDraft, RunPatch, SessionDraft
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.steps import Steps
from hansard.store.verbs import runs as verbs
from hansard.store.verbs.events import since
from tests.reliability.conftest import Figure
from tests.reliability.disks import begin
from tests.support.clocks import store_clock


class Clock:
    """A clock that the test moves; times are in microseconds."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += round(seconds * 1_000_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_a_lapsed_lease_is_reaped_once_by_two_reapers(
    store_url: str, clock: Clock, figure: Figure
) -> None:
    """Two services over one store, as two processes would be."""
    async with (
        opened(Settings(store=store_url)) as first,
        opened(Settings(store=store_url)) as second,
    ):
        earlier, two = (
            await Service.on(first.store, clock=clock, store_clock=store_clock(clock)),
            await Service.on(second.store, clock=clock, store_clock=store_clock(clock)),
        )
        principal = await begin(earlier)
        for number in range(30):
            await earlier.sessions.start(principal, SessionDraft(id=f"s{number}"))
            await earlier.runs.start(
                principal, f"s{number}", RunDraft(id="r", lease_us=10_000_000 + number)
            )
        clock.pass_seconds(9)
        early = await earlier.runs.reap()
        for number in range(0, 30, 3):
            await earlier.runs.update(principal, f"s{number}", "r", RunPatch())
        clock.pass_seconds(5)
        reaped = await asyncio.gather(earlier.runs.reap(), two.runs.reap())
        states = [
            (await earlier.sessions.read(principal, f"s{number}")).state for number in range(30)
        ]
        events, _ = await earlier.store.read(since, principal.workspace_id, 0, 1000)
        clock.pass_seconds(30)
        late = await two.runs.reap()
    finished = sum(event.type == "run.finished" for event in events)
    figure(
        f"reaped before the end {early}, at the end {sum(reaped)} by two, {finished} events; "
        f"after the last heartbeat {late}"
    )
    assert early == 0
    assert (sum(reaped), finished, late) == (20, 20, 10)
    assert states == ["running" if number % 3 == 0 else "interrupted" for number in range(30)]


async def test_a_run_that_is_not_committed_is_not_forgotten(
    store_url: str, clock: Clock, figure: Figure
) -> None:
    """Runs start while the reaper looks and resets its next look: each lapses in its time."""
    async with opened(Settings(store=store_url)) as plain:
        service = await Service.on(plain.store, clock=clock, store_clock=store_clock(clock))
        principal = await begin(service)
        for _ in range(30):
            starts = [
                service.runs.start(principal, name, RunDraft(lease_us=1_000))
                for name in ("one", "two", "three")
            ]
            resets = [
                service.store.write(verbs.lapsed, principal.workspace_id, clock.now)
                for _ in range(3)
            ]
            await asyncio.gather(*starts, *resets)
            clock.pass_seconds(1)
            await service.runs.reap()
        left = [
            run.id
            for name in ("one", "two", "three")
            for run in (await service.runs.list(principal, name, 100))[1].items
            if run.state == "running"
        ]
    figure(f"{len(left)} of 90 runs forgotten")
    assert left == []


async def test_a_session_follows_its_latest_run(lone_service: Service) -> None:
    principal = await begin(lone_service)
    await lone_service.runs.start(principal, "one", RunDraft(id="a"))
    await lone_service.runs.start(principal, "one", RunDraft(id="b"))
    await lone_service.runs.update(principal, "one", "a", RunPatch(state="failed"))
    assert (await lone_service.sessions.read(principal, "one")).state == "running"
    await lone_service.runs.update(principal, "one", "b", RunPatch(state="completed"))
    assert (await lone_service.sessions.read(principal, "one")).state == "completed"


async def test_one_run_at_a_time_when_asked(lone_service: Service, figure: Figure) -> None:
    principal = await begin(lone_service)
    results = await asyncio.gather(
        *(lone_service.runs.start(principal, "one", RunDraft(exclusive=True)) for _ in range(20)),
        return_exceptions=True,
    )
    refused = sum(isinstance(result, Conflict) and result.code == "run_open" for result in results)
    figure(f"20 exclusive runs at once: {20 - refused} started, {refused} refused")
    assert refused == 19


async def test_a_session_deleted_while_it_lapses_does_not_stop_the_reaper(
    store_url: str, clock: Clock
) -> None:
    async with opened(Settings(store=store_url)) as plain:
        service = await Service.on(plain.store, clock=clock, store_clock=store_clock(clock))
        principal = await begin(service)
        for name in ("one", "two", "three"):
            await service.runs.start(principal, name, RunDraft(lease_us=1_000))
        clock.pass_seconds(1)
        real = service.store.write

        async def deleting(verb: Callable[..., Steps[Any]], *args: Any, **kwargs: Any) -> Any:
            result = await real(verb, *args, **kwargs)
            if verb is verbs.lapsed:
                service.store.write = real  # type: ignore[method-assign]  # once is enough
                await service.sessions.delete(principal, "one")
            return result

        service.store.write = deleting  # type: ignore[method-assign]  # a seam in time that nothing else offers
        await service.runs.reap()
        states = [(await service.sessions.read(principal, name)).state for name in ("two", "three")]
    assert states == ["interrupted", "interrupted"]


async def test_a_run_that_comes_back_does_not_work_beside_its_successor(
    store_url: str, clock: Clock, figure: Figure
) -> None:
    """A process whose lease lapsed is refused while another exclusive run is open.

    It goes on when there is none.
    """
    async with opened(Settings(store=store_url)) as plain:
        service = await Service.on(plain.store, clock=clock, store_clock=store_clock(clock))
        principal = await begin(service)
        await service.runs.start(
            principal, "one", RunDraft(id="paused", lease_us=1_000, exclusive=True)
        )
        await service.runs.start(principal, "two", RunDraft(id="shared", lease_us=1_000))
        await service.runs.start(principal, "three", RunDraft(id="unaware", lease_us=1_000))
        clock.pass_seconds(1)
        await service.runs.reap()
        await service.runs.start(principal, "one", RunDraft(id="successor", exclusive=True))
        await service.runs.start(principal, "two", RunDraft(id="other"))
        await service.runs.start(principal, "three", RunDraft(id="alone", exclusive=True))
        with pytest.raises(Conflict, match="run alone is open"):
            await service.runs.update(principal, "three", "unaware", RunPatch())
        with pytest.raises(Conflict) as refused:
            await service.runs.update(principal, "one", "paused", RunPatch())
        open_then = [
            run.id
            for run in (await service.runs.list(principal, "one", 9))[1].items
            if run.state == "running"
        ]
        _, shared = await service.runs.update(principal, "two", "shared", RunPatch())
        await service.runs.update(principal, "one", "successor", RunPatch(state="completed"))
        _, again = await service.runs.update(principal, "one", "paused", RunPatch())
    figure(
        f"beside its successor {refused.value.code}, afterwards {again.state}; one that did not "
        f"ask to be alone {shared.state}"
    )
    assert (refused.value.code, open_then) == ("run_open", ["successor"])
    assert (again.state, shared.state) == ("running", "running")


async def test_a_heartbeat_that_comes_while_the_reaper_looks_keeps_the_run(
    store_url: str, clock: Clock, figure: Figure
) -> None:
    """The reaper sees a lapsed lease, and finds it made longer when it comes to end the run."""
    async with opened(Settings(store=store_url)) as plain:
        service = await Service.on(plain.store, clock=clock, store_clock=store_clock(clock))
        principal = await begin(service)
        await service.runs.start(principal, "one", RunDraft(id="late", lease_us=1_000_000))
        clock.pass_seconds(2)
        real = service.store.write

        async def beating(verb: Callable[..., Steps[Any]], *args: Any, **kwargs: Any) -> Any:
            result = await real(verb, *args, **kwargs)
            if verb is verbs.lapsed:
                service.store.write = real  # type: ignore[method-assign]  # once is enough
                await service.runs.update(principal, "one", "late", RunPatch())
            return result

        service.store.write = beating  # type: ignore[method-assign]  # a seam in time that nothing else offers
        reaped = await service.runs.reap()
        _, run = await service.runs.read(principal, "one", "late")
    figure(f"{reaped} reaped; the run is {run.state}")
    assert (reaped, run.state) == (0, "running")
