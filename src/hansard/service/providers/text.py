"""The text of a part, the same for every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hansard.model.context import Turn
    from hansard.model.parts import Part

PLACEHOLDER = "[The conversation begins without a message of the user.]"


def words_of(part: Part) -> str:
    """The text of a text or refusal part; empty for any other part, and for blank text."""
    if part.type not in {"text", "refusal"}:
        return ""
    words = part.content if part.content is not None else part.refusal
    return words if isinstance(words, str) and words.strip() else ""


def words_of_turn(turn: Turn) -> str:
    return "\n".join(words for part in turn.parts if (words := words_of(part)))
