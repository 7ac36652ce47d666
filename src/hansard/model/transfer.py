"""Whole sessions on their way into a store or out of it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from hansard.model.checkpoint import Checkpoint
from hansard.model.document import Document
from hansard.model.item import Item
from hansard.model.message import Message, MessageDraft
from hansard.model.note import Note
from hansard.model.run import Run
from hansard.model.score import Score
from hansard.model.session import Session, SessionDraft

_ROW_BYTES = 300
"""What a message takes besides what it says."""


class Incoming(Struct, frozen=True, kw_only=True):
    """A session from elsewhere, with its messages; each has its time and its ``client_id``.

    One that ``is_continued`` brings further messages of a session that was brought before. The id
    of one that is ``file_safe`` may have ``_`` where that of a session that is there has ``:``.
    """

    draft: SessionDraft
    messages: list[MessageDraft]
    ended_at: int | None = None
    archived_at: int | None = None
    is_continued: bool = False
    file_safe: bool = False


class ImportedSession(Struct, frozen=True):
    """The same as a row: what the session begins with, and who its parent is said to be."""

    session: Session
    parent: str | None
    messages: list[MessageDraft]
    is_continued: bool = False
    file_safe: bool = False


class Kept(Struct, frozen=True):
    """A stored message with its item.

    A deleted one is empty. ``hash`` is that of the former content of a deleted or an edited one.
    """

    message: Message
    deleted_at: int | None = None
    hash: bytes | None = None
    item: Item | None = None


class Snapshot(Struct, frozen=True):
    """All that a store holds of one session."""

    session: Session
    runs: list[Run]
    messages: list[Kept]
    notes: list[Note] = []
    scores: list[Score] = []
    documents: list[Document] = []
    checkpoints: list[Checkpoint] = []

    @property
    def size(self) -> int:
        """The bytes of its messages and their items, about."""
        return sum(
            _ROW_BYTES
            + len(kept.message.parts)
            + len(kept.message.metadata)
            + (len(kept.item.data) if kept.item else 0)
            for kept in self.messages
        )


class Verdict(Struct, frozen=True):
    """What became of one session: ``same`` left the store as it was, ``bad`` has a ``reason``.

    ``session_id`` and ``changes`` tell the audit log which session was updated, and how.
    """

    outcome: Literal["new", "same", "updated", "bad"]
    reason: str | None = None
    session_id: str | None = None
    changes: dict[str, Any] = {}


SAME, NEW = Verdict("same"), Verdict("new")
