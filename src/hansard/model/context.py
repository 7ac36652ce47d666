"""What of a session a model is given: the newest messages that fit, legal for the provider, and what had to go."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hansard.model.message import Message
from hansard.model.parts import Part
from hansard.model.session import Session

Reason = Literal["call_missing", "unanswered_call", "before_first_user"]


class ContextQuery(Struct, frozen=True, kw_only=True):
    """At most so many ``messages`` and so many estimated ``tokens``; ``user_first`` lets a user speak first.

    The system messages that begin the session always stay, and count.
    """

    messages: int | None = None
    tokens: int | None = None
    user_first: bool = False


class Turn(Struct, frozen=True):
    """A message of the context with the parts that may stay."""

    message: Message
    parts: list[Part]
    tokens: int


class Dropped(Struct, frozen=True):
    """A message, or some parts of it, that had to go from among those kept."""

    seq: int
    message_id: str
    reason: Reason
    whole: bool


class Context(Struct, frozen=True):
    """``turns`` in order, the answers to tool calls right behind their calls; ``tokens`` are estimated.

    ``older`` messages did not fit, those before ``first_seq`` and what belongs to them; ``dropped`` names the others.
    """

    session: Session
    system: list[Turn]
    turns: list[Turn]
    tokens: int
    first_seq: int | None
    older: int
    dropped: list[Dropped]
