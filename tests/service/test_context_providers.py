"""A context is never empty, and the providers' own request types accept it."""

from __future__ import annotations

import base64
import struct
from typing import Any

import msgspec
import pytest
from anthropic.types import MessageParam
from google.genai.types import Content
from openai.types.chat import ChatCompletionMessageParam
from pydantic import TypeAdapter, ValidationError

from hansard.model.context import ContextQuery
from hansard.service.token_estimate import estimate
from tests.service.test_context import answer, call, context, rendered, text

PROVIDER_NAMES = ("openai", "anthropic", "gemini")
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 1200, 800) + b"\0" * 700_000
).decode()
PHOTO = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": PNG}
PHOTO_URI = {"type": "uri", "modality": "image", "uri": f"data:image/png;base64,{PNG}"}
Turns = list[tuple[str, list[dict[str, Any]]]]

OPENAI = TypeAdapter(ChatCompletionMessageParam)
ANTHROPIC = TypeAdapter(MessageParam)


def judged(provider: str, request: dict[str, Any]) -> dict[str, Any]:
    """The request, which the provider's own types accept and which has messages."""
    messages = request["contents" if provider == "gemini" else "messages"]
    assert messages
    for message in messages:
        match provider:
            case "openai":
                OPENAI.validate_python(message)
            case "anthropic":
                ANTHROPIC.validate_python(message)
            case "gemini":
                Content.model_validate(message)
    return request


def test_the_judges_refuse_what_the_providers_refuse() -> None:
    wrong: dict[str, Any] = {"role": "nobody", "content": [{"type": "made_up"}]}
    for provider in ("openai", "anthropic"):
        with pytest.raises(ValidationError):
            judged(provider, {"messages": [wrong]})
    with pytest.raises(ValidationError):
        judged("gemini", {"contents": [{"role": "user", "parts": [{"made_up": 1}]}]})


def tool_turn(calls: int) -> Turns:
    """A user's task, then so many calls with their answers."""
    turns: Turns = [("user", [text("count the boxes")])]
    for number in range(calls):
        turns += [("assistant", [call(f"c{number}")]), ("tool", [answer(f"c{number}")])]
    return turns


@pytest.mark.parametrize("provider", ["anthropic", "gemini"])
@pytest.mark.parametrize(("messages", "keep"), [(50, None), (50, 60), (3, 20), (1, 2)])
def test_a_long_tool_turn_begins_with_the_users_task(
    provider: str, messages: int, keep: int | None
) -> None:
    turns = tool_turn(30)
    request = judged(provider, rendered(provider, turns, keep, messages=messages))
    first = request["contents" if provider == "gemini" else "messages"][0]
    assert first["role"] == "user"
    assert "count the boxes" in str(first)
    built = context(turns, ContextQuery(messages=messages, format=provider), keep=keep)  # type: ignore[arg-type]  # a name
    assert built.task == 1
    assert len({turn.message.seq for turn in built.turns}) + built.older == len(turns)
    assert len(built.turns) <= max(messages, 3)


@pytest.mark.parametrize("provider", [*PROVIDER_NAMES, "native"])
def test_the_newest_message_is_shortened_where_it_is_larger_than_the_budget(provider: str) -> None:
    turns: Turns = [
        ("user", [text("read the log")]),
        ("assistant", [call("a")]),
        (
            "tool",
            [
                {
                    "type": "tool_call_response",
                    "id": "a",
                    "response": "begin " + "x" * 200_000 + " end",
                }
            ],
        ),
    ]
    built = context(turns, ContextQuery(tokens=4000, format=provider))  # type: ignore[arg-type]  # a name
    assert 3000 < built.tokens <= 4000
    assert [(entry.seq, entry.reason, entry.whole) for entry in built.dropped] == [
        (3, "shortened", False)
    ]
    if provider != "native":
        shown = str(judged(provider, rendered(provider, turns, tokens=4000)))
        assert "begin" in shown
        assert "end" in shown
        assert "characters left out" in shown


