"""A context holds what fits, and whatever the transcript, no provider refuses it."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from hansard.model import Message, Session
from hansard.model.context import ContextQuery
from hansard.model.parts import decode, text_of
from hansard.service.context import choose
from hansard.service.providers import PROVIDERS
from hansard.service.token_estimate import estimate
from hansard.store.verbs.transcripts import Tail

IDS = st.sampled_from(["call_a", "call_b", "call:c", None])
TEXTS = st.sampled_from(["", " ", "hello", "a longer answer " * 5, "東京"])
PARTS = st.one_of(
    st.builds(lambda text: {"type": "text", "content": text}, TEXTS),
    st.builds(
        lambda ident, arguments: {
            "type": "tool_call",
            "id": ident,
            "name": "look",
            "arguments": arguments,
        },
        IDS,
        st.sampled_from([{}, "{}", "x", None, [1]]),
    ),
    st.builds(
        lambda ident, response: {"type": "tool_call_response", "id": ident, "response": response},
        IDS,
        st.sampled_from([{"a": 1}, "text", None, []]),
    ),
    st.just({"type": "reasoning", "content": "hm"}),
    st.just(
        {
            "type": "uri",
            "uri": "https://x.test/a.png",
            "modality": "image",
            "mime_type": "image/png",
        }
    ),
    st.just({"type": "blob", "content": "aGk=", "mime_type": "audio/wav", "modality": "audio"}),
    st.just({"type": "unheard_of", "future": True}),
)
TRANSCRIPTS = st.lists(
    st.tuples(
        st.sampled_from(["system", "user", "assistant", "tool"]),
        st.lists(PARTS, min_size=1, max_size=3),
    ),
    max_size=12,
)
USER_FIRST = ("anthropic", "gemini")
EMPTY: dict[str, Any] = dict.fromkeys(Session.__struct_fields__)


def session(count: int) -> Session:
    return Session(
        **EMPTY | {"workspace_id": "w", "id": "s", "message_count": count, "last_seq": count}
    )


def transcript(turns: list[tuple[str, list[dict[str, Any]]]]) -> list[Message]:
    return [
        Message(
            "s",
            seq,
            f"msg_{seq}",
            None,
            role,
            None,
            None,
            None,
            None,
            0,
            0,
            0,
            0,
            0,
            0,
            seq,
            Raw(msgspec.json.encode(parts)),
            Raw(b"{}"),
        )
        for seq, (role, parts) in enumerate(turns, 1)
    ]


def context(
    turns: list[tuple[str, list[dict[str, Any]]]], query: ContextQuery, *, keep: int | None = None
) -> Any:
    """The context of a transcript of which the last ``keep`` messages are read."""
    messages = transcript(turns)
    opening = list(takewhile(lambda message: message.role == "system", messages))
    newest = messages if keep is None else messages[-keep:]
    earlier = messages[: len(messages) - len(newest)]
    task = next(
        (
            message
            for message in reversed(earlier)
            if message.role == "user" and text_of(decode(message.parts)).strip()
        ),
        None,
    )
    task = task if query.format in USER_FIRST else None
    return choose(Tail(session(len(messages)), opening, newest, task), query)


def rendered(
    provider: str,
    turns: list[tuple[str, list[dict[str, Any]]]],
    keep: int | None = None,
    **limits: Any,
) -> dict[str, Any]:
    query = ContextQuery(format=provider, **limits)  # type: ignore[arg-type]  # one of the names
    return PROVIDERS[provider].render(context(turns, query, keep=keep))


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def call(ident: str) -> dict[str, Any]:
    return {"type": "tool_call", "id": ident, "name": "look", "arguments": {"q": 1}}


def answer(ident: str) -> dict[str, Any]:
    return {"type": "tool_call_response", "id": ident, "response": {"found": 1}}


def check_openai(request: dict[str, Any]) -> None:
    waiting: list[str] = []
    for message in request["messages"]:
        if message["role"] == "tool":
            assert message["tool_call_id"] in waiting
            waiting.remove(message["tool_call_id"])
            assert isinstance(message["content"], str)
            continue
        assert not waiting, "a tool call is followed by its results"
        assert message["content"] or message.get("tool_calls")
        waiting = [item["id"] for item in message.get("tool_calls", [])]
        assert len(set(waiting)) == len(waiting)
        assert all(
            isinstance(item["function"]["arguments"], str) for item in message.get("tool_calls", [])
        )
    assert not waiting


def check_anthropic(request: dict[str, Any]) -> None:
    uses: list[str] = []
    for index, message in enumerate(request["messages"]):
        assert message["role"] == ("assistant" if index % 2 else "user")
        results = [
            block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"
        ]
        assert sorted(results) == sorted(uses)
        assert [block["type"] for block in message["content"][: len(results)]] == [
            "tool_result"
        ] * len(results)
        uses = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", use) for use in uses)
        assert all(block["text"].strip() for block in message["content"] if block["type"] == "text")
        assert all(
            isinstance(block["input"], dict)
            for block in message["content"]
            if block["type"] == "tool_use"
        )
        assert message["content"]
    assert not uses


def check_gemini(request: dict[str, Any]) -> None:
    calls = 0
    for index, content in enumerate(request["contents"]):
        assert content["role"] == ("model" if index % 2 else "user")
        responses = [
            part["functionResponse"] for part in content["parts"] if "functionResponse" in part
        ]
        assert len(responses) == calls
        assert all(
            isinstance(response["response"], dict) and response["name"] for response in responses
        )
        calls = sum("functionCall" in part for part in content["parts"])
    assert calls == 0


CHECKS = {"openai": check_openai, "anthropic": check_anthropic, "gemini": check_gemini}


@settings(max_examples=300)
@given(
    TRANSCRIPTS, st.integers(1, 12), st.one_of(st.none(), st.integers(1, 80)), st.integers(1, 12)
)
def test_no_provider_refuses_a_context(
    turns: list[tuple[str, list[dict[str, Any]]]], messages: int, tokens: int | None, keep: int
) -> None:
    for provider, check in CHECKS.items():
        check(rendered(provider, turns, keep, messages=messages, tokens=tokens))


def test_a_call_behind_a_user_who_says_nothing_goes_with_its_answer() -> None:
    turns = [
        ("user", [text(" ")]),
        ("assistant", [call("a")]),
        ("user", [answer("a")]),
        ("user", [text("hello")]),
    ]
    assert rendered("anthropic", turns, messages=12) == {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    }


@settings(max_examples=200)
@given(TRANSCRIPTS, st.integers(1, 80))
def test_a_budget_is_kept_and_the_manifest_adds_up(
    turns: list[tuple[str, list[dict[str, Any]]]], tokens: int
) -> None:
    built = context(turns, ContextQuery(tokens=tokens))
    opening = sum(turn.tokens for turn in built.system)
    least = sum(4 + 16 * len(turn.parts) for turn in built.turns)
    assert built.tokens <= max(tokens, opening + least)
    kept = {turn.message.seq for turn in (*built.system, *built.turns)}
    gone = {item.seq for item in built.dropped if item.whole}
    assert not kept & gone
    assert len(kept) + len(gone) + built.older == len(turns)


def test_a_call_and_its_answer_stay_together_or_go_together() -> None:
    turns = [
        ("user", [text("a")]),
        ("assistant", [call("x")]),
        ("tool", [answer("x")]),
        ("assistant", [text("b")]),
    ]
    built = context(turns, ContextQuery(messages=3))
    assert [turn.message.seq for turn in built.turns] == [2, 3, 4]
    built = context(turns, ContextQuery(messages=2))
    assert [turn.message.seq for turn in built.turns] == [4]
    assert built.older == 3


def test_the_opening_system_message_always_stays() -> None:
    turns = [
        ("system", [text("be kind")]),
        *[("user", [text(str(number))]) for number in range(10)],
    ]
    assert rendered("openai", turns, 5, messages=2)["messages"] == [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "8"},
        {"role": "user", "content": "9"},
    ]
    assert rendered("anthropic", turns, 5, messages=2)["system"] == "be kind"
    gemini = rendered("gemini", turns, 5, messages=2)
    assert gemini["systemInstruction"] == {"parts": [{"text": "be kind"}]}
    assert context(turns, ContextQuery(messages=2), keep=5).older == 8


def test_what_had_to_go_is_named() -> None:
    turns = [
        ("user", [text("a")]),
        ("tool", [answer("nobody asked")]),
        ("assistant", [text("b"), call("open")]),
    ]
    built = context(turns, ContextQuery(messages=10))
    assert [(item.seq, item.reason, item.whole) for item in built.dropped] == [
        (2, "call_missing", True),
        (3, "unanswered_call", False),
    ]


def test_an_answer_that_came_late_is_put_behind_its_call() -> None:
    turns = [
        ("user", [text("a")]),
        ("assistant", [call("x")]),
        ("user", [text("hurry")]),
        ("tool", [answer("x")]),
    ]
    roles = [message["role"] for message in rendered("openai", turns, messages=10)["messages"]]
    assert roles == ["user", "assistant", "tool", "user"]


def test_tokens_are_estimated_by_script() -> None:
    assert [estimate(text) for text in ("", "a", "abcd", "abcde", "東京", "ab東")] == [
        0,
        1,
        1,
        2,
        2,
        2,
    ]
