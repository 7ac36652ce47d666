"""Runs: start, heartbeat, finish, and reap those whose lease has lapsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hansard.errors import Conflict, NotFound, StoreUnavailable
from hansard.ids import RUN
from hansard.model import Page, Run
from hansard.model.bounds import not_ahead, own_id, short, spent
from hansard.model.run import OPEN_STATES
from hansard.model.usage import SUMS
from hansard.service.rules import ref, write
from hansard.store.verbs import runs as verbs
from hansard.store.verbs.session_lookup import SessionRef
from hansard.store.verbs.store_clock import store_time
from hansard.store.verbs.summaries import clip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import RunDraft, RunPatch, Session
    from hansard.model.idempotency import IdempotentRequest
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.verbs.store_clock import StoreClock


ERROR = 8000
LONGEST_LEASE = 86_400_000_000
"""In microseconds."""
Failures = list[Exception]


class Runs:
    """``clock`` is this process's and dates rows; ``store_clock`` is shared and counts leases."""

    def __init__(
        self,
        store: Store,
        ids: IdSource,
        clock: Callable[[], int],
        cursors: Cursors,
        store_clock: StoreClock = store_time,
    ) -> None:
        self._store_clock = store_clock
        self._store = store
        self._cursors = cursors
        self._ids = ids
        self._clock = clock

    async def start(
        self,
        principal: Principal,
        session: str,
        draft: RunDraft,
        *,
        once: IdempotentRequest | None = None,
    ) -> tuple[Session, Run, bool]:
        """Start a run, or get the one with the draft's id; True when it is new.

        Raises Conflict ``run_open`` when the draft is exclusive and another run of the session is
        open.
        """
        now = self._clock()
        run_id = own_id(draft.id) if draft.id is not None else self._ids.prefixed(RUN)
        for field in ("agent", "model", "workflow_id"):
            short(getattr(draft, field), field)
        spent(draft, "run")
        for field in ("created_at", "started_at", "finished_at"):
            not_ahead(getattr(draft, field), now, field)
        draft = msgspec.structs.replace(draft, error=_clipped(draft.error))

        def make(session_row: Session, at: int) -> Run:
            return _started(run_id, session_row, draft, now, at)

        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.start,
            ref(principal, session),
            make,
            now,
            self._store_clock if draft.lease_us else None,
        )

    async def update(
        self,
        principal: Principal,
        session: str,
        run_id: str,
        patch: RunPatch,
        *,
        once: IdempotentRequest | None = None,
    ) -> tuple[Session, Run]:
        """Heartbeat, change state, or finish.

        Raises Conflict ``run_finished`` for a finished run. A lapsed run resumes, unless another
        run is open and one of the two is exclusive: Conflict ``run_open``.
        """
        now = self._clock()
        spent(patch, "run")
        not_ahead(patch.finished_at, now, "finished_at")
        patch = msgspec.structs.replace(patch, error=_clipped(patch.error))

        def amend(run: Run, at: int) -> Run:
            if run.finished_at is not None and not run.is_lapsed:
                if patch.state in (None, run.state):
                    return run
                raise Conflict(
                    f"run {run.id} is already {run.state}", code="run_finished", state=run.state
                )
            return _amended(run, patch, now, at)

        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.change,
            ref(principal, session),
            run_id,
            now,
            amend,
            self._store_clock if patch.state is None or patch.state in OPEN_STATES else None,
        )

    async def read(self, principal: Principal, session: str, run_id: str) -> tuple[Session, Run]:
        return await self._store.read(verbs.get, ref(principal, session), run_id)

    async def list(
        self, principal: Principal, session: str, limit: int, cursor: str | None = None
    ) -> tuple[Session, Page[Run]]:
        """One page of the runs of a session, newest first."""
        walk = ["runs", session]
        position = (
            ()
            if cursor is None
            else (tuple(self._cursors.read(principal.workspace_id, walk, cursor)),)
        )
        session_row, runs = await self._store.read(
            verbs.page, ref(principal, session), limit + 1, *position
        )
        more, runs = len(runs) > limit, runs[:limit]
        next_cursor = (
            self._cursors.write(principal.workspace_id, walk, (runs[-1].created_at, runs[-1].id))
            if more
            else None
        )
        return session_row, Page(items=runs, has_more=more, next_cursor=next_cursor)

    async def by_ids(
        self, principal: Principal, session: Session, run_ids: Sequence[str]
    ) -> dict[str, Run]:
        """The runs of a session by id; unknown ids are left out."""
        return await self._store.read(
            verbs.by_ids, principal.workspace_id, session.id, list(dict.fromkeys(run_ids))
        )

    async def reap(self) -> int:
        """Mark runs with a lapsed lease as interrupted, in every workspace; returns how many.

        Several processes may reap at once. A run that fails to end does not delay the others: its
        exception is raised after them.
        """
        reaped = 0
        failed: Failures = []
        at, workspaces = await self._store.read(verbs.due, self._store_clock)
        for workspace_id in workspaces:
            while lapsed := await self._store.write(verbs.lapsed, workspace_id, at):
                ended = [
                    await self._reap_one(workspace_id, session_id, run_id, failed)
                    for session_id, run_id in lapsed
                ]
                reaped += sum(ended)
                if not any(ended):  # another process is reaping
                    break
        if failed:
            raise failed[0]
        return reaped

    async def _reap_one(
        self, workspace_id: str, session_id: str, run_id: str, failed: Failures
    ) -> bool:
        """End a run with a lapsed lease; False when it is gone, already ended, or ``failed``."""
        ended = False
        now = self._clock()

        def amend(run: Run, at: int) -> Run:
            nonlocal ended
            after = _lapse(run, now, at)
            ended = after is not run
            return after

        try:
            await self._store.write(
                verbs.change,
                SessionRef(workspace_id, session_id),
                run_id,
                now,
                amend,
                self._store_clock,
            )
        except NotFound:
            return False
        except StoreUnavailable:
            raise
        except Exception as problem:  # noqa: BLE001 - raised after the other runs
            failed.append(problem)
            return False
        return ended