def test_long_arguments_stay_an_object_when_they_are_shortened() -> None:
    turns: Turns = [
        ("user", [text("write it")]),
        (
            "assistant",
            [
                {
                    "type": "tool_call",
                    "id": "a",
                    "name": "write",
                    "arguments": {"path": "a.txt", "body": "y" * 100_000},
                }
            ],
        ),
        ("tool", [answer("a")]),
    ]
    request = judged("anthropic", rendered("anthropic", turns, tokens=1000))
    arguments = request["messages"][1]["content"][0]["input"]
    assert arguments["path"] == "a.txt"
    assert "characters left out" in arguments["body"]


@pytest.mark.parametrize("photo", [PHOTO, PHOTO_URI], ids=["blob", "data URI"])
def test_an_image_counts_by_its_size_whichever_way_it_is_stored(photo: dict[str, Any]) -> None:
    built = context([("user", [text("what is it?"), photo])], ContextQuery(messages=5))
    assert built.tokens == 4 + estimate("what is it?") + 1200 * 800 // 750


@pytest.mark.parametrize("photo", [PHOTO, PHOTO_URI], ids=["blob", "data URI"])
def test_an_image_goes_as_each_provider_takes_it(photo: dict[str, Any]) -> None:
    turns: Turns = [("user", [text("what is it?"), photo])]
    blocks = {name: judged(name, rendered(name, turns, messages=5)) for name in PROVIDER_NAMES}
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    assert blocks["anthropic"]["messages"][0]["content"][1] == {"type": "image", "source": source}
    assert blocks["gemini"]["contents"][0]["parts"][1] == {
        "inlineData": {"mimeType": "image/png", "data": PNG}
    }
    assert blocks["openai"]["messages"][0]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{PNG}"},
    }


@pytest.mark.parametrize(
    "block",
    [
        PHOTO,
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "image", "data": PNG, "mimeType": "image/png"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"},
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
        f"data:image/png;base64,{PNG}",
    ],
    ids=["hansard", "anthropic", "mcp", "openai", "responses", "gemini", "data URI"],
)
def test_an_image_in_an_answer_is_an_image_or_a_word(block: Any) -> None:
    response = [{"type": "text", "text": "the photo"}, block]
    turns: Turns = [
        ("user", [text("show it")]),
        ("assistant", [call("a")]),
        ("tool", [{"type": "tool_call_response", "id": "a", "response": response}]),
    ]
    requests = {name: judged(name, rendered(name, turns, messages=9)) for name in PROVIDER_NAMES}
    result = requests["anthropic"]["messages"][2]["content"][0]["content"]
    assert [piece["type"] for piece in result] == ["text", "image"]
    assert result[1]["source"]["data"] == PNG
    for name in ("openai", "gemini"):
        shown = str(requests[name])
        assert "the photo" in shown
        assert "[image: " in shown
        assert PNG[:60] not in shown
    assert context(turns, ContextQuery(messages=9)).tokens < 2000


@pytest.mark.parametrize("image", ["no base64!", PNG[:-1]])
def test_an_image_that_cannot_be_loaded_is_a_word(image: str) -> None:
    turns: Turns = [("user", [text("see"), {**PHOTO, "content": image}])]
    for name in PROVIDER_NAMES:
        assert "[image: image/png]" in str(judged(name, rendered(name, turns, messages=5)))


def test_an_assistants_image_is_a_word_where_the_provider_takes_none() -> None:
    turns: Turns = [("user", [text("draw")]), ("assistant", [text("here"), PHOTO])]
    for name in ("openai", "anthropic"):
        assert "[image: image/png]" in str(judged(name, rendered(name, turns, messages=5)))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"command": "ls', {"value": '{"command": "ls'}),
        ("", {}),
        (None, {}),
        ("{}", {}),
        ('{"q": 1}', {"q": 1}),
        ([1, 2], {"value": [1, 2]}),
        (7, {"value": 7}),
        ("7", {"value": 7}),
        ({"q": None}, {"q": None}),
    ],
)
def test_arguments_are_a_json_object_in_every_format(
    arguments: Any, expected: dict[str, Any]
) -> None:
    part = {"type": "tool_call", "id": "a", "name": "sh", "arguments": arguments}
    turns: Turns = [("user", [text("run")]), ("assistant", [part]), ("tool", [answer("a")])]
    requests = {name: judged(name, rendered(name, turns, messages=9)) for name in PROVIDER_NAMES}
    function = requests["openai"]["messages"][1]["tool_calls"][0]["function"]
    assert msgspec.json.decode(function["arguments"]) == expected
    assert requests["anthropic"]["messages"][1]["content"][0]["input"] == expected
    assert requests["gemini"]["contents"][1]["parts"][0]["functionCall"]["args"] == expected


