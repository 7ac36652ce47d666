"""Sessions from before forks and runs were counted once: their sums are counted again.

A workspace is walked in the order of its sessions' ids, a few in each transaction, while it is in
use. How far it is says its row in ``recounts``, which is gone when all are done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from hansard.model.usage import SUMS, Inherited, RunsSpent, Spent, spent_of, within_sum
from hansard.store import rows, steps
from hansard.store.steps import Steps, row, run, value
from hansard.store.verbs.events import happened_many
from hansard.store.verbs.session_lookup import SessionRef, locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model import Message, Run, Session
    from hansard.store.steps import Values

_MESSAGES = 500


def pending(after: str, limit: int) -> Steps[list[str]]:
    """The next workspaces, in the order of their ids, whose sessions are counted again."""
    return [
        record[0] for record in (yield from steps.rows("recount_pending", after=after, limit=limit))
    ]


def is_pending(workspace_id: str) -> Steps[bool]:
    """Whether sessions of a workspace are still to be counted again."""
    return (yield from value("recount_get", workspace_id=workspace_id)) is not None


def left(workspace_id: str) -> Steps[tuple[int, int]]:
    """How many sessions of a workspace are counted again, and how many there are."""
    done, total = (yield from row("recount_progress", workspace_id=workspace_id)) or (0, 0)
    return int(done), int(total)


def advance(workspace_id: str, limit: int, now: int) -> Steps[bool]:
    """Count the next ``limit`` sessions again; True when all are done."""
    walked = yield from value("recount_lock", workspace_id=workspace_id)
    if walked is None:
        return True
    records = yield from steps.rows(
        "session_id_walk", workspace_id=workspace_id, after=walked, limit=limit
    )
    events: list[Values] = []
    for (session_id,) in records:
        before = yield from locked(SessionRef(workspace_id, session_id))
        after = yield from _counted(before)
        if after != before:
            changed = msgspec.structs.replace(after, version=before.version + 1)
            yield from run("session_update", **rows.session_values(changed))
            was = {"was_updated_at": before.updated_at, "was_active_at": before.active_at}
            event = {"type": "session.updated", "session_id": session_id, "seq": None, "at": now}
            events.append(event | was)
    if len(records) < limit:
        yield from run("recount_end", workspace_id=workspace_id)
    else:
        yield from run("recount_move", workspace_id=workspace_id, walked=records[-1][0])
    yield from happened_many(workspace_id, events)
    return len(records) < limit


def _counted(session: Session) -> Steps[Session]:
    messages: list[Message] = []
    after = 0
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    while after < session.last_seq:
        records = yield from steps.rows("message_figures", **here, after=after, limit=_MESSAGES)
        messages += [_message_figures(record) for record in records]
        if len(records) < _MESSAGES:
            break
        after = int(records[-1][0])
    runs = yield from steps.rows("run_all", **here)
    return summed(session, messages, [rows.run(record) for record in runs])


class _MessageFigures(Spent, frozen=True):
    seq: int = 0
    created_at: int = 0


def _message_figures(record: steps.Row) -> Any:  # noqa: ANN401 - it has the fields of a message that are summed
    seq, created_at, *spent = record
    return _MessageFigures(**dict(zip(SUMS, spent, strict=True)), seq=seq, created_at=created_at)


def summed(session: Session, messages: Sequence[Message], runs: Iterable[Run]) -> Session:
    """The session with its sums and times as its messages.

    Without deleted ones, and its runs have them.
    """
    last_copy = _last_copy(session, messages)
    copies = [record for record in messages if record.seq <= last_copy]
    own = [record for record in messages if record.seq > last_copy]
    inherited = Inherited(**_sums(copies), seq=last_copy, messages=len(copies))
    times = [record.created_at for record in messages]
    return msgspec.structs.replace(
        session,
        **_sums(own),
        inherited=Raw(msgspec.json.encode(inherited)),
        runs_spent=_reported(session, list(runs)),
        first_message_at=min(times, default=None),
        last_message_at=max(times, default=None),
        active_at=max([session.active_at, *times]),
        used_at=session.used_at or max(session.active_at, session.updated_at),
    )


def _last_copy(session: Session, messages: Sequence[Message]) -> int:
    """The ``seq`` of the last message that a fork copied.

    A fork from before does not say it: its copies are older than itself.
    """
    if session.forked_seq is None or session.copied.seq:
        return session.copied.seq
    last = 0
    for record in messages:
        if record.seq > session.forked_seq or record.created_at > session.created_at:
            break
        last = record.seq
    return last


def _reported(session: Session, runs: Sequence[Run]) -> Raw:
    total = RunsSpent(at=session.by_runs.at)
    for record in runs:
        total = total.plus(spent_of(record))
    if total.at == 0 and total != RunsSpent():
        at = max(record.finished_at or record.updated_at for record in runs)
        total = msgspec.structs.replace(total, at=at)
    return Raw(msgspec.json.encode(total))


def _sums(messages: Sequence[Message]) -> dict[str, int]:
    return {name: within_sum(sum(getattr(record, name) for record in messages)) for name in SUMS}
