"""Recorded calls of models, and the one transcript that they make together.

Every call repeats the history before it. A message is known by its mark, which two records of the
same message share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from hansard.model.message import MessageDraft

Order = tuple[int, str, str]
TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
"""The kinds of tokens, by the fields of messages and runs."""
CALL, WRAPPER = 2, 1
"""How much the messages of a span count: a call of a model, or what runs around such calls."""


class Position(Struct, frozen=True):
    """One message of a transcript: the first ``call`` that has it, by its index.

    ``is_answer`` says on which side of the call it is, ``index`` where on that side.
    """

    mark: str
    call: int
    is_answer: bool
    index: int


def transcript(
    calls: Iterable[tuple[Sequence[str], Sequence[str]]], before: Sequence[str] = ()
) -> list[Position]:
    """The messages of the calls, each once; ``calls`` are the marks sent and answered, in order.

    ``before`` are the marks of messages that are there already.
    """
    marks = list(before)
    positions: list[Position] = []
    for number, (sent, answers) in enumerate(calls):
        fresh = list(_fresh(sent, marks))
        if not fresh and answers and marks[-len(answers) :] == list(answers):
            continue
        added = [Position(sent[index], number, False, index) for index in fresh]  # noqa: FBT003 - a field
        added += [Position(mark, number, True, index) for index, mark in enumerate(answers)]  # noqa: FBT003 - as above
        positions += added
        marks += [position.mark for position in added]
    return positions


def _fresh(sent: Sequence[str], marks: list[str]) -> Iterator[int]:
    """What was not there yet: all behind it, else all that it does not hold as often."""
    if list(sent[: len(marks)]) == marks:
        yield from range(len(marks), len(sent))
        return
    held = Counter(marks)
    for index, mark in enumerate(sent):
        held[mark] -= 1
        if held[mark] < 0:
            yield index


class ModelCall(Struct, kw_only=True):
    """What is known of one span that called a model; several records may each know a part.

    Times are in microseconds. ``sent`` and ``answers`` are marks. ``session`` is the id that the
    span itself gives, ``tokens`` has those of each kind by the field of a message.
    """

    trace: str
    span: str
    at: int = 0
    ended: int | None = None
    rank: int = CALL
    session: str | None = None
    model: str | None = None
    tokens: dict[str, int] = {}
    error: str | None = None
    sent: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()

    @property
    def order(self) -> Order:
        """Where the call stands among others: by its time, and always at the same place."""
        return self.at, self.trace, self.span

    @property
    def has_messages(self) -> bool:
        return bool(self.sent or self.answers)

    def joined(self, other: ModelCall) -> ModelCall:
        """What both know together, whichever came first.

        Where both know messages, the longer list counts, and of lists of one length the least.
        """
        return ModelCall(
            trace=self.trace,
            span=self.span,
            at=min(filter(None, (self.at, other.at)), default=0),
            ended=max(filter(None, (self.ended, other.ended)), default=None),
            rank=max(self.rank, other.rank),
            session=_least(self.session, other.session),
            model=_least(self.model, other.model),
            tokens={
                name: max(self.tokens.get(name, 0), other.tokens.get(name, 0))
                for name in sorted(self.tokens.keys() | other.tokens.keys())
            },
            error=_least(self.error, other.error),
            sent=_longest(self.sent, other.sent),
            answers=_longest(self.answers, other.answers),
        )


class TraceFacts(Struct, frozen=True, kw_only=True):
    """What the spans of a trace say of the session that they belong to."""

    session: str | None = None
    user_id: str | None = None
    agent: str | None = None
    model: str | None = None

    def joined(self, other: TraceFacts) -> TraceFacts:
        """Of two values the least, so that the order in which they come makes no difference."""
        return TraceFacts(
            session=_least(self.session, other.session),
            user_id=_least(self.user_id, other.user_id),
            agent=_least(self.agent, other.agent),
            model=_least(self.model, other.model),
        )


class TraceRecord(Struct, kw_only=True):
    """What one request brings of a trace; ``draft`` makes the message of a mark, if it is there."""

    trace: str
    facts: TraceFacts
    calls: list[ModelCall]
    draft: Callable[[str], MessageDraft | None]


def counting(calls: Iterable[ModelCall]) -> list[ModelCall]:
    """The calls whose messages count: in a trace with calls of models, none of what wraps them."""
    spoken = [call for call in calls if call.has_messages]
    called = {call.trace for call in spoken if call.rank == CALL}
    return [call for call in spoken if call.rank == CALL or call.trace not in called]


def failure(calls: Iterable[ModelCall]) -> str | None:
    """Why a trace failed: what wraps its calls did, or its last call; None where it went well."""
    ordered = sorted(calls, key=lambda call: call.order)
    wrapping = [call.error for call in ordered if call.rank == WRAPPER and call.error]
    last = [call.error for call in ordered if call.rank == CALL][-1:]
    return next(filter(None, (*wrapping, *last)), None)


def _least(first: str | None, other: str | None) -> str | None:
    return min(filter(None, (first, other)), default=None)


def _longest(first: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return min(first, other, key=lambda marks: (-len(marks), marks))
