"""What telemetry tells of calls becomes sessions, in whatever order and however often it comes.

One transaction takes what a request brings of some traces: it reads what is known of all of them,
changes their sessions in memory, and writes each once. Each call is kept by its span, so that a
transcript can be made anew when a call comes late (``trace_repairs.py``). Texts are only in the
messages, calls hold marks of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.model import MessageQuery, Session
from hansard.model.model_call import (
    ModelCall,
    TraceFacts,
    TraceRecord,
    counting,
    transcript,
)
from hansard.store import rows as store_rows
from hansard.store.steps import Steps, Values, each_of, many, rows
from hansard.store.verbs import (
    message_pages,
    sessions,
    trace_repairs,
    trace_runs,
    trace_sessions,
)
from hansard.store.verbs.events import happened
from hansard.store.verbs.gathered import gathered
from hansard.store.verbs.session_lookup import SessionRef, locked
from hansard.store.verbs.trace_messages import Drafts, appended, mark_of
from hansard.store.verbs.trace_sessions import GrowingSession, LockedSession

if TYPE_CHECKING:
    from hansard.ids import IdSource

BY_TRACE = "trace-"
"""Begins the id of a session that is only known by its trace."""
Make = Callable[[str, TraceFacts, int], Session]
_encode = msgspec.json.Encoder().encode
_call = msgspec.json.Decoder(ModelCall).decode
_facts = msgspec.json.Decoder(TraceFacts).decode


class Trace(Struct):
    """A trace as it is with what was brought: its calls by span, and what each was before.

    ``filed`` has the id of the session under which a call stood, ``changed`` the spans that are new
    or know more than before.
    """

    record: TraceRecord
    facts: TraceFacts
    calls: dict[str, ModelCall]
    before: dict[str, ModelCall]
    filed: dict[str, str]
    changed: set[str]

    def home(self, call: ModelCall) -> str:
        """The name of the session that a call belongs to."""
        return call.session or self.facts.session or BY_TRACE + self.record.trace


class TraceShare(Struct):
    """The calls of one trace in one session; ``speaking`` are those that count there."""

    trace: Trace
    calls: list[ModelCall]
    speaking: list[ModelCall]

    def fresh(self, session_id: str) -> list[ModelCall]:
        """The calls that are new to the session, or know more than before."""
        trace = self.trace
        return [
            call
            for call in self.calls
            if call.span in trace.changed or trace.filed.get(call.span) != session_id
        ]

    def new(self, session_id: str) -> list[ModelCall]:
        """The fresh calls whose messages count."""
        spoken = {call.span for call in self.speaking}
        return [call for call in self.fresh(session_id) if call.span in spoken]

    def counted(self, session_id: str) -> list[ModelCall]:
        """The calls that counted there before."""
        filed = self.trace.filed
        before = counting(self.trace.before.values())
        return [call for call in before if filed.get(call.span) == session_id]


def take_all(
    caller: SessionRef, records: Sequence[TraceRecord], make: Make, ids: IdSource, now: int
) -> Steps[None]:
    """Take what was brought of several traces, all or none.

    ``make`` makes the row of a new session. Raises NotFound, and what ``make`` raises, where a
    session is not the caller's to write.
    """
    yield from gathered(caller.workspace_id, [_take(caller, records, make, ids, now)])


def _take(
    caller: SessionRef, records: Sequence[TraceRecord], make: Make, ids: IdSource, now: int
) -> Steps[None]:
    traces = yield from _claimed(caller, records, now)
    shares = _shares(traces)
    growing_sessions = yield from _growing(caller, shares, make)
    drafts = Drafts([record.draft for record in records])
    left, filed = set[str](), list[Values]()
    for name, own in shares.items():
        session_id = growing_sessions[name].before.id if name in growing_sessions else ""
        for share in own:
            # a trace without messages has no part in a session that others make
            home = session_id if share.speaking else ""
            fresh = share.fresh(home)
            left |= {share.trace.filed.get(call.span, "") for call in fresh} - {"", home}
            filed += [_values(caller, call, home, now) for call in fresh]
    for session_id in sorted(left):
        yield from _recall(caller, session_id, drafts)
    behind = yield from _behind(caller, shares, growing_sessions)
    for name, growing in growing_sessions.items():
        speaking_shares = [share for share in shares[name] if share.speaking]
        growing_sessions[name] = yield from _grow(
            growing, speaking_shares, behind, drafts, ids, now
        )
    yield from _conclude(caller, shares, growing_sessions, filed, now)
    for session_id in sorted(left):
        yield from _abandon(caller, session_id, drafts, now)


def _claimed(caller: SessionRef, records: Sequence[TraceRecord], now: int) -> Steps[list[Trace]]:
    """The traces, locked in one order, with what the records add to them."""
    records = sorted(records, key=lambda record: record.trace)
    here = {"workspace_id": caller.workspace_id, "now": now}
    claims = [
        here | {"trace_id": record.trace, "body": _encode(record.facts).decode()}
        for record in records
    ]
    claimed: dict[str, str] = dict(map(tuple, (yield from many("trace_claim", claims))))
    names = store_rows.texts([record.trace for record in records])
    stored: dict[str, dict[str, tuple[str, ModelCall]]] = defaultdict(dict)
    for trace_id, session_id, body in (
        yield from rows("model_calls_of_traces", workspace_id=caller.workspace_id, traces=names)
    ):
        call = _call(body)
        stored[trace_id][call.span] = session_id, call
    traces, learned = list[Trace](), list[Values]()
    for record in records:
        known = _facts(claimed[record.trace])
        facts = known.joined(record.facts)
        if facts != known:
            body = _encode(facts).decode()
            mine = {"trace_id": record.trace, "span_id": "", "session_id": "", "at": 0}
            learned.append(here | mine | {"body": body})
        traces.append(_joined(record, facts, stored[record.trace]))
    yield from many("model_call_put", learned)
    return traces


def _joined(
    record: TraceRecord, facts: TraceFacts, stored: Mapping[str, tuple[str, ModelCall]]
) -> Trace:
    """The trace with the calls of the record and those that are stored."""
    before = {span: call for span, (_, call) in stored.items()}
    calls, changed = dict(before), set[str]()
    for call in record.calls:
        known = calls.get(call.span)
        joined = known.joined(call) if known else call
        if joined != known:
            calls[call.span] = joined
            changed.add(call.span)
    filed = {span: session_id for span, (session_id, _) in stored.items()}
    return Trace(record, facts, calls, before, filed, changed)


def _shares(traces: Sequence[Trace]) -> dict[str, list[TraceShare]]:
    """What the traces have in each session, by the session's name, in the order of names."""
    shares: dict[str, list[TraceShare]] = defaultdict(list)
    for trace in traces:
        spoken = {call.span for call in counting(trace.calls.values())}
        by_name: dict[str, list[ModelCall]] = defaultdict(list)
        for call in trace.calls.values():
            by_name[trace.home(call)].append(call)
        for name, calls in by_name.items():
            speaking = [call for call in calls if call.span in spoken]
            shares[name].append(TraceShare(trace, calls, speaking))
    return dict(sorted(shares.items()))


