"""Sessions on their way into the store, and what goes into one transaction."""

from __future__ import annotations

from msgspec import Struct

from hansard.interchange.bounds import Bounds
from hansard.interchange.reading import SessionPiece
from hansard.interchange.records import SessionRecord
from hansard.model.transfer import Incoming, Snapshot


class Item(Struct, frozen=True):
    """A session in progress, or some of its messages, with its file and its number in the file."""

    file: str
    number: int
    record: SessionRecord | Snapshot
    is_first: bool = True
    is_last: bool = True


class Group(Struct):
    """What is written in one transaction."""

    items: list[Item] = []
    messages: int = 0
    size: int = 0
    bad: int = 0

    def add(self, item: Item, size: int) -> None:
        self.items.append(item)
        self.messages += len(item.record.messages)
        self.size += size

    def has_room(self, bounds: Bounds, messages: int = 1, size: int = 1) -> bool:
        """Whether a session with so many messages and bytes goes in; a first one always does."""
        return not self.items or (
            len(self.items) < bounds.sessions_at_once
            and self.messages + messages <= bounds.messages_at_once
            and self.size + size <= bounds.bytes_at_once
        )


def item_of(piece: SessionPiece) -> Item:
    return Item(piece.file, piece.number, piece.record, piece.is_first, piece.is_last)


def incoming_of(item: Item) -> Incoming:
    record = item.record
    assert isinstance(record, SessionRecord), "exported sessions go another way"  # noqa: S101 - an invariant of the caller
    return Incoming(
        draft=record.draft,
        messages=record.messages,
        ended_at=record.ended_at,
        archived_at=record.archived_at,
        is_continued=not item.is_first,
    )
