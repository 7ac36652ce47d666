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
    told: list[tuple[int, int]] = []
    new = await demo.fill(
        service, principal, on_progress=lambda done, total: told.append((done, total))
    )
    found = await every(service, principal)
    assert new == len(found) == told[-1][0] == told[-1][1]
    assert await demo.fill(service, principal) == 0
    assert Counter(one.state for one in found).keys() == set(STATES)
    now = microseconds()
    assert all(now - 32 * DAY < one.created_at <= one.updated_at <= now for one in found)
    assert all(
        one.last_message_at is None
        or one.first_message_at is None
        or one.created_at <= one.first_message_at
        for one in found
    )
    assert {bool(one.parent_id) for one in found} == {True, False}
    assert {one.is_unread for one in found} == {True, False}
    assert sum(one.cost_nanos for one in found) > 0
    assert max(one.updated_at for one in found if one.state not in OPEN_STATES) < now


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
    assert [one.name for one in await every(service, principal)] == ["demo-of-mine"]


async def test_a_live_session_runs_and_completes(service: Service, principal: Principal) -> None:
    names: list[str] = []
    await demo.play_live(service, principal, names.append, pace=0.0, rounds=3)
    found = [await service.sessions.read(principal, name) for name in names]
    assert [one.state for one in found] == ["completed"] * 3
    assert [one.resolution for one in found] == ["resolved"] * 3
    assert all(one.message_count > 4 for one in found)


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