def _growing(
    caller: SessionRef, shares: Mapping[str, Sequence[TraceShare]], make: Make
) -> Steps[dict[str, GrowingSession]]:
    """The sessions for which there are messages, locked, and new where they are not there."""
    names = [name for name, own in shares.items() if any(share.speaking for share in own)]
    stored = yield from trace_sessions.find(caller.workspace_id, names)
    growing_sessions: dict[str, GrowingSession] = {}
    for name in names:
        new = name not in stored
        if new:
            speaking_shares = [share for share in shares[name] if share.speaking]
            at = min(call.at for share in speaking_shares for call in share.speaking)
            row = make(
                name, trace_sessions.joined(share.trace.facts for share in speaking_shares), at
            )
            session, new = yield from sessions.create(row)
            stored[name] = LockedSession(session, None)
        session = stored[name].session
        if not caller.sees(session.user_id, session.app):
            raise msgspec.structs.replace(caller, name=name).missing()
        growing_sessions[name] = yield from trace_sessions.begin(stored[name], is_new=new)
    yield from trace_sessions.know(list(growing_sessions.values()))
    return growing_sessions


def _behind(
    caller: SessionRef,
    shares: Mapping[str, Sequence[TraceShare]],
    growing_sessions: Mapping[str, GrowingSession],
) -> Steps[set[str]]:
    """The ids of the sessions that know calls from the time of the first new one on."""
    since = dict[str, int]()
    for name, growing in growing_sessions.items():
        id_ = growing.before.id
        new = [call for share in shares[name] for call in share.new(id_)]
        if new and not growing.is_new:
            since[id_] = min(call.at for call in new)
    if not since:
        return set()
    known = yield from rows(
        "model_calls_behind",
        workspace_id=caller.workspace_id,
        places=store_rows.encoded([*since.items()]),
    )
    return {row[0] for row in known}


