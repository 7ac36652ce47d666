"""Two transcripts side by side: what both have, what only one has."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import Raw, Struct

from hansard.errors import Invalid, NotFound
from hansard.model import MessageQuery
from hansard.model.diff import Diff, Difference, Side
from hansard.store import listing, rows
from hansard.store.packing import unpacked
from hansard.store.steps import Steps, many
from hansard.store.verbs.session_lookup import SessionRef, existing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hansard.model import Message, Session

_BATCH = 1000
CacheValidator = tuple[int, bytes]
"""The ``seq`` of a message, and a digest of what makes it the same as another."""
ImportPosition = tuple[int, int]
"""Up to which ``seq`` here and there the differences were told."""


class _Compared(Struct):
    """The differences in order, and what both have."""

    differing: list[tuple[Side, int]]
    shared: int
    last: ImportPosition


def diff(here: SessionRef, there: str | None, limit: int, after: ImportPosition) -> Steps[Diff]:
    """The differences behind the place ``after``, up to ``limit``; without ``there`` those from the session's parent.

    Raises NotFound for either, and Invalid for a session that has no parent.
    """
    mine = yield from existing(here)
    theirs = yield from _other(here, mine, there)
    compared = _compared((yield from _marks(mine)), (yield from _marks(theirs)))
    waiting = [(side, seq) for side, seq in compared.differing if seq > after[side == "there"]]
    picked = waiting[:limit]
    messages: dict[tuple[Side, int], Message] = {}
    sides: dict[Side, Session] = {"here": mine, "there": theirs}
    for side, of in sides.items():
        keys = [
            {"workspace_id": of.workspace_id, "session_id": of.id, "seq": seq}
            for number_side, seq in picked
            if number_side == side
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
        items=[Difference(side, messages[side, seq]) for side, seq in picked],
        has_more=len(waiting) > limit,
    )


def _other(here: SessionRef, mine: Session, there: str | None) -> Steps[Session]:
    name = there or mine.parent_id
    if name is None:
        raise Invalid(
            f"{mine.name} is no fork: name the session to compare it with", param="against"
        )
    try:
        return (yield from existing(SessionRef(here.workspace_id, name, here.user_id, here.app)))
    except NotFound as problem:
        raise NotFound(problem.message, code=problem.code, param="against") from problem


def _marks(session: Session) -> Steps[list[CacheValidator]]:
    marks: list[CacheValidator] = []
    more = session.message_count > 0
    while more:
        after = marks[-1][0] if marks else 0
        got = yield listing.messages(
            session.workspace_id,
            session.id,
            MessageQuery(),
            _BATCH,
            after=after,
            columns="seq, role, created_at, parts",
        )
        marks += [
            (seq, _digest(f"{role} {created_at} ".encode(), stored))
            for seq, role, created_at, stored in got
        ]
        more = len(got) == _BATCH
    return marks


def _digest(beside: bytes, stored: str | bytes) -> bytes:
    """Of the text itself: one text may be packed in many ways."""
    return blake2b(beside + bytes(Raw(unpacked(stored))), digest_size=16).digest()


def _compared(mine: Sequence[CacheValidator], theirs: Sequence[CacheValidator]) -> _Compared:
    common = Counter(digest for _, digest in mine) & Counter(digest for _, digest in theirs)
    compared = _Compared([], common.total(), (0, 0))
    sides = _runs(mine, common), _runs(theirs, common)
    for (only_here, here), (only_there, there) in zip(*sides, strict=True):
        compared.differing += [("here", seq) for seq in only_here]
        compared.differing += [("there", seq) for seq in only_there]
        compared.last = (here or compared.last[0], there or compared.last[1])
    return compared


def _runs(
    marks: Sequence[CacheValidator], common: Counter[bytes]
) -> Iterator[tuple[list[int], int | None]]:
    """What stands before each shared message, and its ``seq``; at last what stands behind them all, with None."""
    left = common.copy()
    alone: list[int] = []
    for seq, digest in marks:
        if left[digest]:
            left[digest] -= 1
            yield alone, seq
            alone = []
        else:
            alone.append(seq)
    yield alone, None
