"""The sessions of traces: found by their names, changed in memory, and written once each.

Each is a ``GrowingSession``: what a transaction adds to one locked session, whatever number of
traces and calls told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import msgspec
from msgspec import Struct

from hansard import ids
from hansard.errors import NotFound
from hansard.model import Run, Session
from hansard.model.model_call import TraceFacts
from hansard.store import chain, counts, rows
from hansard.store import steps as store_steps
from hansard.store.steps import Query, Row, Steps, Values, each_of
from hansard.store.verbs import session_labels, sessions
from hansard.store.verbs.appends import Tail
from hansard.store.verbs.events import happened_many
from hansard.store.verbs.runs import followed
from hansard.store.verbs.session_lookup import AppendHead, SessionRef, linked, locked
from hansard.store.verbs.summaries import extended

MOST_MESSAGES = 4000
"""How many of a session's latest messages are compared with the calls."""
_MADE_HERE = b'"source":"telemetry"'


class GrowingSession(Struct):
    """A locked session, and what the transaction does to it.

    ``after`` is the session with what spans say of it. ``known`` are the numbers and client ids of
    its latest messages, ``appended`` the event that tells of new ones. ``runs`` are runs as they
    become, by id, and ``was_runs`` those that are there.
    """

    before: Session
    after: Session
    tail: Tail
    is_new: bool = False
    known: list[Row] = []
    appended: Values | None = None
    runs: dict[str, Run] = {}
    was_runs: dict[str, Run] = {}

    def is_latest(self, run: Run, latest_id: str | None) -> bool:
        """Whether no run of the session began later, as far as it knows its latest one."""
        other = self.runs.get(latest_id or "") or self.was_runs.get(latest_id or "")
        return other is None or _started(other) <= _started(run)

    @property
    def is_whole(self) -> bool:
        """Whether all of the session's messages are known."""
        return self.before.last_seq <= MOST_MESSAGES


def _started(run: Run) -> tuple[int, str]:
    return run.started_at or run.created_at, run.id


class LockedSession(NamedTuple):
    """A locked session, and the hash of its last message where its row has it."""

    session: Session
    hash: bytes | None


def begin(locked_session: LockedSession, *, is_new: bool = False) -> Steps[GrowingSession]:
    """Where a transaction begins with a locked session; ``is_new`` where it made it itself."""
    session = locked_session.session
    head = AppendHead.of(session, locked_session.hash)
    last = yield from linked(session.workspace_id, head)
    return GrowingSession(session, session, Tail(session.workspace_id, head, last), is_new)


def again(session: Session) -> Steps[GrowingSession]:
    """Begin anew with a session that the transaction itself has changed meanwhile."""
    ref = SessionRef(session.workspace_id, session.id)
    new = yield from begin(LockedSession((yield from locked(ref)), None))
    yield from know([new])
    return new


def find(workspace_id: str, names: Sequence[str]) -> Steps[dict[str, LockedSession]]:
    """The sessions by name, locked in one order; absent sessions are missing from the result."""
    own = [name for name in names if ids.uuid_in(name) is None]
    stored = yield from store_steps.rows(
        "session_lock_by_own_ids", workspace_id=workspace_id, own_ids=rows.texts(own)
    )
    locked_rows = (LockedSession(rows.session(columns), last) for *columns, last in stored)
    by_name = {each.session.name: each for each in locked_rows}
    for name in names:
        if name not in by_name:
            other = yield from _named(SessionRef(workspace_id, name))
            if other is not None:
                by_name[name] = LockedSession(other, None)
    return by_name


def _named(ref: SessionRef) -> Steps[Session | None]:
    """The session of this name, which may be ours or spelt otherwise; None without any."""
    try:
        session = yield from locked(ref)
    except NotFound:
        return None
    return session if session.name == ref.name else None


