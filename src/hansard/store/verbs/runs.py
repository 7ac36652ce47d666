"""Runs: leases that start, are kept alive, and end; a session's state is that of its latest run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from hansard.errors import Conflict, NotFound
from hansard.model.run import OPEN_STATES
from hansard.model.times import LATEST
from hansard.model.usage import Spent, spent_of
from hansard.store import rows, steps
from hansard.store.steps import Steps, row, run, value
from hansard.store.verbs.events import happened
from hansard.store.verbs.session_lookup import SessionRef, existing, locked
from hansard.store.verbs.sessions import store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.model import Run, Session
    from hansard.store.verbs.store_clock import StoreClock


def start(
    ref: SessionRef, make: Callable[[Session, int], Run], now: int, clock: StoreClock | None = None
) -> Steps[tuple[Session, Run, bool]]:
    """Store the run that ``make`` makes for the session, or find the one with its id.

    True when it is new.

    ``make`` is given the time from which a lease counts: by ``clock``, else ``now``.
    Raises Conflict when it is exclusive and another run is open.
    """
    session = yield from locked(ref)
    run = make(session, (yield from clock()) if clock else now)
    here = {"workspace_id": ref.workspace_id, "session_id": session.id}
    if run.exclusive_at is not None:
        yield from _alone(ref.workspace_id, run)
    if (yield from value("run_put", **rows.run_values(ref.workspace_id, run))) is None:
        existing = yield from row("run_get", **here, id=run.id)
        assert existing is not None, "a run that could not be put is there"  # noqa: S101 - the session's row is locked
        return session, rows.run(existing), False
    after = yield from follow(session, None, run, now, latest=True)
    yield from _watch(ref.workspace_id, None, run)
    yield from happened(
        ref.workspace_id, "run.started", session.id, at=now, was_updated_at=session.updated_at
    )
    return after, run, True


def change(
    ref: SessionRef,
    run_id: str,
    now: int,
    amend: Callable[[Run, int], Run],
    clock: StoreClock | None = None,
) -> Steps[tuple[Session, Run]]:
    """Amend a run under a lock; ``amend`` is pure and may refuse by raising.

    The session follows its latest run.

    ``amend`` is given the time by which leases count: by ``clock``, else ``now``. Raises Conflict
    when it would open again beside another open run, and one of the two is exclusive.
    """
    session = yield from locked(ref)
    got = yield from row(
        "run_lock", workspace_id=ref.workspace_id, session_id=session.id, id=run_id
    )
    if got is None:
        raise missing(run_id)
    before = rows.run(got)
    after = amend(before, (yield from clock()) if clock else now)
    if after == before:
        return session, before
    if before.state not in OPEN_STATES and after.state in OPEN_STATES:
        yield from _alone(ref.workspace_id, after)
    yield from run("run_update", **rows.run_values(ref.workspace_id, after))
    if after.state == before.state and spent_of(after) == spent_of(before):
        yield from _watch(ref.workspace_id, before, after)
        return session, after
    session_after = yield from follow(session, before, after, now, latest=session.run_id == run_id)
    yield from _watch(ref.workspace_id, before, after)
    kind = "run.updated" if after.state in OPEN_STATES else "run.finished"
    yield from happened(
        ref.workspace_id, kind, session.id, at=now, was_updated_at=session.updated_at
    )
    return session_after, after


def _alone(workspace_id: str, run: Run) -> Steps[None]:
    """Conflict when another run is open and one of the two asked to be alone."""
    got = yield from steps.rows("run_open", workspace_id=workspace_id, session_id=run.session_id)
    for other, exclusive_at in got:
        if other != run.id and (run.exclusive_at or exclusive_at) is not None:
            raise Conflict(
                f"run {other} is open: finish it, or wait until its lease lapses",
                code="run_open",
                run_id=other,
            )


def _watch(workspace_id: str, before: Run | None, after: Run) -> Steps[None]:
    """See to it that the reaper looks when the lease lapses.

    Locks the workspace's counters, so it comes last. A lease that was only made longer is left to
    the look at its old end, which then finds the new one: heartbeats lock nothing but their
    session.
    """
    at = after.lease_expires_at
    if at is not None and (
        before is None or before.lease_expires_at is None or at < before.lease_expires_at
    ):
        yield from run("lapse_earlier", workspace_id=workspace_id, at=at)


def follow(
    session: Session, before: Run | None, after: Run, now: int, *, latest: bool
) -> Steps[Session]:
    """Copy a run's facts to its session: state and error of the latest run, and its usage."""
    changed = msgspec.structs.replace(
        followed(session, before, after, now, latest=latest),
        version=session.version + 1,
        updated_at=max(now, session.updated_at),
        used_at=max(now, session.used_at),
    )
    yield from store(session, changed)
    return changed