@pytest.mark.parametrize("provider", PROVIDER_NAMES)
def test_a_refusal_keeps_its_words_and_an_empty_turn_is_named(provider: str) -> None:
    turns: Turns = [
        ("user", [text("do it")]),
        ("assistant", [{"type": "refusal", "refusal": "I cannot do that."}]),
        ("user", [text("and now?")]),
        ("assistant", [text("  ")]),
        ("user", [text("well?")]),
        ("assistant", [{"type": "unheard_of", "x": 1}]),
    ]
    assert "I cannot do that." in str(judged(provider, rendered(provider, turns, messages=9)))
    built = context(turns, ContextQuery(messages=9, format=provider))  # type: ignore[arg-type]  # a name
    assert [(entry.seq, entry.reason, entry.whole) for entry in built.dropped] == [
        (4, "empty", True),
        (6, "not_supported", True),
    ]


THOUGHT = {"type": "reasoning", "content": "hm, the boxes", "signature": "EqQBCkYIAxgC"}


def test_signed_reasoning_stays_in_the_open_turn_of_its_provider() -> None:
    turns: Turns = [
        ("user", [text("first")]),
        ("assistant", [THOUGHT, text("done")]),
        ("user", [text("second")]),
        ("assistant", [THOUGHT, call("a")]),
        ("tool", [answer("a")]),
    ]
    request = judged("anthropic", rendered("anthropic", turns, messages=9))
    assert [block["type"] for block in request["messages"][1]["content"]] == ["text"]
    assert request["messages"][3]["content"][0] == {
        "type": "thinking",
        "thinking": "hm, the boxes",
        "signature": "EqQBCkYIAxgC",
    }
    built = context(turns, ContextQuery(messages=9, format="anthropic"))
    assert [(entry.seq, entry.reason, entry.whole) for entry in built.dropped] == [
        (2, "reasoning", False)
    ]
    assert "hm, the boxes" not in str(rendered("openai", turns, messages=9))
    assert "hm, the boxes" not in str(rendered("gemini", turns, messages=9))


def test_a_transcript_without_a_user_gets_a_placeholder_in_front() -> None:
    turns: Turns = [("assistant", [text("Welcome!")]), ("assistant", [text("Anyone?")])]
    for provider in ("anthropic", "gemini"):
        request = judged(provider, rendered(provider, turns, messages=9))
        messages = request["contents" if provider == "gemini" else "messages"]
        assert messages[0]["role"] == "user"
        assert "without a message of the user" in str(messages[0])
        assert "Welcome!" in str(messages[1])


@pytest.mark.parametrize("provider", PROVIDER_NAMES)
@pytest.mark.parametrize(
    "turns",
    [
        [("system", [text("be kind")])],
        [("developer", [text("be kind")]), ("assistant", [text(" ")])],
        [("user", [text(" \n")])],
        [("assistant", [call("a")])],
        [("tool", [answer("a")])],
        [("system", [text(" ")]), ("assistant", [{"type": "hologram"}])],
    ],
)
@pytest.mark.parametrize("limits", [{"messages": 9}, {"tokens": 1}])
def test_a_transcript_of_which_no_message_can_be_sent_is_not_empty(
    provider: str, turns: Turns, limits: dict[str, int]
) -> None:
    judged(provider, rendered(provider, turns, **limits))
    built = context(turns, ContextQuery(format=provider, **limits))  # type: ignore[arg-type]  # a name
    assert built.placeholder or built.system or built.turns


@pytest.mark.parametrize("provider", PROVIDER_NAMES)
def test_sixty_parallel_calls_are_accepted_within_a_budget(provider: str) -> None:
    calls = [call(f"c{number}") for number in range(60)]
    answers = [("tool", [answer(f"c{number}")]) for number in reversed(range(60))]
    turns: Turns = [("user", [text("all of them")]), ("assistant", calls), *answers]
    for limits in ({"messages": 50}, {"tokens": 2500}, {"messages": 5, "tokens": 3000}):
        request = judged(provider, rendered(provider, turns, **limits))
        assert str(request).count("'found': 1") + str(request).count('"found":1') == 60