def know(growing_sessions: Sequence[GrowingSession]) -> Steps[None]:
    """Tell each session which messages it has."""
    there = {each.before.id: each for each in growing_sessions if each.before.last_seq}
    if not there:
        return
    behind = [[id_, each.before.last_seq - MOST_MESSAGES] for id_, each in there.items()]
    workspace_id = growing_sessions[0].before.workspace_id
    known = yield from store_steps.rows(
        "message_client_ids", workspace_id=workspace_id, places=rows.encoded(behind)
    )
    for each in there.values():
        each.known = []
    for session_id, seq, client_id in known:
        there[session_id].known.append((seq, client_id))


def joined(all_facts: Iterable[TraceFacts]) -> TraceFacts:
    """What several traces say together."""
    return reduce(TraceFacts.joined, all_facts, TraceFacts())


def owned(caller: SessionRef, about: TraceFacts, session: Session) -> Session:
    """The session with the end user, the agent and the model that its spans name.

    Where telemetry made the session, several names leave the least of them, in whatever order they
    come. What an application set stays.
    """
    is_ours = _MADE_HERE in bytes(session.metadata)
    facts = TraceFacts(user_id=session.user_id, agent=session.agent, model=session.model).joined(
        about
    )
    changes = {
        field: getattr(facts, field)
        for field in ("user_id", "agent", "model")
        if is_ours or getattr(session, field) is None
    }
    if caller.user_id is not None:
        changes.pop("user_id", None)
    return msgspec.structs.replace(session, **changes)


def write(
    workspace_id: str, growing_sessions: Sequence[GrowingSession], beside: Sequence[Query], now: int
) -> Steps[None]:
    """Store what was added to these sessions, and with it ``beside``; comes last."""
    continued: list[Values] = []
    messages: list[Values] = []
    events: list[Values] = []
    for each in growing_sessions:
        after = _after(each, now)
        if after is None:
            continue
        yield from session_labels.change(each.before, after)
        yield from counts.change(after.workspace_id, each.before, after)
        linked_rows, last = chain.linked_rows(
            after.workspace_id, each.tail.messages, each.tail.hash
        )
        messages += linked_rows
        continued.append(sessions.row_of(after) | {"last_hash": last})
        events += _events(each, after, now)
    runs = [(each, run) for each in growing_sessions for run in each.runs.values()]
    parts = [
        *each_of("session_continue", continued),
        *each_of("message_put", messages),
        *each_of("run_put", [_run(each, run) for each, run in runs if _is_new(each, run)]),
        *each_of("run_update", [_run(each, run) for each, run in runs if not _is_new(each, run)]),
        *beside,
    ]
    yield from happened_many(workspace_id, events, parts)


def _is_new(growing: GrowingSession, run: Run) -> bool:
    return run.id not in growing.was_runs


def _run(growing: GrowingSession, run: Run) -> Values:
    return rows.run_values(growing.before.workspace_id, run)


def _after(growing: GrowingSession, now: int) -> Session | None:
    """The session as it becomes; None where nothing changed."""
    tail, after = growing.tail, growing.after
    if tail.messages:
        after = extended(after, tail.messages, tail.texts, tail.calls)
    for run in growing.runs.values():
        latest = growing.is_latest(run, after.run_id)
        after = followed(after, growing.was_runs.get(run.id), run, now, latest=latest)
    if after == growing.before:
        return None
    is_touched = bool(tail.messages or growing.runs)
    return msgspec.structs.replace(
        after,
        version=growing.before.version + 1,
        updated_at=max(now, after.updated_at) if is_touched else after.updated_at,
        used_at=max(now, after.used_at) if is_touched else after.used_at,
    )


def _events(growing: GrowingSession, after: Session, now: int) -> list[Values]:
    before = growing.before
    event = {"session_id": before.id, "at": now, "was_updated_at": before.updated_at}
    names = [(each.user_id, each.agent, each.model) for each in (before, after)]
    events: list[Values] = []
    if names[0] != names[1]:
        events.append(event | {"type": "session.updated"})
    if growing.appended is not None:
        events.append(growing.appended)
    return events + [event | {"type": "run.finished"}] * len(growing.runs)
