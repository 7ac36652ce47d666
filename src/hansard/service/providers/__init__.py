"""Contexts in the formats of OpenAI, Anthropic and Gemini, one file for each provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hansard.model.parts import Part
from hansard.service.providers import anthropic, gemini, openai
from hansard.service.providers.media import MEDIA
from hansard.service.providers.text import words_of

if TYPE_CHECKING:
    from hansard.model import Message
    from hansard.model.context import Context, Reason

_REASONING = frozenset({"reasoning", "redacted_thinking"})
_WORDS = frozenset({"text", "refusal"})
_CALLS = frozenset({"tool_call", "tool_call_response"})


class Provider(Struct, frozen=True):
    """What one provider accepts.

    ``render`` gives the fields of a request that hold the conversation. ``user_first`` means that
    a user must speak first. ``keeps_reasoning`` says whether a reasoning part goes back to the
    model inside an open tool turn.
    """

    render: Callable[[Context], dict[str, Any]]
    user_first: bool
    keeps_reasoning: Callable[[Message, Part], bool]

    def lacks(self, message: Message, part: Part, *, is_open: bool) -> Reason | None:
        """Why the provider does not get this part; None when it does."""
        if part.type in _REASONING:
            keeps = (
                is_open
                and message.known_role == "assistant"
                and self.keeps_reasoning(message, part)
            )
            return None if keeps else "reasoning"
        if part.type in _WORDS:
            return None if words_of(part) else "empty"
        return None if part.type in MEDIA or part.type in _CALLS else "not_supported"


PROVIDERS: dict[str, Provider] = {
    "openai": Provider(openai.render, False, openai.keeps_reasoning),  # noqa: FBT003 - Struct fields
    "anthropic": Provider(anthropic.render, True, anthropic.keeps_reasoning),  # noqa: FBT003 - as above
    "gemini": Provider(gemini.render, True, gemini.keeps_reasoning),  # noqa: FBT003 - as above
}
