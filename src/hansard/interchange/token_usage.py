"""Cached and reasoning tokens in the many spellings of their providers.

Our input includes what a cache held and took in, our output includes reasoning, as OpenTelemetry
counts. Anthropic counts its cache beside the input, Gemini its thoughts beside the output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.interchange.records import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hansard.interchange.content.text import Json

_ANTHROPIC = ("cache_read_input_tokens", "cache_creation_input_tokens")
_DETAILS = {
    "cache_read_tokens": (
        "cache_read_tokens",
        "cache_read_input_tokens",
        "cached_input_tokens",
        "input_cached_tokens",
        "cached_tokens",
        "prompt_tokens_details.cached_tokens",
        "input_tokens_details.cached_tokens",
        "input_token_details.cache_read",
        "inputTokenDetails.cacheReadTokens",
        "cachedContentTokenCount",
        "cached_content_token_count",
        "cacheReadTokens",
        "cachedInputTokens",
        "cache.read",
        "cached",
    ),
    "cache_write_tokens": (
        "cache_write_tokens",
        "cache_creation_input_tokens",
        "input_token_details.cache_creation",
        "inputTokenDetails.cacheWriteTokens",
        "cacheWriteTokens",
        "cache.write",
    ),
    "reasoning_tokens": (
        "reasoning_tokens",
        "reasoning_output_tokens",
        "output_reasoning_tokens",
        "completion_tokens_details.reasoning_tokens",
        "output_tokens_details.reasoning_tokens",
        "output_token_details.reasoning",
        "outputTokenDetails.reasoningTokens",
        "thoughtsTokenCount",
        "thoughts_token_count",
        "reasoningTokens",
        "reasoning",
        "thoughts",
    ),
}


def details_of(usage: Json) -> dict[str, Any]:
    """The cached and reasoning tokens of a usage, by the names of a message's fields."""
    if not usage:
        return dict.fromkeys(_DETAILS, 0)
    return {field: _first(usage, paths) for field, paths in _DETAILS.items()}


def whole_input(usage: Json, *names: str) -> int:
    """The input tokens under the first of the names.

    With those that Anthropic counts beside them.
    """
    return sum(counted(usage.get(name)) for name in _ANTHROPIC) + _first(usage, names)


def whole_output(usage: Json, *names: str) -> int:
    """The output tokens under the first of the names, with those that Gemini counts beside them."""
    thoughts = _first(usage, ("thoughtsTokenCount", "thoughts_token_count"))
    return thoughts + _first(usage, names)


def _first(usage: Json, paths: Iterable[str]) -> int:
    for path in paths:
        value: object = usage
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if number := counted(value):
            return number
    return 0
