"""The end of a transcript made anew, where a call came late or knows more than before.

The messages behind the place where it belongs are emptied and appended again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.model import MessageQuery, Session
from hansard.model.model_call import ModelCall, Position, counting, transcript
from hansard.store.steps import Steps, rows
from hansard.store.verbs import message_pages, messages, trace_sessions
from hansard.store.verbs.trace_messages import Drafts, appended, mark_of, spent, time_of
from hansard.store.verbs.trace_sessions import MOST_MESSAGES, GrowingSession

if TYPE_CHECKING:
    from hansard.ids import IdSource

MOST_CALLS, MOST_REPAIRED = 400, 400
"""A transcript is made anew within these bounds; beyond them what comes late goes to its end."""
_call = msgspec.json.Decoder(ModelCall).decode


class Change(Struct, frozen=True):
    """What some traces tell of one session: their calls there ``before`` and ``after``.

    ``new`` are those that count and are new or know more, in order; ``is_amended`` says that one
    which counted does so no more, or otherwise.
    """

    traces: set[str]
    before: Sequence[ModelCall]
    after: Sequence[ModelCall]
    new: Sequence[ModelCall]
    is_amended: bool


def repair(
    growing: GrowingSession, change: Change, drafts: Drafts, ids: IdSource, now: int
) -> Steps[GrowingSession | None]:
    """Make the transcript anew from where it differs; None where nothing is late or it cannot be.

    It is left alone beyond the bounds, and where anybody else wrote behind that growing.
    """
    if not (change.is_amended or (yield from _is_late(growing.before, change.new))):
        return None
    stored = yield from _calls(growing.before, 0)
    others = [call for call in stored if call.trace not in change.traces]
    if len(stored) > MOST_CALLS or len(growing.known) >= MOST_MESSAGES:
        return None
    was, line = _line([*others, *change.before]), _line([*others, *change.after])
    ours = [(seq, mark) for seq, client_id in growing.known if (mark := mark_of(client_id))]
    if [mark for _, mark in ours] != [position.mark for position, _ in was]:
        return None
    same = next(
        (
            index
            for index, (old, other) in enumerate(zip(was, line, strict=False))
            if _written(*old) != _written(*other)
        ),
        min(len(was), len(line)),
    )
    if same < len(ours):
        gone = [seq for seq, _ in growing.known if seq >= ours[same][0]]
        if len(gone) > MOST_REPAIRED or len(gone) != len(ours) - same:
            return None
        renewed = yield from _take_back(growing, gone[0], drafts, now)
        if renewed is None:
            return None
        growing = renewed
    marks = [mark for _, mark in ours[:same]]
    yield from appended(growing, line[same:], marks, drafts, ids, now)
    return growing


def _is_late(session: Session, new: Sequence[ModelCall]) -> Steps[bool]:
    """Whether the session has a call with messages behind the first of the new ones."""
    own = {(call.trace, call.span) for call in new}
    later = yield from _calls(session, new[0].at)
    return any(
        call.has_messages and call.order > new[0].order
        for call in later
        if (call.trace, call.span) not in own
    )


def _calls(session: Session, since: int) -> Steps[list[ModelCall]]:
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    stored = yield from rows("model_calls_of_session", **here, since=since, limit=MOST_CALLS + 1)
    return [_call(body) for _, body in stored]


def _line(calls: Iterable[ModelCall]) -> list[tuple[Position, ModelCall]]:
    """The messages that these calls make together, each with its call."""
    ordered = sorted(counting(calls), key=attrgetter("order"))
    positions = transcript([(call.sent, call.answers) for call in ordered])
    return [(position, ordered[position.call]) for position in positions]


def _written(position: Position, call: ModelCall) -> tuple[object, ...]:
    """What is stored of a message that its call decides."""
    return position.mark, time_of(position, call), *spent(position, call)


def _take_back(
    growing: GrowingSession, since: int, drafts: Drafts, now: int
) -> Steps[GrowingSession | None]:
    """Empty the messages from a number on, and remember what they said.

    None, and nothing is emptied, where they are more bytes than a page.
    """
    session = growing.before
    query = MessageQuery(after=since - 1, limit=MOST_REPAIRED)
    gone, more = yield from message_pages.stretch(session.workspace_id, session.id, query)
    if more:
        return None
    drafts.remember(gone)
    yield from messages.empty(session, gone, now)
    return (yield from trace_sessions.again(session))
