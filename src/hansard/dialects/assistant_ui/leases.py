"""Run leases: a message that is being written has a run, which heartbeats keep alive.

The lease's id is the run's. One that lapses is shown as running with its last heartbeat, so that
clients take it for stale; it goes on when it beats again.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct
from starlette.responses import Response

from hansard.dialects.assistant_ui.errors import NO_LEASE
from hansard.dialects.assistant_ui.threads import PATH
from hansard.errors import Conflict
from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model import Message, Run, RunDraft, RunPatch
from hansard.model.run import State

LEASE_US = 60_000_000
HEARTBEAT_MS = 10_000
_STATES: dict[str, State] = {"done": "completed", "cancelled": "cancelled", "error": "failed"}


class RunOut(Struct, kw_only=True):
    """The lease of a message."""

    example: ClassVar[dict[str, Any]] = {"status": "running", "last_heartbeat_ms_ago": 1200}

    status: Literal["running", "ended"]
    """Whether its holder has ended it."""
    last_heartbeat_ms_ago: int
    """The milliseconds since its last heartbeat."""


class HeartbeatOut(Struct, kw_only=True):
    """When the next heartbeat is due."""

    example: ClassVar[dict[str, Any]] = {"heartbeat_interval_ms": HEARTBEAT_MS}

    heartbeat_interval_ms: int = HEARTBEAT_MS
    """The milliseconds between two heartbeats."""


class EndIn(Struct, kw_only=True, frozen=True):
    """Why a run ended."""

    example: ClassVar[dict[str, Any]] = {"reason": "done"}

    reason: Literal["done", "cancelled", "error"] = "done"
    """`done`, `cancelled` or `error`: the run is `completed`, `cancelled` or `failed`."""


async def heartbeat(call: Call[None, None]) -> HeartbeatOut:
    """Keep a lease alive"""
    await beat(call, call.path["thread_id"], call.path["run_id"])
    return HeartbeatOut()


async def end(call: Call[None, EndIn]) -> Response:
    """End a run; one that has ended keeps its first reason"""
    patch = RunPatch(state=_STATES[call.body.reason])
    try:
        await call.service.runs.update(
            call.principal, call.path["thread_id"], call.path["run_id"], patch
        )
    except Conflict as problem:
        if problem.code != "run_finished":
            raise
    return Response(status_code=204)


async def open_lease(call: Call[Any, Any], thread: str, message: Message) -> Run | None:
    """The run of a message that is being written; None for one that came without."""
    if message.run_id is None:
        return None
    noted = Raw(msgspec.json.encode({"message_id": message.id}))
    draft = RunDraft(id=message.run_id, lease_us=LEASE_US, metadata=noted)
    _, run, _ = await call.service.runs.start(call.principal, thread, draft)
    return run


async def hold(call: Call[Any, Any], thread: str, message: Message, lease_id: str) -> None:
    """Beat as the holder of a message's lease; Conflict for another lease, or an ended one."""
    if message.run_id != lease_id:
        raise Conflict(
            f"message {message.id} does not have the lease {lease_id!r}",
            code="lease_mismatch",
            param="lease_id",
        )
    await beat(call, thread, lease_id)


async def beat(call: Call[Any, Any], thread: str, lease_id: str) -> None:
    """A heartbeat; NotFound, or Conflict ``run_finished``."""
    _, run = await call.service.runs.read(call.principal, thread, lease_id)
    if run.finished_at is not None and not run.is_lapsed:
        raise Conflict(f"run {run.id} is already {run.state}", code="run_finished")
    await call.service.runs.update(call.principal, thread, lease_id, RunPatch())


def run_out(run: Run, now: int) -> RunOut:
    is_running = run.finished_at is None or run.is_lapsed
    beaten_at = run.heartbeat_at or run.created_at
    return RunOut(
        status="running" if is_running else "ended",
        last_heartbeat_ms_ago=max(0, now - beaten_at) // 1000,
    )


routes = (
    Route(
        f"POST {PATH}/{{thread_id}}/runs/{{run_id}}/heartbeat",
        heartbeat,
        scope="sessions:write",
        returns=HeartbeatOut,
        errors=NO_LEASE | {409: "The run has ended."},
    ),
    Route(
        f"POST {PATH}/{{thread_id}}/runs/{{run_id}}/end",
        end,
        scope="sessions:write",
        body=EndIn,
        status=204,
        errors=NO_LEASE,
    ),
)
