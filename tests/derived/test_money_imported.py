"""Cached and reasoning tokens come in with an import, whatever the format calls them."""

from __future__ import annotations

from typing import Any

import pytest

from hansard.interchange.records import SessionRecord
from hansard.interchange.token_usage import details_of, whole_input, whole_output
from hansard.model.usage import SUMS
from tests.interchange.reading import read_json


@pytest.mark.parametrize(
    "usage",
    [
        {
            "prompt_tokens_details": {"cached_tokens": 60},
            "completion_tokens_details": {"reasoning_tokens": 8},
        },
        {
            "input_tokens_details": {"cached_tokens": 60},
            "output_tokens_details": {"reasoning_tokens": 8},
        },
        {"cached_input_tokens": 60, "reasoning_output_tokens": 8},
        {"cachedContentTokenCount": 60, "thoughtsTokenCount": 8},
        {"cacheReadTokens": 60, "reasoningTokens": 8},
        {"input_token_details": {"cache_read": 60}, "output_token_details": {"reasoning": 8}},
        {"cache": {"read": 60}, "reasoning": 8},
        {"cached": 60, "thoughts": 8},
        {
            "inputTokenDetails": {"cacheReadTokens": 60},
            "outputTokenDetails": {"reasoningTokens": 8},
        },
    ],
)
def test_money_of_an_import_knows_every_spelling(usage: dict[str, Any]) -> None:
    details = details_of(usage)
    assert (details["cache_read_tokens"], details["reasoning_tokens"]) == (60, 8)


def test_money_of_an_import_counts_parts_in_the_whole() -> None:
    anthropic = {
        "input_tokens": 10,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 30,
    }
    assert whole_input(anthropic, "prompt_tokens", "input_tokens") == 100
    assert details_of(anthropic)["cache_write_tokens"] == 30
    gemini = {"candidatesTokenCount": 12, "thoughtsTokenCount": 8}
    assert whole_output(gemini, "candidatesTokenCount") == 20


@pytest.mark.parametrize("junk", [None, "x", -1, [], {"cached_tokens": {}}, 1.5])
def test_money_of_an_import_passes_over_what_is_no_number(junk: object) -> None:
    usage = {"cached_tokens": junk, "prompt_tokens_details": junk, "cache": junk}
    assert set(details_of(usage).values()) <= {0, 1}


def test_money_of_an_import_reaches_the_message() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 8},
    }
    messages = [
        {"role": "user", "content": "Where is it?"},
        {"role": "assistant", "content": "On its way.", "usage": usage},
    ]
    (session,) = read_json({"messages": messages})
    assert isinstance(session, SessionRecord)
    answer = list(session.messages)[-1]
    assert [getattr(answer, name) for name in SUMS] == [100, 20, 60, 0, 8, 0]