def _clipped(error: str | None) -> str | None:
    """An error, shortened to what every list of sessions can carry."""
    return None if error is None else clip(error, ERROR)


def _started(run_id: str, session: Session, draft: RunDraft, now: int, at: int) -> Run:
    is_open = draft.state in OPEN_STATES
    leased = is_open and draft.lease_us is not None
    return Run(
        session.id,
        run_id,
        draft.state,
        draft.agent or session.agent,
        draft.model or session.model,
        draft.workflow_id or session.workflow_id,
        draft.error,
        draft.input_tokens,
        draft.output_tokens,
        draft.cache_read_tokens,
        draft.cache_write_tokens,
        draft.reasoning_tokens,
        draft.cost_nanos,
        draft.lease_us if is_open else None,
        at + draft.lease_us if leased and draft.lease_us else None,
        at if leased else None,
        draft.created_at or now,
        draft.started_at or (None if draft.state == "queued" else draft.created_at or now),
        None if is_open else draft.finished_at or now,
        now,
        now if draft.exclusive else None,
        draft.metadata,
    )


def _amended(run: Run, patch: RunPatch, now: int, at: int) -> Run:
    state = patch.state or (run.state if run.state in OPEN_STATES else "running")
    is_open = state in OPEN_STATES
    lease = patch.lease_us if patch.lease_us is not None else run.lease_us
    fields: dict[str, Any] = {"error": None} if run.is_lapsed else {}
    fields |= {
        field: value for field in ("error", *SUMS) if (value := getattr(patch, field)) is not None
    }
    return msgspec.structs.replace(
        run,
        state=state,
        lease_us=lease if is_open else None,
        lease_expires_at=at + lease if is_open and lease else None,
        heartbeat_at=at if is_open else run.heartbeat_at,
        started_at=run.started_at or (None if state == "queued" else now),
        finished_at=None if is_open else patch.finished_at or now,
        updated_at=now,
        **fields,
    )


def _lapse(run: Run, now: int, at: int) -> Run:
    if run.lease_expires_at is None or run.lease_expires_at > at:
        return run
    error = run.error or "the lease lapsed without a heartbeat"
    return msgspec.structs.replace(
        run,
        state="interrupted",
        error=error,
        lease_expires_at=None,
        finished_at=now,
        updated_at=now,
    )
