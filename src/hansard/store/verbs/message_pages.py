"""Read messages in pieces, within a bound of bytes.

A few numbers in a request may mean gigabytes in the store.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hansard.model import Message, MessageQuery, Session
from hansard.store import listing, rows, steps
from hansard.store.message_ids import ids_in
from hansard.store.steps import Row, Steps, pause
from hansard.store.verbs.session_lookup import SessionRef, existing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
_PIECE = 1 << 20
"""Bytes as stored that one statement reads, unless a single message has more."""
_PAUSE = 1 << 16
"""Bytes after which others may go first: unpacking them takes some tenths of a millisecond."""
_SIZE_AT = 2
_SHOWN_BYTES = 2000
"""What showing a message costs at least, in bytes that could be read in that time."""
_first = itemgetter(0)
_SIZE = "octet_length(parts) + octet_length(metadata)"
SIZED = f"seq, {_SIZE}"
"""The columns that ``fetch`` needs to know of a place."""


class Fetched(NamedTuple):
    """Messages in the requested order, and how many of the requested ones were gone through."""

    messages: list[Message]
    reached: int


def page(ref: SessionRef, query: MessageQuery) -> Steps[tuple[Session, list[Message], bool]]:
    """The session, a range of its messages, and whether more follow in reading direction."""
    session = yield from existing(ref)
    return session, *(yield from stretch(ref.workspace_id, session.id, query))


def stretch(
    workspace_id: str, session_id: str, query: MessageQuery
) -> Steps[tuple[list[Message], bool]]:
    """The messages of ``query`` in answer order, and whether more follow in reading direction."""
    sizes, more = yield from _stretch(workspace_id, session_id, query, SIZED)
    order = reading_order(query, sizes)
    fetched = yield from fetch(workspace_id, session_id, order, query.most_bytes)
    shown = sorted(fetched.messages, key=_seq, reverse=query.descending)
    return shown, more or has_left_out(query, order, fetched.reached)


def newest(session: Session) -> Steps[Message | None]:
    """The last message of a session that is not deleted."""
    last = yield listing.messages(
        session.workspace_id, session.id, MessageQuery(), 1, descending=True
    )
    return rows.message(last[0]) if last else None


def positions(
    workspace_id: str, session_id: str, query: MessageQuery
) -> Steps[tuple[list[Row], bool]]:
    """(``seq``, bytes as stored, id, ``edited_at``) of the messages.

    Also whether more follow in reading direction.
    """
    sizes, more = yield from _stretch(workspace_id, session_id, query, f"{SIZED}, id, edited_at")
    if not any(isinstance(row[2], bytes) for row in sizes):
        return sizes, more
    message_id_of = ids_in(session_id)
    return [
        (seq, size, stored if isinstance(stored, str) else message_id_of(seq, stored), edited_at)
        for seq, size, stored, edited_at in sizes
    ], more


def fetch(
    workspace_id: str, session_id: str, sizes: Sequence[Row], most_bytes: int
) -> Steps[Fetched]:
    """The messages at positions that begin with (``seq``, bytes as stored).

    As many as fit ``most_bytes``, at least one.

    What is stored may be packed, so that a message has more bytes than its place says.
    """

    def read(piece: Sequence[Row]) -> Steps[list[Row | None]]:
        by_seq = yield from _piece(workspace_id, session_id, [row[0] for row in piece])
        return [by_seq.get(row[0]) for row in piece]

    return (yield from _fetched(sizes, 1, most_bytes, read))


def fetch_sized(workspace_id: str, sizes: Sequence[Row], most_bytes: int) -> Steps[Fetched]:
    """As ``fetch``, of several sessions: for rows of session, ``seq`` and bytes as stored."""

    def read(piece: Sequence[Row]) -> Steps[list[Row | None]]:
        got = yield from _at(workspace_id, piece)
        by_position = {(row[0], row[_SEQ]): row for row in got}
        return [by_position.get((session_id, seq)) for session_id, seq, _ in piece]

    return (yield from _fetched(sizes, _SIZE_AT, most_bytes, read))


def _fetched(
    sizes: Sequence[Row],
    size_at: int,
    most_bytes: int,
    read: Callable[[Sequence[Row]], Steps[list[Row | None]]],
) -> Steps[Fetched]:
    """What ``read`` brings of pieces of ``sizes``; None for a message that was deleted."""
    messages: list[Message] = []
    size = start = since_pause = 0
    while start < len(sizes):
        end = _end_of_piece(sizes, start, size_at)
        piece = sizes[start:end]
        yield from pause(ahead=sum(row[size_at] for row in piece))
        for number, row in enumerate((yield from read(piece)), start):
            if row is None:
                continue
            if large := rows.large_size(row):
                yield from pause(ahead=large)
            message = rows.message(row)
            more = size_of(message)
            if messages and size + more > most_bytes:
                return Fetched(messages, number)
            messages.append(message)
            size, since_pause = size + more, since_pause + more
            if since_pause > _PAUSE:
                yield from pause()
                since_pause = 0
        start = end
    return Fetched(messages, start)


def _at(workspace_id: str, sizes: Sequence[Row]) -> Steps[list[Row]]:
    """Whole messages, for rows that begin with a session and a ``seq``."""
    positions = rows.encoded([row[:_SIZE_AT] for row in sizes])
    return (
        yield from steps.rows(
            "message_at_positions", workspace_id=workspace_id, positions=positions
        )
    )


def chain_piece(workspace_id: str, session_id: str, after: int) -> Steps[list[Row]]:
    """The next rows behind ``after`` that the hash chain covers, deleted messages included.

    As many as one piece has; none at the end.
    """
    here = {"workspace_id": workspace_id, "session_id": session_id, "after": after}
    sizes = yield from steps.rows("message_chain_sizes", **here, limit=listing.MOST_IDS)
    if not sizes:
        return []
    count = _end_of_piece(sizes, 0)
    yield from pause(ahead=sum(row[1] for row in sizes[:count]))
    return (yield from steps.rows("message_chain", **here, limit=count))


def each_at(
    workspace_id: str, positions: Sequence[tuple[str, int]], show: Callable[[Message], T]
) -> Steps[dict[tuple[str, int], T]]:
    """What ``show`` makes of each of these messages, by session and seq.

    No more of them are held at once than a piece.
    """
    if not positions:
        return {}
    sizes = yield from steps.rows(
        "message_sizes_at_positions", workspace_id=workspace_id, positions=rows.encoded(positions)
    )
    return (yield from each_sized(workspace_id, sizes, show))


def each_sized(
    workspace_id: str, sizes: Sequence[Row], show: Callable[[Message], T]
) -> Steps[dict[tuple[str, int], T]]:
    """As ``each_at``, for rows of session, ``seq`` and bytes as stored."""
    shown: dict[tuple[str, int], T] = {}
    start = 0
    while start < len(sizes):
        end = _end_of_piece(sizes, start, _SIZE_AT)
        piece = sizes[start:end]
        yield from pause(ahead=sum(row[_SIZE_AT] for row in piece) + _SHOWN_BYTES * len(piece))
        for row in (yield from _at(workspace_id, piece)):
            if large := rows.large_size(row):
                yield from pause(ahead=large)
            message = rows.message(row)
            shown[message.session_id, message.seq] = show(message)
            yield from pause()
        start = end
    return shown


def weight(messages: Sequence[Message]) -> int:
    """The cost of reading messages, in bytes.

    Each message has a fixed cost, since many short ones take long too.
    """
    return sum(map(size_of, messages)) + _SHOWN_BYTES * len(messages)


def size_of(message: Message) -> int:
    """The bytes of what a message says."""
    return len(message.parts) + len(message.metadata)


def reading_order(query: MessageQuery, sizes: Sequence[Row]) -> list[Row]:
    """Rows that begin with a seq, those first that must not be left out."""
    if query.around is not None:
        middle = query.around
        return sorted(sizes, key=lambda row: (abs(row[0] - middle), row[0]))
    return sorted(sizes, key=_first, reverse=query.backwards)


def has_left_out(query: MessageQuery, order: Sequence[Row], count: int) -> bool:
    """Whether the messages behind the first ``count`` lie in the direction of reading."""
    if query.around is None:
        return count < len(order)
    return any(row[0] > query.around for row in order[count:])


def in_order(query: MessageQuery, positions: Sequence[Row]) -> list[Row]:
    """The positions in the order of the answer."""
    return sorted(positions, key=_first, reverse=query.descending)


def _seq(message: Message) -> int:
    return message.seq


def _end_of_piece(sizes: Sequence[Row], start: int, column: int = 1) -> int:
    """Where the piece ends that begins at ``start``; the sizes stand in a column of the rows."""
    end, size = start + 1, sizes[start][column]
    while end < len(sizes) and end - start < listing.MOST_IDS:
        size += sizes[end][column]
        if size > _PIECE:
            break
        end += 1
    return end


def _piece(workspace_id: str, session_id: str, seqs: Sequence[int]) -> Steps[dict[int, Row]]:
    """Rows by seq; a range where the numbers follow each other, which is walked faster."""
    first, last = min(seqs), max(seqs)
    here = (workspace_id, session_id, MessageQuery(), len(seqs))
    if last - first + 1 == len(seqs):
        got = yield listing.messages(*here, after=first - 1, before=last + 1)
    else:
        got = yield listing.messages(*here, seqs=seqs)
    return {row[_SEQ]: row for row in got}


def _stretch(
    workspace_id: str, session_id: str, query: MessageQuery, columns: str
) -> Steps[tuple[list[Row], bool]]:
    here = (workspace_id, session_id, query)
    if query.around is not None:
        older = yield listing.messages(
            *here,
            (query.limit + 1) // 2 + 1,
            before=query.around + 1,
            descending=True,
            columns=columns,
        )
        newer = yield listing.messages(
            *here, query.limit // 2 + 1, after=query.around, columns=columns
        )
        kept = [*reversed(older[: (query.limit + 1) // 2]), *newer[: query.limit // 2]]
        return kept[:: -1 if query.descending else 1], len(newer) > query.limit // 2
    got = yield listing.messages(
        *here,
        query.limit + 1,
        before=query.before,
        after=query.after,
        descending=query.backwards,
        columns=columns,
    )
    return got[: query.limit][:: 1 if query.backwards == query.descending else -1], len(
        got
    ) > query.limit


_SEQ = Message.__struct_fields__.index("seq")
