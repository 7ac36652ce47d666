"""A run without a heartbeat does not run for ever."""

from __future__ import annotations

import asyncio

import pytest

from hansard.errors import Conflict
from hansard.model import RunDraft, RunPatch, SessionDraft
from hansard.service import Service


async def test_a_lapsed_lease_is_reaped_once_and_a_heartbeat_revives_it(lone_service: Service) -> None:
    operator = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    runs, sessions = lone_service.runs, lone_service.sessions
    await sessions.start(operator, SessionDraft(id="s"))
    await runs.start(operator, "s", RunDraft(id="kept", lease_us=None))
    await runs.start(operator, "s", RunDraft(id="r", lease_us=1_000_000))
    assert await runs.reap() == 0
    await asyncio.sleep(1.1)
    assert sorted(await asyncio.gather(runs.reap(), runs.reap())) == [0, 1]
    session, run = await runs.read(operator, "s", "r")
    assert (session.state, run.state, run.error) == ("interrupted", "interrupted", "the lease lapsed without a heartbeat")
    assert (await runs.read(operator, "s", "kept"))[1].state == "running"
    session, run = await runs.update(operator, "s", "r", RunPatch(lease_us=60_000_000))
    assert (session.state, run.state, run.finished_at, run.error) == ("running", "running", None, None)
    assert await runs.reap() == 0


async def test_a_run_that_was_given_up_does_not_come_back_beside_the_one_that_took_over(lone_service: Service) -> None:
    operator = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    runs, sessions = lone_service.runs, lone_service.sessions
    await sessions.start(operator, SessionDraft(id="s"))
    await runs.start(operator, "s", RunDraft(id="paused", lease_us=1, exclusive=True))
    assert await runs.reap() == 1
    await runs.start(operator, "s", RunDraft(id="next", exclusive=True))
    with pytest.raises(Conflict, match="run next has begun since") as refused:
        await runs.update(operator, "s", "paused", RunPatch())
    assert (refused.value.code, refused.value.extra["run_id"]) == ("run_finished", "next")
    session, run = await runs.update(operator, "s", "paused", RunPatch(state="failed", error="too late"))
    assert (session.run_id, session.state, run.state) == ("next", "running", "failed")
    await runs.start(operator, "s", RunDraft(id="again", lease_us=1))
    assert await runs.reap() == 1
    await runs.update(operator, "s", "next", RunPatch(state="completed"))
    assert (await runs.update(operator, "s", "again", RunPatch()))[1].state == "running"
