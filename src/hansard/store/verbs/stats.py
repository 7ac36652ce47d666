"""Statistics: sums by quarters of an hour, which follow the workspace's events in small steps.

Tokens and money count at the time of their message, sessions and runs when they began. What each
session counts for is remembered, so that it can be taken back. No request reads messages for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.model.usage import SUMS, Spent, greater, spent_of
from hansard.store import rows, steps
from hansard.store.steps import Query, Steps, many, row, run, value
from hansard.store.verbs import stats_spans
from hansard.store.verbs.stats_cells import (
    Counted,
    Figures,
    Span,
    StatsChanges,
    bucket_of,
    slot_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hansard.model import Message, Session
    from hansard.store.steps import Row

MESSAGES = 1000
"""How many messages are counted in one transaction, about; runs likewise."""
_EVENTS = 5  # a session's that is counted at once, about: it is read once for all of them
_FAILED = ("failed", "interrupted")
_NOT_OPEN = ("completed", "partial", "failed", "cancelled", "interrupted")
_excess = msgspec.json.Decoder(Spent)


def behind(after: str, limit: int) -> Steps[list[str]]:
    """The next workspaces, by id, in which something happened since the last count."""
    return [
        record[0] for record in (yield from steps.rows("stats_behind", after=after, limit=limit))
    ]


def is_current(workspace_id: str) -> Steps[bool]:
    """Whether nothing happened since the last count."""
    generation = (yield from value("generation_get", workspace_id=workspace_id)) or 0
    position = yield from row("stats_position_get", workspace_id=workspace_id)
    if position is None:
        return not generation
    return generation == position[0] and position[1] is None


def follow(workspace_id: str, limit: int) -> Steps[bool]:
    """Count what changed in up to ``limit`` sessions; True when nothing is left."""
    generation = int((yield from value("generation_get", workspace_id=workspace_id)) or 0)
    position = yield from _position(workspace_id, generation)
    if position is None:
        return True
    after, walked = position
    if walked is not None:
        return (yield from _walk(workspace_id, after, walked, limit))
    if after >= generation:
        return True
    if (yield from _is_trimmed(workspace_id, after)):
        yield from _move(workspace_id, generation, "")
        return False
    return (yield from _follow_events(workspace_id, after, generation, limit))


def _follow_events(workspace_id: str, after: int, generation: int, limit: int) -> Steps[bool]:
    most = limit * _EVENTS
    changed = yield from steps.rows(
        "event_sessions", workspace_id=workspace_id, after=after, limit=most
    )
    wanted = list(dict.fromkeys(record[0] for record in changed))[:limit]
    done = set(wanted[: (yield from recount(workspace_id, wanted))])
    until = generation if len(changed) < most else int(changed[-1][1])
    for session_id, n in changed:
        if session_id not in done:
            until = int(n) - 1
            break
    yield from _move(workspace_id, until, None)
    return until == generation


def _position(workspace_id: str, generation: int) -> Steps[tuple[int, str | None] | None]:
    position = yield from row("stats_position_lock", workspace_id=workspace_id)
    if position is None:
        if not generation:
            return None
        here = {"workspace_id": workspace_id}
        if (yield from value("stats_position_put", **here, generation=generation)) is not None:
            yield from run("stats_park", **here)
            yield from run("stats_uncount_runs", **here)
        position = yield from row("stats_position_lock", workspace_id=workspace_id)
    return (int(position[0]), position[1]) if position else None


def _move(workspace_id: str, generation: int, walked: str | None) -> Steps[None]:
    yield from run(
        "stats_position_move", workspace_id=workspace_id, generation=generation, walked=walked
    )


def _is_trimmed(workspace_id: str, after: int) -> Steps[bool]:
    first = yield from value("event_first", workspace_id=workspace_id)
    return first is None or first > after + 1


def _walk(workspace_id: str, generation: int, walked: str, limit: int) -> Steps[bool]:
    """Count the next sessions in the order of their ids; what changes meanwhile has events."""
    records = yield from steps.rows(
        "stats_walk", workspace_id=workspace_id, after=walked, limit=limit
    )
    sessions = [rows.session(record) for record in records]
    wanted = [record.id for record in sessions]
    done = yield from _count(workspace_id, {record.id: record for record in sessions}, wanted)
    if done < len(wanted) or len(wanted) == limit:
        yield from _move(workspace_id, generation, wanted[done - 1] if done else walked)
    else:
        yield from _move(workspace_id, generation, None)
    return False


def recount(workspace_id: str, session_ids: Iterable[str]) -> Steps[int]:
    """Count these sessions as they are now; how many of them are done.

    The others have more messages than are counted at once. One that is gone counts for nothing.
    """
    wanted = list(dict.fromkeys(session_ids))
    if not wanted:
        return 0
    records = yield from steps.rows(
        "session_by_ids", workspace_id=workspace_id, ids=rows.texts(wanted)
    )
    sessions = map(rows.session, records)
    return (yield from _count(workspace_id, {record.id: record for record in sessions}, wanted))


def _count(workspace_id: str, sessions: Mapping[str, Session], wanted: Sequence[str]) -> Steps[int]:
    if not wanted:
        return 0
    before = yield from _counted(workspace_id, wanted)
    stretches, done = _stretches(sessions, before, wanted)
    changes = StatsChanges(workspace_id)
    for ident in [ident for ident in before if ident in wanted[:done] and ident not in stretches]:
        yield from _take_back(changes, before[ident])
    after = {
        ident: _as_counted(sessions[ident], until, before.get(ident))
        for ident, (_, until) in stretches.items()
    }
    yield from _move_changed(changes, before, after)
    yield from _count_heads(changes, sessions, before, after)
    yield from _count_messages(changes, stretches, after)
    complete = yield from _count_runs(changes, sessions, after)
    yield from changes.write()
    yield from stats_spans.put(workspace_id, after.values(), changes.spans)
    return done if complete else 0


def _counted(workspace_id: str, session_ids: Sequence[str]) -> Steps[dict[str, Counted]]:
    records = yield from steps.rows(
        "stats_counted_of", workspace_id=workspace_id, session_ids=rows.texts(session_ids)
    )
    return {record.session_id: record for record in (Counted(*columns) for columns in records)}


def _stretches(
    sessions: Mapping[str, Session], before: Mapping[str, Counted], wanted: Sequence[str]
) -> tuple[dict[str, tuple[int, int]], int]:
    """The ``seq`` behind which, and up to which, messages are counted now, by session.

    With it comes how many of the sessions are done then.
    """
    stretches: dict[str, tuple[int, int]] = {}
    left = MESSAGES
    for number, ident in enumerate(wanted):
        session = sessions.get(ident)
        if session is None or session.is_timeless:
            continue
        first = before[ident].seq if ident in before else session.copied.seq
        until = min(session.last_seq, first + left)
        stretches[ident] = (first, until)
        left -= until - first
        if until < session.last_seq:
            return stretches, number
    return stretches, len(wanted)


def _as_counted(session: Session, seq: int, before: Counted | None) -> Counted:
    excess = greater(session, session.by_runs).plus(session, -1)
    return Counted(
        session.id,
        session.channel or "",
        session.app or "",
        session.agent or "",
        session.model or "",
        session.user_id or "",
        session.state or "",
        session.copied.seq,
        seq,
        msgspec.json.encode(excess).decode(),
        before.spans if before else "[]",
    )


def _take_back(changes: StatsChanges, counted: Counted) -> Steps[None]:
    """Let a session count for nothing."""
    for span, figures in (yield from stats_spans.of(changes.workspace_id, [counted])):
        changes.add_to_cells(counted, span, figures, -1)
    here = {"workspace_id": changes.workspace_id, "session_id": counted.session_id}
    yield from run("stats_spans_delete", **here)
    yield from run("stats_counted_delete", **here)


def _move_changed(
    changes: StatsChanges, before: Mapping[str, Counted], after: Mapping[str, Counted]
) -> Steps[None]:
    """Let what sessions count for already count under the facets that they have now."""
    changed = [
        after[ident]
        for ident in after
        if ident in before and before[ident].facets != after[ident].facets
    ]
    if not changed:
        return
    for span, figures in (yield from stats_spans.of(changes.workspace_id, changed)):
        changes.add_to_cells(before[span.session_id], span, figures, -1)
        changes.add_to_cells(after[span.session_id], span, figures, 1)


def _count_heads(
    changes: StatsChanges,
    sessions: Mapping[str, Session],
    before: Mapping[str, Counted],
    after: Mapping[str, Counted],
) -> Steps[None]:
    """Count the sessions as such, and what their runs report beyond their messages."""
    known = [after[ident] for ident in after if ident in before]
    if known:
        for span, figures in (yield from stats_spans.heads_of(changes.workspace_id, known)):
            changes.add(after[span.session_id], span, figures, -1)
    for ident, counted in after.items():
        session = sessions[ident]
        for span, figures in _head_of(session):
            changes.add(counted, span, figures)
        slot = slot_of(session.by_runs.at or session.created_at)
        usage = Span(ident, slot, "", "usage", 0)
        changes.add(counted, usage, _excess.decode(counted.excess).sums)
        if ident in before:
            changes.add(counted, usage, _excess.decode(before[ident].excess).sums, -1)


def _head_of(session: Session) -> list[tuple[Span, Figures]]:
    """What a session counts for when it has no messages and no runs."""
    slot = slot_of(session.created_at)
    figures = {
        "sessions": 1,
        "resolved": int(session.resolution == "resolved"),
        "unresolved": int(session.resolution == "unresolved"),
    }
    head: list[tuple[Span, Figures]] = [(Span(session.id, slot, "", "usage", 0), figures)]
    if session.resolved_at is not None:
        seconds = max(1.0, (session.resolved_at - session.created_at) / 1e6)
        span = Span(session.id, slot, "", "resolve", bucket_of(seconds))
        head.append((span, {"sessions": 1}))
    return head


def _count_messages(
    changes: StatsChanges, stretches: Mapping[str, tuple[int, int]], after: Mapping[str, Counted]
) -> Steps[None]:
    positions = [(ident, *ends) for ident, ends in stretches.items() if ends[1] > ends[0]]
    if not positions:
        return
    records = yield from steps.rows(
        "stats_messages_of",
        workspace_id=changes.workspace_id,
        places=msgspec.json.encode(positions).decode(),
    )
    by_span: dict[Span, list[Sequence[int]]] = {}
    for session_id, _, created_at, model, *spent in records:
        span = Span(session_id, slot_of(created_at), model, "usage", 0)
        by_span.setdefault(span, []).append(spent)
    for span, spent_by in by_span.items():
        sums = zip(SUMS, map(sum, zip(*spent_by, strict=True)), strict=True)
        changes.add(after[span.session_id], span, {"messages": len(spent_by), **dict(sums)})


def _count_runs(
    changes: StatsChanges, sessions: Mapping[str, Session], after: Mapping[str, Counted]
) -> Steps[bool]:
    """Count the runs that are over, and those again that have changed since.

    Whether these are all.
    """
    if not any(sessions[ident].run_id for ident in after):
        return True
    records = yield from steps.rows(
        "stats_runs_of",
        workspace_id=changes.workspace_id,
        session_ids=rows.texts(list(after)),
        limit=MESSAGES,
    )
    settled = []
    for record in records:
        session_id, run_id, state, *_, was = record
        counted = _run_figures(record)
        for text, sign in ((was, -1), (counted, 1)):
            if text is not None:
                slot, model, bucket, failed = msgspec.json.decode(text)
                span = Span(session_id, slot, model, "run", bucket)
                changes.add(after[session_id], span, {"runs": 1, "failed_runs": failed}, sign)
        settled.append(
            {
                "workspace_id": changes.workspace_id,
                "session_id": session_id,
                "id": run_id,
                "state": state,
                "counted": counted,
            }
        )
    yield from many("run_counted", settled)
    return len(records) < MESSAGES


def _run_figures(record: Row) -> str | None:
    """The slot, model, bucket and failure of a run that is over, as JSON.

    None for one that goes on.
    """
    _, _, state, model, started_at, finished_at, _ = record
    if state not in _NOT_OPEN or finished_at is None:
        return None
    began = started_at or finished_at
    seconds = max(0.001, (finished_at - began) / 1e6)
    failed = int(state in _FAILED)
    return msgspec.json.encode((slot_of(began), model or "", bucket_of(seconds), failed)).decode()


def forget(workspace_id: str, session_id: str) -> Steps[None]:
    """Take a session out of the statistics, in the transaction that deletes it."""
    counted = yield from _locked(workspace_id, session_id)
    if counted is not None:
        changes = StatsChanges(workspace_id)
        yield from _take_back(changes, counted)
        yield from changes.write()


def locking(workspace_id: str) -> Query:
    """Whoever counts waits until the transaction ends; no row where nothing is counted yet."""
    return Query("stats_position_lock", {"workspace_id": workspace_id})


def looking_up(workspace_id: str, session_id: str) -> Query:
    """The query for what the statistics hold of a session; run it after ``locking``."""
    here = {"workspace_id": workspace_id, "session_id": session_id}
    return Query("stats_counted_get", here)


def forget_message(workspace_id: str, gone: Message, records: Sequence[Row]) -> Steps[None]:
    """Take a message out of the statistics, in the transaction that deletes it.

    ``records`` is what ``looking_up`` brought.
    """
    counted = Counted(*records[0]) if records else None
    if counted is not None and counted.own_after < gone.seq <= counted.seq:
        changes = StatsChanges(workspace_id)
        span = Span(gone.session_id, slot_of(gone.created_at), gone.model or "", "usage", 0)
        changes.add(counted, span, {"messages": 1, **spent_of(gone).sums}, -1)
        yield from _write(changes, counted)


def replace_message(workspace_id: str, before: Message, after: Message) -> Steps[None]:
    """Follow an edit, in the transaction that does it."""
    counted = yield from _locked(workspace_id, before.session_id)
    if counted is not None and counted.own_after < before.seq <= counted.seq:
        changes = StatsChanges(workspace_id)
        for message, sign in ((before, -1), (after, 1)):
            slot = slot_of(message.created_at)
            span = Span(message.session_id, slot, message.model or "", "usage", 0)
            changes.add(counted, span, {"messages": 1, **spent_of(message).sums}, sign)
        yield from _write(changes, counted)


def _write(changes: StatsChanges, counted: Counted) -> Steps[None]:
    yield from changes.write()
    yield from stats_spans.put(changes.workspace_id, [counted], changes.spans)


def _locked(workspace_id: str, session_id: str) -> Steps[Counted | None]:
    """What the statistics hold of a session, locked until the transaction ends."""
    if not (yield locking(workspace_id)):
        return None
    records = yield looking_up(workspace_id, session_id)
    return Counted(*records[0]) if records else None
