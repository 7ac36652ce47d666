"""A run at work: its lease is kept alive, and it ends with its block."""

from __future__ import annotations

import asyncio
import time
import uuid

import msgspec
import pytest

from hansard.client import AsyncHansard, Conflict, Hansard, Running
from tests.support.serving import Served

LEASE = 0.6
"""Seconds; a server looks for lapsed leases every two seconds."""


@pytest.fixture
def name(hansard: Hansard) -> str:
    return hansard.sessions.start(str(uuid.uuid4())).id


def test_a_run_lives_longer_than_its_lease_and_completes(hansard: Hansard, name: str) -> None:
    with hansard.runs.start(name, agent="concierge", lease_seconds=LEASE) as run:
        began = run.run.heartbeat_at
        time.sleep(2 * LEASE)
        beaten = hansard.runs.read(name, run.id).heartbeat_at
        assert began is not None
        assert beaten is not None
        assert beaten > began
        assert [
            message.run_id for message in run.append({"role": "assistant", "text": "done"})
        ] == [run.id]
        assert run.heartbeat(state="waiting").state == "waiting"
    assert (run.state, hansard.sessions.read(name).state, run.session_id) == (
        "completed",
        "completed",
        name,
    )
    assert not run.lost


def test_a_run_that_an_exception_leaves_has_failed_with_its_words(
    hansard: Hansard, name: str
) -> None:
    with pytest.raises(ValueError, match="no such order"), hansard.runs.start(name):
        raise ValueError("no such order")
    with pytest.raises(KeyboardInterrupt), hansard.runs.start(name, lease_seconds=None):
        raise KeyboardInterrupt
    stopped, failed = hansard.runs.list(name)
    assert (failed.state, failed.error) == ("failed", "ValueError: no such order")
    assert (stopped.state, stopped.error, stopped.lease_expires_at) == (
        "cancelled",
        "KeyboardInterrupt",
        None,
    )


def test_a_run_may_be_finished_inside_its_block(hansard: Hansard, name: str) -> None:
    with hansard.runs.start(name) as run:
        run.finish("partial", usage={"input_tokens": 5})
    assert (run.state, run.run.usage.input_tokens) == ("partial", 5)


def test_a_run_that_another_has_ended_is_lost(hansard: Hansard, name: str) -> None:
    with hansard.runs.start(name, lease_seconds=LEASE) as run:
        hansard.runs.finish(name, run.id, state="cancelled")
        until = time.monotonic() + 5
        while not run.lost and time.monotonic() < until:
            time.sleep(0.05)
        assert run.lost
    with hansard.runs.start(name) as unaware:
        hansard.runs.finish(name, unaware.id, state="cancelled")
    assert unaware.lost
    assert [run.state for run in hansard.runs.list(name)] == ["cancelled", "cancelled"]


def test_a_run_that_cannot_be_finished_says_so_unless_there_is_worse_to_say(
    served: Served, name: str
) -> None:
    with (
        Hansard(served.url, served.key) as client,
        pytest.raises(RuntimeError, match="closed"),
        client.runs.start(name),
    ):
        client.close()
    with (
        Hansard(served.url, served.key) as client,
        pytest.raises(ValueError, match="worse"),
        client.runs.start(name) as run,
    ):
        _spoil(run)
    assert run.lost


def _spoil(run: Running) -> None:
    run.run = msgspec.structs.replace(run.run, session_id="gone")
    raise ValueError("worse")


def test_an_exclusive_run_waits_for_no_other(hansard: Hansard, name: str) -> None:
    with hansard.runs.start(name), pytest.raises(Conflict, match="run_open"):
        hansard.runs.start(name, exclusive=True)


async def test_an_async_run_does_the_same(ahansard: AsyncHansard, name: str) -> None:
    async with ahansard.runs.start(name, lease_seconds=LEASE) as run:
        began = run.run.heartbeat_at
        await asyncio.sleep(2 * LEASE)
        beaten = (await ahansard.runs.read(name, run.id)).heartbeat_at
        assert began is not None
        assert beaten is not None
        assert beaten > began
        assert [
            message.run_id for message in await run.append({"role": "assistant", "text": "done"})
        ] == [run.id]
    assert (run.state, run.session_id) == ("completed", name)
    with pytest.raises(ValueError, match="boom"):
        async with ahansard.runs.start(name):
            raise ValueError("boom")
    async with ahansard.runs.start(name) as ended:
        await ended.finish("partial")
    awaited = await ahansard.runs.start(name)
    assert (await awaited.heartbeat(state="waiting")).state == "waiting"
    assert [run.state async for run in ahansard.runs.list(name)] == [
        "waiting",
        "partial",
        "failed",
        "completed",
    ]


async def test_an_async_run_is_cancelled_with_its_task(ahansard: AsyncHansard, name: str) -> None:
    async def work(began: asyncio.Event) -> None:
        async with ahansard.runs.start(name):
            began.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work(began := asyncio.Event()))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ahansard.runs.list(name).first(1))[0].state == "cancelled"


async def test_an_async_run_that_another_has_ended_is_lost(
    ahansard: AsyncHansard, name: str
) -> None:
    async with ahansard.runs.start(name, lease_seconds=LEASE) as run:
        await ahansard.runs.finish(name, run.id, state="cancelled")
        await asyncio.sleep(LEASE)
        assert run.lost
    async with ahansard.runs.start(name) as unaware:
        await ahansard.runs.finish(name, unaware.id, state="cancelled")
    assert unaware.lost
