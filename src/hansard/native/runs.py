"""``/v1/sessions/{session_id}/runs``: start, heartbeat, finish, list, read."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from hansard.http.call import Call
from hansard.http.fields import Time, us
from hansard.http.route import ONCE, Reply, Route
from hansard.model import Run, RunDraft, RunPatch, Session, Usage
from hansard.model.times import Moment, rfc3339, rfc3339_or_none
from hansard.native.errors import NO_RUN, NO_SESSION
from hansard.native.schemas import (
    Cursor,
    HasMore,
    Json,
    Limit,
    Metadata,
    NextCursor,
    SessionId,
    StateOut,
)
from hansard.native.sessions import SESSION_PATH
from hansard.native.usage_bodies import UsageIn, UsageOut, usage_out

Lease = Annotated[
    float,
    Meta(
        gt=0,
        le=86_400,
        description="Seconds without a heartbeat after which the run counts as interrupted.",
    ),
]
_DEFAULT_LEASE = 60.0
_MICROSECONDS = 1_000_000


class RunOut(Struct, frozen=True, kw_only=True):
    """One execution of an agent or workflow."""

    described_by: ClassVar[type[Struct]] = Run
    example: ClassVar[Json] = {
        "id": "turn-1",
        "session_id": "order-17",
        "state": "failed",
        "agent": "support",
        "model": "gpt-5",
        "workflow_id": "wf-refunds",
        "error": "The tool find_order timed out.",
        "usage": Usage.example,
        "created_at": "2026-01-31T09:30:00Z",
        "started_at": "2026-01-31T09:30:00Z",
        "finished_at": "2026-01-31T09:30:41Z",
        "heartbeat_at": "2026-01-31T09:30:30Z",
        "lease_expires_at": None,
        "metadata": {"attempt": 1},
    }

    id: str
    session_id: SessionId
    state: StateOut
    agent: str | None
    model: str | None
    workflow_id: str | None
    error: str | None
    usage: UsageOut
    """What it used up beyond what its messages report. Set by the caller when it finishes."""
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    heartbeat_at: Time | None
    lease_expires_at: Time | None
    metadata: Metadata


class RunIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run to start, or to get where the ``id`` is there already."""

    described_by: ClassVar[type[Struct]] = RunOut
    example: ClassVar[Json] = {
        "id": "turn-1",
        "state": "running",
        "agent": "support",
        "lease_seconds": 60,
        "exclusive": True,
    }

    id: str | None = None
    """The caller's own id: 1–256 characters without a slash. Without it the server makes one."""
    state: Literal["queued", "running", "waiting"] = "running"
    """Where it stands."""
    agent: str | None = None
    model: str | None = None
    workflow_id: str | None = None
    lease_seconds: Lease | None = _DEFAULT_LEASE
    """Seconds without a heartbeat after which it counts as interrupted; null for never."""
    started_at: Moment | None = None
    """When it began to work. The time of the request by default; a queued run has none."""
    exclusive: bool = False
    """True refuses it with 409 while another run of the session is open, and others while it is."""
    metadata: dict[str, Any] | None = None


class HeartbeatIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sign of life. The lease begins anew with it."""

    example: ClassVar[Json] = {"state": "waiting", "lease_seconds": 300}

    state: Literal["queued", "running", "waiting"] | None = None
    """Where the run stands now; as before by default."""
    lease_seconds: Lease | None = None
    """Another lease from now on, in seconds; as before by default."""


class FinishIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the run ended."""

    described_by: ClassVar[type[Struct]] = RunOut
    example: ClassVar[Json] = {
        "state": "completed",
        "usage": {"input_tokens": 40, "output_tokens": 12, "cost_usd": 0.0004},
    }

    state: Literal["completed", "partial", "failed", "cancelled", "interrupted"] = "completed"
    """The state that the run ends in, and its session with it."""
    error: str | None = None
    """Why it failed; at most 8,000 characters are kept."""
    usage: UsageIn | None = None
    """What the run used up beyond what its messages report."""
    finished_at: Moment | None = None
    """When it was over. The time of the request by default."""


class ListParams(Struct, frozen=True, kw_only=True):
    """Which page of the runs of a session."""

    limit: Limit = 50
    """The most runs that a page may have."""
    cursor: Cursor = None


class RunList(Struct, frozen=True, kw_only=True):
    """A page of the runs of a session."""

    data: list[RunOut]
    """The runs of the page, the newest first."""
    has_more: HasMore
    next_cursor: NextCursor


