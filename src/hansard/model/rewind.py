"""Rewinding a session: which messages are taken away, and what became of it."""

from __future__ import annotations

from msgspec import Struct

from hansard.model.item import Item
from hansard.model.message import Message
from hansard.model.session import Session


class Cut(Struct, frozen=True):
    """What is taken away: all messages behind the seq ``after``, or else the last ``count``.

    Refused where the session is not at ``expected_seq``.
    """

    after: int | None = None
    count: int = 0
    expected_seq: int | None = None


class Rewound(Struct, frozen=True):
    """What was taken away, in order, and what was put in its place."""

    session: Session
    removed: list[tuple[Message, Item | None]]
    added: list[Message]
