"""Two transcripts side by side: what both have, what only one has."""

from __future__ import annotations

import itertools
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.errors import Invalid, NotFound
from hansard.model import MessageQuery
from hansard.model.diff import Diff, Difference, Side
from hansard.model.page import PAGE_BYTES
from hansard.store import rows
from hansard.store.steps import Steps, many
from hansard.store.verbs import message_pages
from hansard.store.verbs.session_lookup import SessionRef, existing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hansard.model import Message, Session

_BATCH, _BATCH_BYTES = 500, 4 * 1024 * 1024
DiffPosition = tuple[int, int]
"""Up to which ``seq`` here and there the differences were listed."""


class _Mark(Struct, frozen=True):
    """The ``seq`` of a message, a digest of what makes it the same as another, and its bytes."""

    seq: int
    digest: bytes
    size: int


class _Compared(Struct):
    """The differences in order, and what both have."""

    differing: list[tuple[Side, _Mark]]
    shared: int
    last: DiffPosition


def diff(here: SessionRef, there: str | None, limit: int, after: DiffPosition) -> Steps[Diff]:
    """The differences behind ``after``: up to ``limit``, as many as ``PAGE_BYTES`` hold.

    Without ``there`` the session is compared with its parent. Raises NotFound for either, and
    Invalid for a session that has no parent.
    """
    mine = yield from existing(here)
    theirs = yield from _other(here, mine, there)
    compared = _compared((yield from _marks(mine)), (yield from _marks(theirs)))
    waiting = [
        (side, mark) for side, mark in compared.differing if mark.seq > after[side == "there"]
    ]
    page = waiting[: _fitting([mark.size for _, mark in waiting[:limit]])]
    messages: dict[tuple[Side, int], Message] = {}
    sides: dict[Side, Session] = {"here": mine, "there": theirs}
    for side, of in sides.items():
        keys = [
            {"workspace_id": of.workspace_id, "session_id": of.id, "seq": mark.seq}
            for mark_side, mark in page
            if mark_side == side
        ]
        messages |= {
            (side, message.seq): message
            for message in map(rows.message, (yield from many("message_get", values=keys)))
        }
    only_here = sum(side == "here" for side, _ in compared.differing)
    return Diff(
        here=mine,
        there=theirs,
        shared=compared.shared,
        here_seq=compared.last[0] or None,
        there_seq=compared.last[1] or None,
        only_here=only_here,
        only_there=len(compared.differing) - only_here,
        items=[Difference(side, messages[side, mark.seq]) for side, mark in page],
        has_more=len(waiting) > len(page),
    )


def _fitting(sizes: Sequence[int]) -> int:
    """How many of the first messages fit into a page; one in any case."""
    totals = itertools.accumulate(sizes)
    return max(1, sum(total <= PAGE_BYTES for total in totals))


def _other(here: SessionRef, mine: Session, there: str | None) -> Steps[Session]:
    name = there or mine.parent_id
    if name is None:
        raise Invalid(
            f"{mine.name} is not a fork: name the session to compare it with", param="against"
        )
    try:
        return (yield from existing(SessionRef(here.workspace_id, name, here.user_id, here.app)))
    except NotFound as problem:
        raise NotFound(problem.message, code=problem.code, param="against") from problem


def _marks(session: Session) -> Steps[list[_Mark]]:
    """A mark of each message, read in batches that are bounded in bytes."""
    marks: list[_Mark] = []
    more = session.message_count > 0
    while more:
        query = MessageQuery(
            limit=_BATCH, after=marks[-1].seq if marks else 0, most_bytes=_BATCH_BYTES
        )
        messages, more = yield from message_pages.stretch(session.workspace_id, session.id, query)
        marks += map(_mark, messages)
        more = more and bool(messages)
    return marks


def _mark(message: Message) -> _Mark:
    beside = f"{message.role} {message.created_at} ".encode()
    parts = bytes(message.parts)
    return _Mark(message.seq, blake2b(beside + parts, digest_size=16).digest(), len(parts))


def _compared(mine: Sequence[_Mark], theirs: Sequence[_Mark]) -> _Compared:
    common = Counter(mark.digest for mark in mine) & Counter(mark.digest for mark in theirs)
    compared = _Compared([], common.total(), (0, 0))
    sides = _stretches(mine, common), _stretches(theirs, common)
    for (only_here, here), (only_there, there) in zip(*sides, strict=True):
        compared.differing += [("here", mark) for mark in only_here]
        compared.differing += [("there", mark) for mark in only_there]
        compared.last = (here or compared.last[0], there or compared.last[1])
    return compared


def _stretches(
    marks: Sequence[_Mark], common: Counter[bytes]
) -> Iterator[tuple[list[_Mark], int | None]]:
    """What stands before each shared message, with that message's ``seq``.

    The last item is what stands behind all shared messages, with None.
    """
    left = common.copy()
    alone: list[_Mark] = []
    for mark in marks:
        if left[mark.digest]:
            left[mark.digest] -= 1
            yield alone, mark.seq
            alone = []
        else:
            alone.append(mark)
    yield alone, None
