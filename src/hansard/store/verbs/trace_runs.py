"""The run of a trace: one execution of an agent, from its first call of a model to its last."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from hansard.model import Run
from hansard.model.message import MOST_TOKENS
from hansard.model.model_call import TOKENS, ModelCall, counting, failure
from hansard.store import rows, steps
from hansard.store.steps import Steps
from hansard.store.verbs.trace_sessions import GrowingSession


def record(
    run_calls: Sequence[tuple[GrowingSession, Sequence[ModelCall]]], now: int
) -> Steps[None]:
    """Tell sessions what the calls of one trace each tell of its run, whose id is the trace's."""
    yield from _read(run_calls)
    for growing, calls in sorted(run_calls, key=lambda each: min(call.order for call in each[1])):
        before = growing.was_runs.get(calls[0].trace)
        after = _run_of(growing, calls, before, now)
        if before is None or after != msgspec.structs.replace(before, updated_at=now):
            growing.runs[after.id] = after


def _read(run_calls: Sequence[tuple[GrowingSession, Sequence[ModelCall]]]) -> Steps[None]:
    """Tell sessions their runs of these traces, and the latest one of each."""
    by_id = {growing.before.id: growing for growing, _ in run_calls if not growing.is_new}
    wanted = {
        (growing.before.id, calls[0].trace) for growing, calls in run_calls if not growing.is_new
    }
    wanted |= {
        (id_, growing.before.run_id) for id_, growing in by_id.items() if growing.before.run_id
    }
    if not wanted:
        return
    workspace_id = run_calls[0][0].before.workspace_id
    stored = yield from steps.rows(
        "run_by_places", workspace_id=workspace_id, places=rows.encoded(sorted(wanted))
    )
    for each in map(rows.run, stored):
        by_id[each.session_id].was_runs[each.id] = each


def _run_of(
    growing: GrowingSession, calls: Sequence[ModelCall], before: Run | None, now: int
) -> Run:
    started_at = min(call.at for call in calls)
    ended = max(call.ended or call.at for call in calls)
    error = failure(calls)
    models = [call.model for call in sorted(calls, key=lambda call: call.order) if call.model]
    return Run(
        session_id=growing.before.id,
        id=calls[0].trace,
        state="failed" if error else "completed",
        agent=before.agent if before else growing.after.agent,
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
