"""The demo's sessions are what the service itself would have recorded, on both backends."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from hansard import demo
from hansard.access import Principal
from hansard.ids import microseconds
from hansard.model import MessageQuery, RunDraft, Session, SessionQuery
from hansard.model.run import OPEN_STATES, STATES
from hansard.service import Service

DAY = 86_400_000_000


async def every(service: Service, principal: Principal) -> list[Session]:
    return (await service.sessions.list(principal, SessionQuery(limit=1000))).items


async def test_a_workspace_is_filled_once(service: Service, principal: Principal) -> None:
    progress: list[tuple[int, int]] = []
    new = await demo.fill(
        service, principal, on_progress=lambda done, total: progress.append((done, total))
    )
    sessions = await every(service, principal)
    assert new == len(sessions) == progress[-1][0] == progress[-1][1]
    assert await demo.fill(service, principal) == 0
    assert Counter(session.state for session in sessions).keys() == set(STATES)
    now = microseconds()
    assert all(
        now - 32 * DAY < session.created_at <= session.updated_at <= now for session in sessions
    )
    assert all(
        session.last_message_at is None
        or session.first_message_at is None
        or session.created_at <= session.first_message_at
        for session in sessions
    )
    assert {bool(session.parent_id) for session in sessions} == {True, False}
    assert {session.is_unread for session in sessions} == {True, False}
    assert sum(session.cost_nanos for session in sessions) > 0
    assert max(session.updated_at for session in sessions if session.state not in OPEN_STATES) < now


async def test_the_messages_of_a_run_are_linked_to_it(
    service: Service, principal: Principal
) -> None:
    await demo.fill(service, principal, 1)
    name = "demo-refund-espresso-1"
    runs = (await service.runs.list(principal, name, 100))[1].items
    _, messages, _ = await service.messages.list(principal, name, MessageQuery(limit=100))
    linked = {message.run_id for message in messages if message.role in {"assistant", "tool"}}
    assert linked == {run.id for run in runs}
    assert {run.state for run in runs} == {"completed"}
    assert all(
        run.started_at and run.finished_at and run.started_at < run.finished_at for run in runs
    )
    assert {message.run_id for message in messages if message.role == "user"} == {None}


async def test_the_open_ones_are_not_reaped_at_once(service: Service, principal: Principal) -> None:
    await demo.fill(service, principal)
    before = await service.sessions.facet(principal, "state")
    await service.runs.reap()
    assert await service.sessions.facet(principal, "state") == before
    assert before["running"] == 1


async def test_removing_takes_the_demos_sessions_and_no_other(
    service: Service, principal: Principal
) -> None:
    from hansard.model import SessionDraft  # noqa: PLC0415 - one test's own

    new = await demo.fill(service, principal)
    await service.sessions.start(principal, SessionDraft(id="demo-of-mine"))
    assert await demo.remove(service, principal) == new
    assert [session.name for session in await every(service, principal)] == ["demo-of-mine"]


async def test_a_live_session_runs_and_completes(service: Service, principal: Principal) -> None:
    names: list[str] = []
    await demo.play_live(service, principal, names.append, pace=0.0, rounds=3)
    sessions = [await service.sessions.read(principal, name) for name in names]
    assert [session.state for session in sessions] == ["completed"] * 3
    assert [session.resolution for session in sessions] == ["resolved"] * 3
    assert all(session.message_count > 4 for session in sessions)


async def test_a_live_session_that_is_broken_off_is_cancelled(
    service: Service, principal: Principal
) -> None:
    names: list[str] = []
    playing = asyncio.create_task(
        demo.play_live(service, principal, names.append, pace=0.05, heartbeat=0.01)
    )
    while not names or (await service.sessions.read(principal, names[0])).message_count < 2:  # noqa: ASYNC110 - another task writes them
        await asyncio.sleep(0.01)
    assert (await service.sessions.read(principal, names[0])).state == "running"
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    session = await service.sessions.read(principal, names[0])
    assert (session.state, session.run_error) == ("cancelled", "the demo was stopped")
    await service.runs.start(principal, names[0], RunDraft(exclusive=True))