async def start_run(call: Call[None, RunIn]) -> Reply:
    """Start a run, or get the one that has this id

    A run is a lease: heartbeats keep it alive, and without one it counts as interrupted. Answers
    201 for a new run, and 200 for one that was there.
    """
    body = call.body
    draft = RunDraft(
        id=body.id,
        state=body.state,
        agent=body.agent,
        model=body.model,
        workflow_id=body.workflow_id,
        lease_us=_us(body.lease_seconds),
        started_at=us(body.started_at),
        exclusive=body.exclusive,
        metadata=Raw(msgspec.json.encode(body.metadata or {})),
    )
    return _started(
        await call.service.runs.start(
            call.principal, call.path["session_id"], draft, once=call.once(_started)
        )
    )


def _started(result: tuple[Session, Run, bool]) -> Reply:
    session, run, is_new = result
    return Reply(body=run_out(session, run), status=201 if is_new else 200)


async def heartbeat_run(call: Call[None, HeartbeatIn]) -> RunOut:
    """Keep a run alive for another lease, and say where it stands"""
    patch = RunPatch(state=call.body.state, lease_us=_us(call.body.lease_seconds))
    session, run = await call.service.runs.update(
        call.principal, call.path["session_id"], call.path["run_id"], patch
    )
    return run_out(session, run)


async def finish_run(call: Call[None, FinishIn]) -> RunOut:
    """Finish a run; the session takes its state"""
    body = call.body
    patch = RunPatch(state=body.state, error=body.error, finished_at=us(body.finished_at))
    if body.usage is not None:
        patch = msgspec.structs.replace(
            patch,
            input_tokens=body.usage.input_tokens,
            output_tokens=body.usage.output_tokens,
            cache_read_tokens=body.usage.cache_read_tokens,
            cache_write_tokens=body.usage.cache_write_tokens,
            reasoning_tokens=body.usage.reasoning_tokens,
            cost_nanos=round(body.usage.cost_usd * 1e9),
        )
    return _finished(
        await call.service.runs.update(
            call.principal,
            call.path["session_id"],
            call.path["run_id"],
            patch,
            once=call.once(_finished),
        )
    )


def _finished(result: tuple[Session, Run]) -> RunOut:
    return run_out(*result)


async def list_runs(call: Call[ListParams, None]) -> RunList:
    """List the runs of a session, the newest first"""
    session, page = await call.service.runs.list(
        call.principal, call.path["session_id"], call.params.limit, call.params.cursor
    )
    return RunList(
        data=[run_out(session, run) for run in page.items],
        has_more=page.has_more,
        next_cursor=page.next_cursor,
    )


async def read_run(call: Call[None, None]) -> RunOut:
    """Read one run"""
    session, run = await call.service.runs.read(
        call.principal, call.path["session_id"], call.path["run_id"]
    )
    return run_out(session, run)


def run_out(session: Session, run: Run) -> RunOut:
    return RunOut(
        id=run.id,
        session_id=session.name,
        state=run.state,
        agent=run.agent,
        model=run.model,
        workflow_id=run.workflow_id,
        error=run.error,
        usage=usage_out(run),
        created_at=rfc3339(run.created_at),
        started_at=rfc3339_or_none(run.started_at),
        finished_at=rfc3339_or_none(run.finished_at),
        heartbeat_at=rfc3339_or_none(run.heartbeat_at),
        lease_expires_at=rfc3339_or_none(run.lease_expires_at),
        metadata=run.metadata,
    )


def _us(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * _MICROSECONDS)


RUNS_PATH = f"{SESSION_PATH}/runs"
_FINISHED = "`run_finished`: the run is over already, in another state."
_OPEN = "`run_open`: another run of the session is open, and one of the two is exclusive."

routes = (
    Route(
        f"POST {RUNS_PATH}",
        start_run,
        scope="sessions:write",
        body=RunIn,
        returns=RunOut,
        status=201,
        extra_statuses=(200,),
        request_headers=(ONCE,),
        errors=NO_SESSION | {409: _OPEN},
    ),
    Route(
        f"GET {RUNS_PATH}",
        list_runs,
        scope="sessions:read",
        params=ListParams,
        returns=RunList,
        errors=NO_SESSION,
    ),
    Route(
        f"GET {RUNS_PATH}/{{run_id}}",
        read_run,
        scope="sessions:read",
        returns=RunOut,
        errors=NO_RUN,
    ),
    Route(
        f"POST {RUNS_PATH}/{{run_id}}/heartbeat",
        heartbeat_run,
        scope="sessions:write",
        body=HeartbeatIn,
        returns=RunOut,
        errors=NO_RUN | {409: f"{_FINISHED} {_OPEN}"},
    ),
    Route(
        f"POST {RUNS_PATH}/{{run_id}}/finish",
        finish_run,
        scope="sessions:write",
        body=FinishIn,
        returns=RunOut,
        request_headers=(ONCE,),
        errors=NO_RUN | {409: _FINISHED},
    ),
)
