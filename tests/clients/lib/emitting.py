"""What a script of `emitters/` shares: the exporter's settings, and what must stand in Hansard."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any, NoReturn

import scripted_model
from checks import KEY, URL, check, done, expect
from scripted_model import INPUT_TOKENS, MODEL, OUTPUT_TOKENS, TURNS, WEATHER_TURN, answer

SESSION, USER = "thread-9", "ada"
_CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_WEATHER = {"type": "function", "function": {"name": "weather", "parameters": _CITY}}


def configure() -> None:
    """The variables that the documentation names, before the library is imported."""
    os.environ |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": URL,
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{KEY}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OPENAI_API_KEY": "not-needed",
    }


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"sunny in {city}"


def expect_conversation(
    *, model: str = MODEL, system: str | None = scripted_model.SYSTEM
) -> NoReturn:
    """Six turns, a tool's call and its answer, each once, with roles, usage and model; exit."""
    with check("the session has each message once, in order, with its role"):
        expect(_shown(_messages(SESSION)), list(_expected(system)))
    messages = _messages(SESSION)
    answers = [message for message in messages if message["role"] == "assistant"]
    with check("the tool's call and its answer belong together"):
        (call,) = [part for part in _parts(messages) if part["type"] == "tool_call"]
        (response,) = [part for part in _parts(messages) if part["type"] == "tool_call_response"]
        expect((call["name"], _json(call["arguments"])), ("weather", {"city": "Oslo"}))
        expect(response["id"], call["id"])
        assert "sunny in Oslo" in json.dumps(response["response"])
    with check("each answer has its model and its tokens"):
        used = [(each["model"], *_tokens(each["usage"])) for each in answers]
        expect(used, [(model, INPUT_TOKENS, OUTPUT_TOKENS)] * (len(TURNS) + 1))
    head = _read(f"/v1/sessions/{SESSION}")
    with check("the session has the end user, the model and the sum of the tokens"):
        expect(head["user"], USER)
        expect(head["model"], model)
        calls = len(TURNS) + 1
        expect(head["input_tokens"], calls * INPUT_TOKENS)
        expect(head["output_tokens"], calls * OUTPUT_TOKENS)
    with check("there is no other session"):
        expect([each["id"] for each in _read("/v1/sessions")["data"]], [SESSION])
    done()


def _expected(system: str | None) -> Any:
    if system is not None:
        yield "system", system
    for turn, text in enumerate(TURNS, 1):
        yield "user", text
        if turn == WEATHER_TURN:
            yield "assistant", "calls weather"
            yield "tool", "tool answered"
        yield "assistant", answer(turn)


def _shown(messages: list[Any]) -> list[tuple[str, str]]:
    """Each message by its role and what it holds."""
    words = {"tool_call": "calls weather", "tool_call_response": "tool answered"}
    return [
        (
            message["role"],
            " ".join(
                words.get(part["type"]) or part.get("content", "") for part in message["parts"]
            ),
        )
        for message in messages
    ]


def _parts(messages: list[Any]) -> list[Any]:
    return [part for message in messages for part in message["parts"]]


def _tokens(usage: Any) -> tuple[int, int]:
    return usage["input_tokens"], usage["output_tokens"]


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _messages(session: str) -> list[Any]:
    return _read(f"/v1/sessions/{session}/messages?limit=200")["data"]


def _read(path: str) -> Any:
    headers = {"Authorization": f"Bearer {KEY}"}
    request = urllib.request.Request(URL + path, headers=headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request) as answered:  # noqa: S310 - as above
        return json.load(answered)


def converse(client: Any) -> None:
    """The conversation over a client of OpenAI's SDK; each call sends the whole history."""
    messages: list[Any] = [{"role": "system", "content": scripted_model.SYSTEM}]
    for text in TURNS:
        messages.append({"role": "user", "content": text})
        while True:
            completion = client.chat.completions.create(
                model=MODEL, messages=messages, tools=[_WEATHER]
            )
            message = completion.choices[0].message
            messages.append(message.to_dict())
            if not message.tool_calls:
                break
            for call in message.tool_calls:
                result = weather(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