def _grow(  # noqa: PLR0913 - what a session is made of
    growing: GrowingSession,
    speaking_shares: Sequence[TraceShare],
    behind: set[str],
    drafts: Drafts,
    ids: IdSource,
    now: int,
) -> Steps[GrowingSession]:
    """Append what is new, or make the end of the transcript anew where a call came late."""
    id_ = growing.before.id
    new = sorted(
        (call for share in speaking_shares for call in share.new(id_)), key=attrgetter("order")
    )
    was = [(call, share) for share in speaking_shares for call in share.counted(id_)]
    is_amended = any(call not in share.speaking for call, share in was)
    if not new and not is_amended:
        return growing
    if is_amended or id_ in behind:
        change = trace_repairs.Change(
            traces={share.trace.record.trace for share in speaking_shares},
            before=[
                call
                for share in speaking_shares
                for span, call in share.trace.before.items()
                if share.trace.filed.get(span) == id_
            ],
            after=[call for share in speaking_shares for call in share.calls],
            new=new,
            is_amended=is_amended,
        )
        repaired = yield from trace_repairs.repair(growing, change, drafts, ids, now)
        if repaired is not None:
            return repaired
    marks = [mark_of(client_id) or f"#{seq}" for seq, client_id in growing.known]
    positions = transcript([(call.sent, call.answers) for call in new], marks)
    line = [(position, new[position.call]) for position in positions]
    yield from appended(growing, line, marks, drafts, ids, now)
    return growing


def _conclude(
    caller: SessionRef,
    shares: Mapping[str, Sequence[TraceShare]],
    growing_sessions: Mapping[str, GrowingSession],
    filed: Sequence[Values],
    now: int,
) -> Steps[None]:
    """Give the sessions what their spans name and their runs, and write everything."""
    run_calls: list[tuple[GrowingSession, Sequence[ModelCall]]] = []
    for name, growing in growing_sessions.items():
        speaking = [share for share in shares[name] if share.speaking]
        facts = trace_sessions.joined(share.trace.facts for share in speaking)
        growing.after = trace_sessions.owned(caller, facts, growing.after)
        run_calls += [(growing, share.calls) for share in speaking]
    yield from trace_runs.record(run_calls, now)
    calls = each_of("model_call_put", filed)
    yield from trace_sessions.write(
        caller.workspace_id, list(growing_sessions.values()), calls, now
    )


def _recall(caller: SessionRef, session_id: str, drafts: Drafts) -> Steps[None]:
    """Remember what the messages of another session say, from which calls move away."""
    after, more = 0, True
    while more and after < trace_sessions.MOST_MESSAGES:
        query = MessageQuery(after=after, limit=trace_repairs.MOST_REPAIRED)
        stored, more = yield from message_pages.stretch(caller.workspace_id, session_id, query)
        drafts.remember(stored)
        more, after = more and bool(stored), stored[-1].seq if stored else after


def _abandon(caller: SessionRef, session_id: str, drafts: Drafts, now: int) -> Steps[None]:
    """Delete a session that was only known by its trace when its last call has left it.

    It stays where a message of it could not be told to the session that the calls went to.
    """
    here = {"workspace_id": caller.workspace_id, "session_id": session_id}
    session = yield from locked(SessionRef(caller.workspace_id, session_id))
    calls = yield from rows("model_calls_of_session", **here, since=0, limit=1)
    is_ours = (session.own_id or "").startswith(BY_TRACE)
    if calls or not is_ours:
        return
    growing = yield from trace_sessions.again(session)
    marks = {mark_of(client_id) for _, client_id in growing.known}
    if not growing.is_whole or None in marks or marks & drafts.missing:
        return
    yield from sessions.erase(session)
    yield from happened(
        caller.workspace_id,
        "session.deleted",
        session_id,
        at=now,
        was_updated_at=session.updated_at,
    )


def _values(caller: SessionRef, call: ModelCall, session_id: str, now: int) -> Values:
    return {
        "workspace_id": caller.workspace_id,
        "trace_id": call.trace,
        "span_id": call.span,
        "session_id": session_id,
        "at": call.at,
        "now": now,
        "body": _encode(call).decode(),
    }


def trim(workspace_id: str, before: int, limit: int) -> Steps[bool]:
    """Forget up to ``limit`` calls from before a time; True when there may be more."""
    gone = yield from rows("model_call_trim", workspace_id=workspace_id, before=before, limit=limit)
    return len(gone) == limit
