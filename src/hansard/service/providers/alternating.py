"""Messages with alternating roles, as Anthropic and Gemini require."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hansard.model.parts import Part
from hansard.service.providers.text import PLACEHOLDER, words_of_turn

if TYPE_CHECKING:
    from hansard.model.context import Context

Block = Callable[[Part, str, dict[str | None, str | None]], dict[str, Any] | None]
"""Encodes a part of a message by ``role``; the third value has the tools' names by call id."""


def alternating(
    context: Context, assistant: str, field: str, encode: Block
) -> list[dict[str, Any]]:
    """Messages with the roles ``user`` and ``assistant``, their blocks in ``field``.

    Neighbours of the same role are joined, and tool answers come first in their message. A turn
    without a block is left out. Where no user speaks first, a placeholder does.
    """
    messages: list[dict[str, Any]] = []
    names: dict[str | None, str | None] = {}
    if context.placeholder:
        text = encode(Part(type="text", content=PLACEHOLDER), "user", names)
        messages.append({"role": "user", field: [text]})
    for turn in context.turns:
        if turn.message.known_role == "system":
            continue
        names |= {part.id: part.name for part in turn.parts if part.type == "tool_call"}
        role = assistant if turn.message.known_role == "assistant" else "user"
        blocks = [block for part in turn.parts if (block := encode(part, role, names)) is not None]
        if blocks and messages and messages[-1]["role"] == role:
            messages[-1][field] += blocks
        elif blocks:
            messages.append({"role": role, field: blocks})
    return messages


def system_texts(context: Context) -> list[str]:
    """The text of the opening system messages and of those among the turns, in order."""
    later = (turn for turn in context.turns if turn.message.known_role == "system")
    return [words for turn in (*context.system, *later) if (words := words_of_turn(turn))]
