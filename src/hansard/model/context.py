"""What a model is given of a session: the newest messages that fit, as its provider takes them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hansard.model.message import Message
from hansard.model.parts import Part
from hansard.model.session import Session

Format = Literal["native", "openai", "anthropic", "gemini"]
Reason = Literal[
    "call_missing",
    "unanswered_call",
    "before_first_user",
    "reasoning",
    "empty",
    "not_supported",
    "shortened",
]


class ContextQuery(Struct, frozen=True, kw_only=True):
    """At most ``messages`` messages and ``tokens`` estimated tokens, for one provider's ``format``.

    The system messages that begin the session always stay, and count.
    """

    messages: int | None = None
    tokens: int | None = None
    format: Format = "native"


class Turn(Struct, frozen=True):
    """A message of the context with the parts that stay.

    ``indexes`` says which of the stored parts each one is. ``shortened`` holds the indexes of those
    whose texts were cut.
    """

    message: Message
    parts: list[Part]
    indexes: list[int]
    tokens: int
    shortened: frozenset[int] = frozenset()


class Dropped(Struct, frozen=True):
    """A message, or some of its parts, that is missing or shortened among those kept."""

    seq: int
    message_id: str
    reason: Reason
    whole: bool


class Context(Struct, frozen=True):
    """``turns`` in order, each tool call directly before its answer; ``tokens`` are estimated.

    ``task`` is the seq of the user's message that began the first turn, where older messages
    between it and ``first_seq`` did not fit. ``older`` counts what did not fit; ``dropped`` names
    what else is missing. ``placeholder`` says that no user spoke, so that a renderer that needs a
    user in front puts one there.
    """

    session: Session
    system: list[Turn]
    turns: list[Turn]
    tokens: int
    first_seq: int | None
    older: int
    dropped: list[Dropped]
    task: int | None = None
    placeholder: bool = False
