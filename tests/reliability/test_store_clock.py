"""Leases count by one clock, whatever the clocks of the processes say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansard.app import opened
from hansard.ids import microseconds
from hansard.model import RunDraft, RunPatch, SessionFilter
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.sqlite import SQLiteStore
from hansard.store.sqlite.machine_clock import MachineClock
from hansard.store.steps import Steps, composed
from hansard.store.verbs.store_clock import StoreClock, store_time
from tests.reliability.conftest import Figure
from tests.reliability.disks import begin
from tests.support.clocks import store_clock

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
HOURS = (-3, 5)


def off_by(hours: int) -> int:
    return microseconds() + hours * HOUR_US


async def reaped_too_early(store_url: str, *, seeded: bool = False) -> tuple[int, int, int]:
    """Two services whose clocks are hours apart, a run of each.

    Living runs that the other one ended, and the same of dead runs.

    With the fault that is ``seeded`` each of them measures leases by its own clock.
    """
    async with (
        opened(Settings(store=store_url)) as first,
        opened(Settings(store=store_url)) as second,
    ):
        services = []
        for plain, hours in zip((first, second), HOURS, strict=True):

            def clock(hours: int = hours) -> int:
                return off_by(hours)

            by: StoreClock = store_clock(clock) if seeded else store_time
            services.append(await Service.on(plain.store, clock=clock, store_clock=by))
        slow, fast = services
        principal = await begin(slow)
        for name, service in (("one", slow), ("two", fast)):
            await service.runs.start(principal, name, RunDraft(id="alive", lease_us=60 * SECOND_US))
            await service.runs.update(principal, name, "alive", RunPatch())
        living = await fast.runs.reap() + await slow.runs.reap()
        for name, service in (("three", slow), ("four", fast)):
            await service.runs.start(principal, name, RunDraft(id="dead", lease_us=1))
        dead = await slow.runs.reap() + await fast.runs.reap()
        now = await slow.store.read(store_time)
    return living, dead, abs(now - microseconds())


async def test_a_fast_clock_ends_no_living_run_and_a_slow_one_lets_no_dead_run_live(
    store_url: str, figure: Figure
) -> None:
    living, dead, off = await reaped_too_early(store_url)
    figure(
        f"clocks {HOURS} hours off: {living} of 2 living runs ended, {dead} of 2 dead ones; the "
        f"store's clock is {off / SECOND_US:.3f} s off"
    )
    assert (living, dead) == (0, 2)
    assert off < 60 * SECOND_US


async def test_leases_by_each_process_are_seen(store_url: str, figure: Figure) -> None:
    living, dead, _ = await reaped_too_early(store_url, seeded=True)
    figure(f"clocks {HOURS} hours off: {living} of 2 living runs ended, {dead} of 2 dead ones")
    assert living > 0


@pytest.mark.parametrize("seeded", [False, True])
async def test_a_clock_that_is_ahead_forgets_nothing(
    store_url: str, figure: Figure, seeded: bool
) -> None:
    """Retention and the trimming of what is old go by the earlier of both clocks.

    By the process's own they are seen to go.
    """
    async with opened(Settings(store=store_url)) as plain:

        def clock() -> int:
            return off_by(24 * 400)

        by: StoreClock = store_clock(clock) if seeded else store_time
        fast = await Service.on(plain.store, clock=clock, store_clock=by)
        principal = await begin(plain)
        await plain.retention.set_rules(principal, {"*": 30})
        planned = sum(rule.sessions for rule in await fast.retention.preview(principal))
        await fast.upkeep.run()
        left = await plain.sessions.count(principal, SessionFilter())
    figure(f"a clock 400 days ahead: {planned} sessions to go, {left} left")
    assert (planned, left) == ((4, 0) if seeded else (0, 4))


class Machine:
    """The clocks of a machine: the wall clock is set, the other one goes on."""

    def __init__(self) -> None:
        self.wall = 1_800_000_000 * SECOND_US
        self.monotonic = 5_000 * SECOND_US
        self.boot = "first"

    def go_on(self, seconds: float) -> None:
        self.wall += round(seconds * SECOND_US)
        self.monotonic += round(seconds * SECOND_US)

    def restart(self) -> None:
        self.boot += " again"
        self.monotonic = 7 * SECOND_US

    def clock(self) -> MachineClock:
        return MachineClock(lambda: self.wall, lambda: self.monotonic, self.boot)


async def serving(path: Path, machine: Machine) -> Service:
    store = SQLiteStore(f"sqlite:///{path}", clock=machine.clock())
    await store.open()
    await store.migrate()
    return await Service.on(store, clock=lambda: machine.wall)


@pytest.mark.parametrize("set_by", [-5 * HOUR_US, 5 * HOUR_US])
async def test_a_clock_that_is_set_moves_no_lease(
    tmp_path: Path, figure: Figure, set_by: int
) -> None:
    """Neither in a process that runs, nor in one that starts afterwards, nor after both."""
    machine = Machine()
    path = tmp_path / "hansard.db"
    running = await serving(path, machine)
    principal = await begin(running)
    await running.runs.start(principal, "one", RunDraft(id="r", lease_us=60 * SECOND_US))
    machine.wall += set_by
    machine.go_on(50)
    started = await serving(path, machine)
    early = await running.runs.reap() + await started.runs.reap()
    await started.runs.update(principal, "one", "r", RunPatch())
    machine.go_on(50)
    beaten = await running.runs.reap()
    await running.store.close()
    await started.store.close()
    later = await serving(path, machine)
    machine.go_on(11)
    late = await later.runs.reap()
    await later.store.close()
    figure(
        f"set by {set_by // HOUR_US} h: reaped {early} early, {beaten} after a heartbeat, {late} "
        "late"
    )
    assert (early, beaten, late) == (0, 0, 1)


async def test_a_machine_that_starts_anew_tells_the_time_by_its_wall_clock(tmp_path: Path) -> None:
    machine = Machine()
    path = tmp_path / "hansard.db"
    before = await serving(path, machine)
    principal = await begin(before)
    await before.runs.start(principal, "one", RunDraft(id="r", lease_us=60 * SECOND_US))
    await before.store.close()
    machine.go_on(30)
    machine.restart()
    after = await serving(path, machine)
    assert await after.store.read(store_time) == machine.wall
    assert await after.runs.reap() == 0
    machine.go_on(31)
    assert await after.store.read(store_time) == machine.wall
    assert await after.runs.reap() == 1
    await after.store.close()


def forget_the_clock() -> Steps[object]:
    return (yield from composed("delete from store_facts where name = 'store_clock'", {}))


async def test_without_a_value_of_this_boot_the_wall_clock_has_to_do(tmp_path: Path) -> None:
    machine = Machine()
    service = await serving(tmp_path / "hansard.db", machine)
    principal = await begin(service)
    await service.store.write(forget_the_clock)
    assert await service.store.read(store_time) == machine.wall
    _, run, _ = await service.runs.start(
        principal, "one", RunDraft(id="r", lease_us=60 * SECOND_US)
    )
    assert run.lease_expires_at == machine.wall + 60 * SECOND_US
    await service.store.close()
