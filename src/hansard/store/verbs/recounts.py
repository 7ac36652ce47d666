"""Sessions from before a migration: what is derived from their messages and runs is derived anew.

A workspace is walked in the order of its sessions' ids, a few in each transaction, while servers of
the version before may use it. How far it is says its row in ``recounts``, which is gone when all
are done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from hansard.errors import NotFound
from hansard.model import MessageQuery
from hansard.model.tool_calls import Tally, tally
from hansard.model.usage import SUMS, Inherited, RunsSpent, Spent, spent_of, within_sum
from hansard.store import rows, steps
from hansard.store.steps import Steps, run, value
from hansard.store.verbs import message_pages, notes, session_labels
from hansard.store.verbs.events import happened_many
from hansard.store.verbs.session_lookup import SessionRef, locked
from hansard.store.verbs.summaries import calls_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model import Message, Run, Session
    from hansard.store.steps import Values

_MESSAGES, _BYTES = 500, 1 << 20
_NO_CALLS = Tally()


def pending(after: str, limit: int) -> Steps[list[str]]:
    """The next workspaces, in the order of their ids, whose sessions are counted again."""
    return [
        record[0] for record in (yield from steps.rows("recount_pending", after=after, limit=limit))
    ]


def left(workspace_id: str) -> Steps[int]:
    """How many sessions of a workspace are still to be counted again."""
    return int((yield from value("recount_left", workspace_id=workspace_id)) or 0)


def advance(workspace_id: str, limit: int, now: int) -> Steps[int]:
    """Count the next ``limit`` sessions again; how many, 0 when all are done."""
    walked = yield from value("recount_lock", workspace_id=workspace_id)
    if walked is None:
        return 0
    records = yield from steps.rows(
        "session_id_walk", workspace_id=workspace_id, after=walked, limit=limit
    )
    if not records:
        yield from run("recount_end", workspace_id=workspace_id)
        return 0
    events: list[Values] = []
    for (session_id,) in records:
        try:
            before = yield from locked(SessionRef(workspace_id, session_id))
        except NotFound:  # deleted since the list was read
            continue
        if (yield from _derived(before)) != before:
            was = {"was_updated_at": before.updated_at, "was_active_at": before.active_at}
            event = {"type": "session.updated", "session_id": session_id, "seq": None, "at": now}
            events.append(event | was)
    yield from run("recount_move", workspace_id=workspace_id, walked=records[-1][0])
    yield from happened_many(workspace_id, events)
    return len(records)


def _derived(session: Session) -> Steps[Session]:
    """Write what a locked session's row and labels say, anew; the session afterwards."""
    after = yield from _counted(session)
    if after != session:
        after = msgspec.structs.replace(after, version=session.version + 1)
        yield from run("session_update", **rows.session_values(after))
    yield from session_labels.put_metadata(after)
    yield from session_labels.put_tools(after.workspace_id, after.id, after.tool_names)
    noted = yield from notes.notes_of(after.workspace_id, after.id)
    yield from notes.put_words(after.workspace_id, after.id, noted)
    return after


class MessageFigures(Spent, frozen=True):
    """What a session's row counts of a message."""

    seq: int = 0
    created_at: int = 0
    calls: Tally = Tally()


def figures_of(message: Message) -> MessageFigures:
    return MessageFigures(
        **spent_of(message).sums,
        seq=message.seq,
        created_at=message.created_at,
        calls=tally([message.parts]),
    )


def _counted(session: Session) -> Steps[Session]:
    figures: list[MessageFigures] = []
    query = MessageQuery(after=0, limit=_MESSAGES, most_bytes=_BYTES)
    more = True
    while more:
        messages, more = yield from message_pages.stretch(session.workspace_id, session.id, query)
        figures += map(figures_of, messages)
        query = msgspec.structs.replace(query, after=messages[-1].seq) if messages else query
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    runs = yield from steps.rows("run_all", **here)
    return summed(session, figures, [rows.run(record) for record in runs])


def summed(session: Session, messages: Sequence[MessageFigures], runs: Iterable[Run]) -> Session:
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
        **calls_of(_together(messages)),
        inherited=Raw(msgspec.json.encode(inherited)),
        runs_spent=_reported(session, list(runs)),
        first_message_at=min(times, default=None),
        last_message_at=max(times, default=None),
        active_at=max([session.active_at, *times]),
        used_at=session.used_at or max(session.active_at, session.updated_at),
    )


def _together(messages: Iterable[MessageFigures]) -> Tally:
    total = Tally()
    for record in messages:
        total = total.plus(record.calls) if record.calls != _NO_CALLS else total
    return total


def _last_copy(session: Session, messages: Sequence[MessageFigures]) -> int:
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


def _sums(messages: Sequence[MessageFigures]) -> dict[str, int]:
    return {name: within_sum(sum(getattr(record, name) for record in messages)) for name in SUMS}