def followed(
    session: Session, before: Run | None, after: Run, now: int, *, latest: bool
) -> Session:
    """The session with the facts of a run that was ``before`` and is ``after``."""
    spent = _spent_with(session, before, after, now)
    if not latest:
        return msgspec.structs.replace(session, runs_spent=spent)
    return msgspec.structs.replace(
        session, runs_spent=spent, state=after.state, run_id=after.id, run_error=after.error
    )


def _spent_with(session: Session, before: Run | None, after: Run, now: int) -> Raw:
    """What the runs of a session report, after a change of one of them."""
    old, new = (Spent() if before is None else spent_of(before)), spent_of(after)
    if new == old:
        return session.runs_spent
    total = session.by_runs.plus(old, -1).plus(new)
    return Raw(msgspec.json.encode(msgspec.structs.replace(total, at=now)))


def missing(run_id: str) -> NotFound:
    return NotFound(f"no run {run_id!r} in this session", code="run_not_found", param="run_id")


def get(ref: SessionRef, run_id: str) -> Steps[tuple[Session, Run]]:
    session = yield from existing(ref)
    got = yield from row("run_get", workspace_id=ref.workspace_id, session_id=session.id, id=run_id)
    if got is None:
        raise missing(run_id)
    return session, rows.run(got)


def page(
    ref: SessionRef, limit: int, before: tuple[int, str] = (LATEST + 1, "")
) -> Steps[tuple[Session, list[Run]]]:
    """Runs of a session, newest first, behind the position ``before`` (``created_at``, ``id``)."""
    session = yield from existing(ref)
    here = {
        "workspace_id": ref.workspace_id,
        "session_id": session.id,
        "before_at": before[0],
        "before_id": before[1],
    }
    got = yield from steps.rows("run_list", **here, limit=limit)
    return session, [rows.run(row) for row in got]


def by_ids(workspace_id: str, session_id: str, run_ids: Sequence[str]) -> Steps[dict[str, Run]]:
    if not run_ids:
        return {}
    got = yield from steps.rows(
        "run_by_ids", workspace_id=workspace_id, session_id=session_id, ids=rows.texts(run_ids)
    )
    return {run.id: run for run in map(rows.run, got)}


def due(clock: StoreClock, limit: int = 100) -> Steps[tuple[int, list[str]]]:
    """The time by ``clock``, and the workspaces in which a lease may have lapsed by then."""
    now = yield from clock()
    got = yield from steps.rows("lapse_due", now=now, limit=limit)
    return now, [row[0] for row in got]


def lapsed(workspace_id: str, now: int, limit: int = 100) -> Steps[list[tuple[str, str]]]:
    """The (session, run) pairs whose lease has lapsed.

    Without any, the workspace's next look is moved on.
    """
    got = yield from steps.rows("run_lapsed", workspace_id=workspace_id, now=now, limit=limit)
    if not got:
        yield from row("workspace_counters_lock", workspace_id=workspace_id)
        yield from run("lapse_reset", workspace_id=workspace_id)
    return [(row[0], row[1]) for row in got]
