"""Appends to sessions that are known as they stand: one statement, and no lock before it.

Whoever appended last knows the end of the session. The statement writes for the sessions that are
still as they were known, by their versions, and says which these were.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hansard.model.usage import SUMS
from hansard.store import steps
from hansard.store.steps import GENERATION_TAKEN_KNOWN, Query, Steps, Values, value
from hansard.store.verbs.append_batch import added
from hansard.store.verbs.appends import Stored, Tail, stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hansard.errors import Error
    from hansard.ids import IdSource
    from hansard.store.verbs.append_batch import Answer, Append
    from hansard.store.verbs.session_lookup import AppendHead


class Plan(Struct):
    """What appends come to when their sessions are as they are known, worked out before.

    ``ends`` are the new ends of the chains: the seq and the hash of each session's last message.
    ``tries`` counts how often the statement was sent.
    """

    outcomes: Sequence[Answer | Error | None]
    tails: list[Tail]
    parts: list[Query]
    ends: dict[str, tuple[int, bytes]]
    tries: int = 0


def plan(
    workspace_id: str, appends: Sequence[Append], heads: Mapping[str, AppendHead], ids: IdSource
) -> Plan | None:
    """The plan for appends to sessions whose ``heads`` are known by the names used.

    None for appends that need more than one statement: keys, client ids, documents, items, tools.
    """
    if any(append.once or append.documents for append in appends):
        return None
    if any(draft.client_id or draft.item for append in appends for draft in append.drafts):
        return None
    by_id = {head.id: Tail(workspace_id, head, head.hash or b"") for head in heads.values()}
    if any(by_id[head.id].head is not head or not head.hash for head in heads.values()):
        return None  # two names know the session differently, or its chain has no end yet
    events: list[Values] = []
    outcomes = [added(by_id[heads[each.ref.name].id], each, ids, events) for each in appends]
    tails = sorted((tail for tail in by_id.values() if tail.messages), key=_id)
    if any(tail.calls.tools for tail in tails):
        return None
    return _planned(workspace_id, outcomes, tails, events)


def _id(tail: Tail) -> str:
    return tail.head.id


def _planned(
    workspace_id: str,
    outcomes: Sequence[Answer | Error | None],
    tails: list[Tail],
    events: Sequence[Values],
) -> Plan:
    counts = Counter(event["session_id"] for event in events)
    written = [(tail.head.id, stored(tail)) for tail in tails]
    parts = [
        _many("session_extend_known", [_session(row, counts[name]) for name, row in written]),
        _many(
            "message_put_known",
            [_sparse(message, _MESSAGE) for _, row in written for message in row.messages],
        ),
        Query(GENERATION_TAKEN_KNOWN, {"workspace_id": workspace_id}),
        _many(
            "event_put_known",
            [{**_EVENT, **event, "workspace_id": workspace_id, "type": None} for event in events],
        ),
    ]
    ends = {tail.head.id: (tail.head.last_seq, tail.head.hash or b"") for tail in tails}
    return Plan(outcomes, tails, parts if tails else [], ends)


_MESSAGE = {"metadata": "{}", **dict.fromkeys(SUMS, 0)}
_SESSION = {"count": 1, "events": 1, "failed_calls": 0, **dict.fromkeys(SUMS, 0)}
_AT = ("first_at", "last_at", "used_at")
_EVENT = {"was_title": None}


def _sparse(row: Values, usual: Values) -> Values:
    """A row with nulls for what a statement then takes for it."""
    return {**row, **{name: None for name, value in usual.items() if row[name] == value}}


def _session(row: Stored, events: int) -> Values:
    """What ``session_extend_known`` takes for a session with so many events; no tools are new."""
    values = {**row.session, "events": events, "tools": None}
    now = values["now"]
    values.update({name: None for name in _AT if values[name] == now})
    return _sparse(values, _SESSION)


def _many(name: str, values: Sequence[Values]) -> Query:
    return Query(name, values[0] if values else {}, values)


def write(planned: Plan) -> Steps[set[str]]:
    """Carry a plan out; the ids of the sessions that were as they were known.

    Nothing is written for the others. A plan may be carried out again when it is not known whether
    it was: it changes nothing then, and says so of what was written before.
    """
    if not planned.parts:
        return set()
    planned.tries += 1
    moved, *_ = yield from steps.together("append_known", planned.parts)
    done = {row[0] for row in moved}
    if planned.tries > 1:
        here: dict[str, Any] = {"workspace_id": planned.tails[0].workspace_id}
        for ident, (seq, digest) in planned.ends.items():
            if ident not in done and digest == (
                yield from value("message_hash", **here, session_id=ident, seq=seq)
            ):
                done.add(ident)
    return done
