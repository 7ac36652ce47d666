"""Sessions on their way into the store, and what goes into one transaction."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hansard.interchange.bounds import Bounds
from hansard.interchange.reading import SessionPiece
from hansard.interchange.records import SessionRecord
from hansard.model.transfer import Incoming, Snapshot

_KNOWN = 100_000
"""The most sessions known by name, and the most that wait for their parents."""


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
        """Whether a session of this size goes in; the first one always does."""
        return not self.items or (
            len(self.items) < bounds.sessions_at_once
            and self.messages + messages <= bounds.messages_at_once
            and self.size + size <= bounds.bytes_at_once
        )


class Families:
    """The sessions of an import that came before their parents."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._waiting: dict[str, Incoming] = {}

    def note(self, item: Item) -> None:
        """Remember the name of a session that is stored, and one whose parent has not come yet."""
        if not isinstance(item.record, SessionRecord) or not item.is_first:
            return
        name, parent = item.record.draft.id or "", item.record.draft.parent
        if parent is not None and parent not in self._names and len(self._waiting) < _KNOWN:
            self._waiting[name] = msgspec.structs.replace(incoming_of(item), messages=[])
        if len(self._names) < _KNOWN:
            self._names.add(name)

    def orphans(self) -> list[Incoming]:
        """Those whose parents have come since, without their messages; each is given once."""
        waiting, self._waiting = self._waiting, {}
        return [child for child in waiting.values() if child.draft.parent in self._names]


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
        file_safe=record.file_safe,
    )
