"""A run without a heartbeat does not run for ever."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from hansard.background import Round, Task, for_ever
from hansard.model import Run, RunDraft, RunPatch, SessionDraft
from hansard.service import Service
from hansard.service import runs as service_runs


async def test_a_lapsed_lease_is_reaped_once_and_a_heartbeat_revives_it(
    lone_service: Service,
) -> None:
    operator = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    runs, sessions = lone_service.runs, lone_service.sessions
    await sessions.start(operator, SessionDraft(id="s"))
    await runs.start(operator, "s", RunDraft(id="kept", lease_us=None))
    await runs.start(operator, "s", RunDraft(id="r", lease_us=1_000_000))
    assert await runs.reap() == 0
    await asyncio.sleep(1.1)
    assert sorted(await asyncio.gather(runs.reap(), runs.reap())) == [0, 1]
    session, run = await runs.read(operator, "s", "r")
    assert (session.state, run.state, run.error) == (
        "interrupted",
        "interrupted",
        "the lease lapsed without a heartbeat",
    )
    assert (await runs.read(operator, "s", "kept"))[1].state == "running"
    session, run = await runs.update(operator, "s", "r", RunPatch(lease_us=60_000_000))
    assert (session.state, run.state, run.finished_at, run.error) == (
        "running",
        "running",
        None,
        None,
    )
    assert await runs.reap() == 0


async def test_a_run_that_cannot_be_ended_holds_nobody_up(
    lone_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reaper ends the others, says so, and looks again: no fault ends it."""
    operator = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    runs = lone_service.runs
    for name in ("a", "b", "c"):
        await lone_service.sessions.start(operator, SessionDraft(id=name))
        await runs.start(operator, name, RunDraft(id=name, lease_us=1_000))
    real, looks, looked = service_runs._lapse, 0, asyncio.Event()

    def faulty(run: Run, now: int, at: int) -> Run:
        if run.id == "a" and looks < 2:
            raise RuntimeError("unforeseen")
        return real(run, now, at)

    async def look() -> Round:
        nonlocal looks
        looks += 1
        await runs.reap()
        looked.set()
        return Round(0.05)

    monkeypatch.setattr(service_runs, "_lapse", faulty)
    await asyncio.sleep(0.01)
    with capture_logs() as logged:
        looking = asyncio.create_task(
            for_ever(Task("reap", "look for lapsed runs"), look, after_failure=0.05)
        )
        await asyncio.wait_for(looked.wait(), 20)
        looking.cancel()
    states = [(await lone_service.sessions.read(operator, name)).state for name in ("a", "b", "c")]
    assert states == ["interrupted"] * 3
    assert [(line["event"], line["error"]) for line in logged] == [
        ("could not look for lapsed runs", "RuntimeError")
    ]
