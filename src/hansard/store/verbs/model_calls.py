"""What telemetry tells of calls becomes sessions, in whatever order and however often it comes.

One transaction takes what a request brings of one trace. Each call is kept by its span, so that a
transcript can be made anew when a call comes late: then the messages behind the place where it
belongs are emptied and appended again. Texts are only in the messages, calls hold marks of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.model import Message, MessageDraft, MessageQuery, Session, parts
from hansard.model.model_call import (
    ModelCall,
    Position,
    TraceFacts,
    TraceRecord,
    counting,
    transcript,
)
from hansard.store.steps import Row, Steps, many, rows, run, value
from hansard.store.verbs import (
    appends,
    message_pages,
    messages,
    sessions,
    trace_runs,
    trace_sessions,
)
from hansard.store.verbs.events import happened
from hansard.store.verbs.gathered import gathered
from hansard.store.verbs.session_lookup import SessionRef, locked

if TYPE_CHECKING:
    from hansard.ids import IdSource

BY_TRACE = "trace-"
"""Begins the id of a session that is only known by its trace."""
MOST_CALLS, MOST_MESSAGES, MOST_REPAIRED = 400, 4000, 400
"""A session is made anew within these bounds; beyond them what comes late goes to its end."""
_CLIENT_ID = "otel:"
_encode = msgspec.json.Encoder().encode
_call = msgspec.json.Decoder(ModelCall).decode
_facts = msgspec.json.Decoder(TraceFacts).decode
Contents = dict[str, MessageDraft]


class Trace(Struct):
    """A trace as it is with what was brought: its calls by span, and what each was before.

    ``filed`` has the id of the session under which a call stood, ``changed`` the spans that are new
    or know more than before.
    """

    caller: SessionRef
    record: TraceRecord
    facts: TraceFacts
    calls: dict[str, ModelCall]
    before: dict[str, ModelCall]
    filed: dict[str, str]
    changed: set[str]
    contents: Contents

    def home(self, call: ModelCall) -> str:
        """The name of the session that a call belongs to."""
        return call.session or self.facts.session or BY_TRACE + self.record.trace

    def draft(self, mark: str) -> MessageDraft | None:
        return self.record.draft(mark) or self.contents.get(mark)


def take_all(
    caller: SessionRef,
    records: Sequence[TraceRecord],
    make: Callable[[str, TraceFacts, int], Session],
    ids: IdSource,
    now: int,
) -> Steps[None]:
    """Take several traces of one request, all or none; sessions are locked in one order."""
    ordered = sorted(records, key=lambda record: (record.facts.session or "", record.trace))
    yield from gathered(
        caller.workspace_id, (take(caller, record, make, ids, now) for record in ordered)
    )


def take(
    caller: SessionRef,
    record: TraceRecord,
    make: Callable[[str, TraceFacts, int], Session],
    ids: IdSource,
    now: int,
) -> Steps[None]:
    """Take what was brought of a trace; ``make`` makes the row of a new session.

    Raises NotFound and what ``make`` raises where a session is not the caller's to write.
    """
    trace = yield from _claimed(caller, record, now)
    names = sorted({trace.home(call) for call in trace.calls.values()})
    left = set[str]()
    for name in names:
        mine = [call for call in trace.calls.values() if trace.home(call) == name]
        left |= yield from _settle(trace, name, mine, make, ids, now)
    for session_id in sorted(left):
        yield from _abandon(caller, session_id, now)


def _claimed(caller: SessionRef, record: TraceRecord, now: int) -> Steps[Trace]:
    """The trace, locked, with what the record adds to it."""
    here = {"workspace_id": caller.workspace_id, "trace_id": record.trace}
    own = _encode(record.facts).decode()
    known = _facts((yield from value("trace_claim", **here, now=now, body=own)))
    facts = known.joined(record.facts)
    if facts != known:
        yield from run(
            "model_call_put",
            **here,
            span_id="",
            session_id="",
            at=0,
            now=now,
            body=_encode(facts).decode(),
        )
    stored = yield from rows("model_calls_of_trace", **here)
    filed = {(call := _call(body)).span: (session_id, call) for session_id, body in stored}
    before = {span: call for span, (_, call) in filed.items()}
    calls, changed = dict(before), set[str]()
    for call in record.calls:
        known_call = calls.get(call.span)
        joined = known_call.joined(call) if known_call else call
        if joined != known_call:
            calls[call.span] = joined
            changed.add(call.span)
    session_ids = {span: session_id for span, (session_id, _) in filed.items()}
    return Trace(caller, record, facts, calls, before, session_ids, changed, {})


def _settle(  # noqa: PLR0913 - what a session is made of
    trace: Trace,
    name: str,
    mine: Sequence[ModelCall],
    make: Callable[[str, TraceFacts, int], Session],
    ids: IdSource,
    now: int,
) -> Steps[set[str]]:
    """Bring the session of this name up to date; the ids of the sessions that calls left."""
    speaking = [call for call in counting(trace.calls.values()) if call in mine]
    session = yield from _session(trace, name, speaking, make)
    session_id = session.id if session else ""
    fresh = [
        call
        for call in mine
        if call.span in trace.changed or trace.filed.get(call.span) != session_id
    ]
    left = {trace.filed.get(call.span, "") for call in fresh} - {"", session_id}
    for other in left:
        yield from _recall(trace, other)
    if session is not None:
        yield from trace_sessions.owned(trace.caller, trace.facts, session, now)
        yield from _write(trace, session, fresh, speaking, ids, now)
        yield from trace_runs.record(session, mine, now)
    yield from many("model_call_put", [_values(trace, call, session_id, now) for call in fresh])
    return left


def _session(
    trace: Trace,
    name: str,
    speaking: Sequence[ModelCall],
    make: Callable[[str, TraceFacts, int], Session],
) -> Steps[Session | None]:
    """The session, locked, and new where there are messages for it; None without any."""
    if not speaking:
        return None
    ref = msgspec.structs.replace(trace.caller, name=name)
    row = make(name, trace.facts, min(call.at for call in speaking))
    session = yield from trace_sessions.named(SessionRef(ref.workspace_id, name))
    if session is None:
        session, _ = yield from sessions.create(row)
    if not ref.sees(session.user_id, session.app):
        raise ref.missing()
    return session


def _write(  # noqa: PLR0913 - as _settle
    trace: Trace,
    session: Session,
    fresh: Sequence[ModelCall],
    speaking: Sequence[ModelCall],
    ids: IdSource,
    now: int,
) -> Steps[None]:
    """Append what is new, or make the end of the transcript anew where a call came late."""
    new = sorted((call for call in speaking if call in fresh), key=_order)
    was = [
        call for call in counting(trace.before.values()) if trace.filed.get(call.span) == session.id
    ]
    is_amended = any(call not in speaking for call in was)
    if not new and not is_amended:
        return
    known = yield from _known(session)
    since = min((call.at for call in (*new, *was)), default=0) if is_amended else new[0].at
    later = yield from _calls(session, since)
    own = {call.span for call in new}
    is_late = is_amended or any(
        call.has_messages and _order(call) > _order(new[0])
        for call in later
        if call.trace != trace.record.trace or call.span not in own
    )
    if is_late and (yield from _repair(trace, session, known, ids, now)):
        return
    marks = [_mark_of(client_id) or f"#{seq}" for seq, client_id in known]
    positions = transcript([(call.sent, call.answers) for call in new], marks)
    yield from _append(
        trace, session, [(position, new[position.call]) for position in positions], marks, ids, now
    )


def _repair(
    trace: Trace, session: Session, known: Sequence[Row], ids: IdSource, now: int
) -> Steps[bool]:
    """Make the transcript anew from where it differs; False where that is beyond the bounds.

    It is left alone where anybody else wrote behind that place.
    """
    stored = yield from _calls(session, 0)
    others = [call for call in stored if call.trace != trace.record.trace]
    if len(stored) > MOST_CALLS or len(known) >= MOST_MESSAGES:
        return False
    name = session.own_id or session.id
    before = [call for span, call in trace.before.items() if trace.filed.get(span) == session.id]
    after = [call for call in trace.calls.values() if trace.home(call) == name]
    was, line = _line([*others, *before]), _line([*others, *after])
    ours = [(seq, mark) for seq, client_id in known if (mark := _mark_of(client_id))]
    if [mark for _, mark in ours] != [position.mark for position, _ in was]:
        return False
    same = next(
        (
            index
            for index, (old, other) in enumerate(zip(was, line, strict=False))
            if _written(*old) != _written(*other)
        ),
        min(len(was), len(line)),
    )
    if same < len(ours):
        gone = [row for row in known if row[0] >= ours[same][0]]
        if len(gone) > MOST_REPAIRED or len(gone) != len(ours) - same:
            return False
        yield from _take_back(trace, session, gone[0][0], now)
    marks = [mark for _, mark in ours[:same]]
    yield from _append(trace, session, line[same:], marks, ids, now)
    return True


def _line(calls: Iterable[ModelCall]) -> list[tuple[Position, ModelCall]]:
    """The messages that these calls make together, each with its call."""
    ordered = sorted(counting(calls), key=_order)
    positions = transcript([(call.sent, call.answers) for call in ordered])
    return [(position, ordered[position.call]) for position in positions]


def _written(position: Position, call: ModelCall) -> tuple[object, ...]:
    """What is stored of a message that its call decides."""
    return position.mark, _at(position, call), *_spent(position, call)


def _at(position: Position, call: ModelCall) -> int:
    return (call.ended or call.at) if position.is_answer else call.at


def _spent(position: Position, call: ModelCall) -> tuple[str | None, dict[str, int]]:
    """The model and its tokens: of the last message that a call answered."""
    if not position.is_answer:
        return None, {}
    return call.model, call.tokens if position.index == len(call.answers) - 1 else {}


def _append(  # noqa: PLR0913 - as _settle
    trace: Trace,
    session: Session,
    line: Sequence[tuple[Position, ModelCall]],
    marks: Sequence[str],
    ids: IdSource,
    now: int,
) -> Steps[None]:
    """Append these messages behind those with ``marks``."""
    times, drafts = Counter(marks), []
    for position, call in line:
        draft = trace.draft(position.mark)
        if draft is None:  # no session may have it, or its text was deleted with a message
            continue
        times[position.mark] += 1
        number = times[position.mark]
        model, tokens = _spent(position, call)
        drafts.append(
            msgspec.structs.replace(
                draft,
                client_id=_CLIENT_ID + position.mark + (f":{number}" if number > 1 else ""),
                created_at=min(_at(position, call), now),
                model=model,
                run_id=call.trace,
                **tokens,
            )
        )
    if drafts:
        ref = SessionRef(session.workspace_id, session.id)
        yield from appends.append(ref, drafts, ids, now)


def _take_back(trace: Trace, session: Session, since: int, now: int) -> Steps[None]:
    """Empty the messages from a number on, and remember what they said."""
    query = MessageQuery(after=since - 1, limit=MOST_REPAIRED)
    gone, _ = yield from message_pages.stretch(session.workspace_id, session.id, query)
    _remember(trace, gone)
    current = yield from locked(SessionRef(session.workspace_id, session.id))
    yield from messages.empty(current, gone, now)


def _recall(trace: Trace, session_id: str) -> Steps[None]:
    """Remember what the messages of another session say, from which calls move away."""
    query = MessageQuery(limit=MOST_REPAIRED)
    stored, _ = yield from message_pages.stretch(trace.caller.workspace_id, session_id, query)
    _remember(trace, stored)


def _remember(trace: Trace, stored: Sequence[Message]) -> None:
    for message in stored:
        if mark := _mark_of(message.client_id):
            trace.contents[mark] = MessageDraft(
                role=message.role,
                parts=message.parts,
                text=parts.text(message.parts),
                metadata=message.metadata,
            )


def _abandon(caller: SessionRef, session_id: str, now: int) -> Steps[None]:
    """Delete a session that was only known by its trace when its last call has left it."""
    here = {"workspace_id": caller.workspace_id, "session_id": session_id}
    session = yield from locked(SessionRef(caller.workspace_id, session_id))
    calls = yield from rows("model_calls_of_session", **here, since=0, limit=1)
    known = yield from _known(session)
    is_ours = (session.own_id or "").startswith(BY_TRACE)
    if calls or not is_ours or not all(_mark_of(client_id) for _, client_id in known):
        return
    yield from sessions.erase(session)
    yield from happened(
        caller.workspace_id,
        "session.deleted",
        session_id,
        at=now,
        was_updated_at=session.updated_at,
    )


def _known(session: Session) -> Steps[list[Row]]:
    """The numbers and client ids of the session's latest messages, in order."""
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    return (yield from rows("message_client_ids", **here, limit=MOST_MESSAGES))[::-1]


def _calls(session: Session, since: int) -> Steps[list[ModelCall]]:
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    stored = yield from rows("model_calls_of_session", **here, since=since, limit=MOST_CALLS + 1)
    return [_call(body) for _, body in stored]


def _values(trace: Trace, call: ModelCall, session_id: str, now: int) -> dict[str, object]:
    return {
        "workspace_id": trace.caller.workspace_id,
        "trace_id": call.trace,
        "span_id": call.span,
        "session_id": session_id,
        "at": call.at,
        "now": now,
        "body": _encode(call).decode(),
    }


def _mark_of(client_id: str | None) -> str | None:
    """The mark of a message that came by telemetry; None for any other."""
    return client_id.split(":")[1] if client_id and client_id.startswith(_CLIENT_ID) else None


def _order(call: ModelCall) -> tuple[int, str, str]:
    return call.order


def trim(workspace_id: str, before: int, limit: int) -> Steps[bool]:
    """Forget up to ``limit`` calls from before a time; True when there may be more."""
    gone = yield from rows("model_call_trim", workspace_id=workspace_id, before=before, limit=limit)
    return len(gone) == limit
