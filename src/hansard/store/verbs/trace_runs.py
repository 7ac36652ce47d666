"""The run of a trace: one execution of an agent, from its first call of a model to its last."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from hansard.model import Run, Session
from hansard.model.message import MOST_TOKENS
from hansard.model.model_call import TOKENS, ModelCall, counting, failure
from hansard.store import rows
from hansard.store.steps import Steps, row, run
from hansard.store.verbs.events import happened
from hansard.store.verbs.runs import follow
from hansard.store.verbs.session_lookup import SessionRef, locked


def record(session: Session, calls: Sequence[ModelCall], now: int) -> Steps[None]:
    """Store what these calls of one trace tell of its run, whose id is the trace's."""
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    current = yield from locked(SessionRef(session.workspace_id, session.id))
    stored = yield from row("run_lock", **here, id=calls[0].trace)
    before = rows.run(stored) if stored else None
    after = _run_of(current, calls, before, now)
    if before is not None and after == msgspec.structs.replace(before, updated_at=now):
        return
    statement = "run_put" if before is None else "run_update"
    yield from run(statement, **rows.run_values(session.workspace_id, after))
    latest = yield from _is_latest(current, after)
    yield from follow(current, before, after, now, latest=latest)
    yield from happened(
        session.workspace_id,
        "run.finished",
        session.id,
        at=now,
        was_updated_at=current.updated_at,
    )


def _run_of(session: Session, calls: Sequence[ModelCall], before: Run | None, now: int) -> Run:
    started_at = min(call.at for call in calls)
    ended = max(call.ended or call.at for call in calls)
    error = failure(calls)
    models = [call.model for call in sorted(calls, key=lambda call: call.order) if call.model]
    return Run(
        session_id=session.id,
        id=calls[0].trace,
        state="failed" if error else "completed",
        agent=before.agent if before else session.agent,
        model=models[-1] if models else None,
        workflow_id=None,
        error=error,
        **_tokens(calls),
        cost_nanos=0,
        lease_us=None,
        lease_expires_at=None,
        heartbeat_at=None,
        created_at=min(started_at, now),
        started_at=min(started_at, now),
        finished_at=min(ended, now),
        updated_at=now,
        exclusive_at=None,
        metadata=Raw(b"{}"),
    )


def _tokens(calls: Sequence[ModelCall]) -> dict[str, int]:
    """What the calls used in all, by the field of a run."""
    sums = dict.fromkeys(TOKENS, 0)
    for call in counting(calls):
        for name, number in call.tokens.items():
            sums[name] = min(sums[name] + number, MOST_TOKENS)
    return sums


def _is_latest(session: Session, after: Run) -> Steps[bool]:
    """Whether no run of the session began later, as far as it knows its latest one."""
    if session.run_id in {None, after.id}:
        return True
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    stored = yield from row("run_get", **here, id=session.run_id)
    if stored is None:
        return True
    other = rows.run(stored)
    return (other.started_at or other.created_at, other.id) <= (after.started_at or 0, after.id)
