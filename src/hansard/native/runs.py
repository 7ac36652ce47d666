"""``/v1/sessions/{session_id}/runs``: start, heartbeat, finish, list, read."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from hansard.http.call import Call
from hansard.http.fields import Moment, us
from hansard.http.route import ONCE, Reply, Route
from hansard.model import Run, RunDraft, RunPatch, Session
from hansard.model.times import rfc3339
from hansard.native.messages import UsageIn, UsageOut
from hansard.native.schemas import Metadata

Lease = Annotated[
    float,
    Meta(
        gt=0,
        le=86_400,
        description="seconds without a heartbeat after which the run counts as interrupted",
    ),
]
_DEFAULT_LEASE = 60.0


class RunIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``exclusive`` answers 409 while another run of the session is open; ``lease_seconds`` null means that the run never lapses."""

    example: ClassVar[dict[str, Any]] = {
        "id": "turn-1",
        "agent": "support",
        "lease_seconds": 60,
        "exclusive": True,
    }

    id: str | None = None
    state: Literal["queued", "running", "waiting"] = "running"
    agent: str | None = None
    model: str | None = None
    workflow_id: str | None = None
    lease_seconds: Lease | None = _DEFAULT_LEASE
    started_at: Moment | None = None
    exclusive: bool = False
    metadata: dict[str, Any] | None = None


class HeartbeatIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    example: ClassVar[dict[str, Any]] = {"state": "waiting"}

    state: Literal["queued", "running", "waiting"] | None = None
    lease_seconds: Lease | None = None


class FinishIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``usage`` is what the run used up beyond what its messages report themselves."""

    example: ClassVar[dict[str, Any]] = {
        "state": "completed",
        "usage": {"input_tokens": 40, "output_tokens": 12, "cost_usd": 0.0004},
    }

    state: Literal["completed", "partial", "failed", "cancelled", "interrupted"] = "completed"
    error: str | None = None
    usage: UsageIn | None = None
    finished_at: Moment | None = None


class ListParams(Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None


class RunOut(Struct, frozen=True, kw_only=True):
    id: str
    session_id: str
    state: str
    agent: str | None
    model: str | None
    workflow_id: str | None
    error: str | None
    usage: UsageOut
    created_at: str
    started_at: str | None
    finished_at: str | None
    heartbeat_at: str | None
    lease_expires_at: str | None
    metadata: Metadata


class RunList(Struct, frozen=True, kw_only=True):
    data: list[RunOut]
    has_more: bool
    next_cursor: str | None


async def start_run(call: Call[None, RunIn]) -> Reply:
    """Start a run: a lease that heartbeats keep alive; 200 when the id was there already"""
    given = call.body
    draft = RunDraft(
        id=given.id,
        state=given.state,
        agent=given.agent,
        model=given.model,
        workflow_id=given.workflow_id,
        lease_us=_us(given.lease_seconds),
        started_at=us(given.started_at),
        exclusive=given.exclusive,
        metadata=Raw(msgspec.json.encode(given.metadata or {})),
    )
    return _started(
        await call.service.runs.start(
            call.principal, call.path["session_id"], draft, once=call.once(_started)
        )
    )


def _started(result: tuple[Session, Run, bool]) -> Reply:
    session, run, new = result
    return Reply(body=run_out(session, run), status=201 if new else 200)


async def heartbeat_run(call: Call[None, HeartbeatIn]) -> RunOut:
    """Keep a run alive for another lease, and say where it stands"""
    patch = RunPatch(state=call.body.state, lease_us=_us(call.body.lease_seconds))
    return _told(
        await call.service.runs.update(
            call.principal, call.path["session_id"], call.path["run_id"], patch
        )
    )


async def finish_run(call: Call[None, FinishIn]) -> RunOut:
    """Finish a run; the session takes its state"""
    given = call.body
    patch = RunPatch(state=given.state, error=given.error, finished_at=us(given.finished_at))
    if given.usage is not None:
        spent = given.usage
        patch = msgspec.structs.replace(
            patch,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            cost_nanos=round(spent.cost_usd * 1e9),
        )
    return _told(
        await call.service.runs.update(
            call.principal,
            call.path["session_id"],
            call.path["run_id"],
            patch,
            once=call.once(_told),
        )
    )


async def list_runs(call: Call[ListParams, None]) -> RunList:
    """List the runs of a session, newest first"""
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
    return _told(
        await call.service.runs.read(call.principal, call.path["session_id"], call.path["run_id"])
    )


def _told(result: tuple[Any, ...]) -> RunOut:
    return run_out(result[0], result[1])


def run_out(session: Session, run: Run) -> RunOut:
    return RunOut(
        id=run.id,
        session_id=session.name,
        state=run.state,
        agent=run.agent,
        model=run.model,
        workflow_id=run.workflow_id,
        error=run.error,
        usage=UsageOut(
            input_tokens=run.input_tokens,
            output_tokens=run.output_tokens,
            cost_usd=run.cost_nanos / 1e9,
        ),
        created_at=rfc3339(run.created_at),
        started_at=_time(run.started_at),
        finished_at=_time(run.finished_at),
        heartbeat_at=_time(run.heartbeat_at),
        lease_expires_at=_time(run.lease_expires_at),
        metadata=run.metadata,
    )


def _time(us: int | None) -> str | None:
    return None if us is None else rfc3339(us)


def _us(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000_000)


MANY = "/v1/sessions/{session_id}/runs"

routes = (
    Route(
        f"POST {MANY}",
        start_run,
        scope="sessions:write",
        body=RunIn,
        returns=RunOut,
        status=201,
        extra_statuses=(200,),
        request_headers=(ONCE,),
    ),
    Route(f"GET {MANY}", list_runs, scope="sessions:read", params=ListParams, returns=RunList),
    Route(f"GET {MANY}/{{run_id}}", read_run, scope="sessions:read", returns=RunOut),
    Route(
        f"POST {MANY}/{{run_id}}/heartbeat",
        heartbeat_run,
        scope="sessions:write",
        body=HeartbeatIn,
        returns=RunOut,
    ),
    Route(
        f"POST {MANY}/{{run_id}}/finish",
        finish_run,
        scope="sessions:write",
        body=FinishIn,
        returns=RunOut,
        request_headers=(ONCE,),
    ),
)
