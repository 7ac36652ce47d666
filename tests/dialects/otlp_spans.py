"""A conversation of six turns with a tool call, spans that tell of it, and requests of OTLP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
MODEL = "gpt-fake-2"
START = 1_760_000_000_000_000_000
SECOND = 1_000_000_000
TURNS = ["Good day", "Weather in Oslo?", "And in Bergen?", "Thanks", "Yes", "Goodbye"]
"""What the user says."""
CALL_ID = "call_1"


@dataclass(frozen=True)
class Message:
    """One message: a text, a call of a tool, or its answer."""

    role: str
    text: str = ""
    call: str | None = None
    response: str | None = None


@dataclass(frozen=True)
class Called:
    """One call of a model: its turn, what it was sent, what it answered."""

    turn: int
    number: int
    sent: tuple[Message, ...]
    answer: Message


@dataclass
class Record:
    """A span, or with ``event`` a log record of a span."""

    trace: str
    span: str
    parent: str = ""
    start: int = 0
    end: int = 0
    attributes: Json = field(default_factory=dict)
    events: list[tuple[str, Json]] = field(default_factory=list)
    event: str | None = None
    scope: str = "made.up"
    status: Json = field(default_factory=dict)


def conversation() -> Iterator[Called]:
    """The calls of the model, each with the whole history."""
    history: list[Message] = [Message("system", "Be kind.")]
    number = 0
    for turn, text in enumerate(TURNS):
        history.append(Message("user", text))
        if turn == 1:
            answer = Message("assistant", call=CALL_ID)
            yield Called(turn, number, tuple(history), answer)
            history += [answer, Message("tool", response="sun")]
            number += 1
        answer = Message("assistant", f"Answer {turn}")
        yield Called(turn, number, tuple(history), answer)
        history.append(answer)
        number += 1


def contents() -> list[tuple[str, str]]:
    """The roles and the contents of the messages that the session must have."""
    calls = list(conversation())
    whole = (*calls[-1].sent, calls[-1].answer)
    return [
        (message.role, message.text or message.call or message.response or "") for message in whole
    ]


def trace_of(turn: int) -> str:
    return f"{turn + 1:032x}"


def span_of(name: str, number: int) -> str:
    return f"{sum(name.encode()):08x}{number + 1:08x}"


def at(number: int) -> int:
    return START + number * 10 * SECOND


def genai(message: Message, *, role: str | None = None, response: str = "response") -> Json:
    """A message of the GenAI conventions."""
    if message.call:
        part: Json = {
            "type": "tool_call",
            "id": message.call,
            "name": "weather",
            "arguments": {"city": "Oslo"},
        }
    elif message.response:
        part = {"type": "tool_call_response", "id": CALL_ID, response: message.response}
    else:
        part = {"type": "text", "content": message.text}
    return {"role": role or message.role, "parts": [part]}


def usage() -> Json:
    return {
        "gen_ai.response.model": MODEL,
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 7,
    }


def chat_span(called: Called, name: str, attributes: Json, **more: Any) -> Record:
    """A span of the call, below an agent's span of its turn."""
    return Record(
        trace_of(called.turn),
        span_of(name, called.number),
        parent=span_of("agent", called.turn),
        start=at(called.number),
        end=at(called.number) + SECOND,
        attributes=attributes,
        **more,
    )


def agent_span(turn: int, attributes: Json, **more: Any) -> Record:
    """The span around the calls of a turn, which is exported after them."""
    first = min(called.number for called in conversation() if called.turn == turn)
    last = max(called.number for called in conversation() if called.turn == turn)
    return Record(
        trace_of(turn),
        span_of("agent", turn),
        start=at(first) - 1000,
        end=at(last) + 2 * SECOND,
        attributes=attributes,
        **more,
    )


def tool_span(turn: int, attributes: Json) -> Record:
    """The span of the tool's execution."""
    return Record(
        trace_of(turn),
        span_of("tool", turn),
        parent=span_of("agent", turn),
        start=at(1) + SECOND,
        end=at(1) + 2 * SECOND,
        attributes={
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "weather",
            "gen_ai.tool.call.id": CALL_ID,
            "gen_ai.tool.call.result": "sun",
        }
        | attributes,
    )


def by_turns(
    chat: Callable[[Called], list[Record]], agent: Callable[[int], list[Record]], common: Json
) -> list[Record]:
    """Children before parents: a turn's calls, the tool between them, then the agent's span."""
    records: list[Record] = []
    for turn in range(len(TURNS)):
        calls = [called for called in conversation() if called.turn == turn]
        for index, called in enumerate(calls):
            records += chat(called)
            if index == 0 and len(calls) > 1:
                records.append(tool_span(turn, common))
        records += agent(turn)
    return records


def any_value(value: Any) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _pairs(value)}}
    return {"stringValue": value}


def _pairs(attributes: Json) -> list[Json]:
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def request(records: Sequence[Record]) -> tuple[str, Json]:
    """The path and the body that bring records of one kind."""
    if records[0].event is not None:
        logs = [
            {
                "traceId": message.trace,
                "spanId": message.span,
                "timeUnixNano": str(message.start),
                "eventName": message.event,
                "attributes": _pairs(message.attributes),
            }
            for message in records
        ]
        return "/v1/logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}]}
    spans = [
        {
            "traceId": message.trace,
            "spanId": message.span,
            "parentSpanId": message.parent,
            "name": "span",
            "startTimeUnixNano": str(message.start),
            "endTimeUnixNano": str(message.end),
            "status": message.status,
            "attributes": _pairs(message.attributes),
            "events": [
                {"name": name, "timeUnixNano": str(message.end), "attributes": _pairs(attributes)}
                for name, attributes in message.events
            ],
        }
        for message in records
    ]
    scope = {"name": records[0].scope}
    return "/v1/traces", {"resourceSpans": [{"scopeSpans": [{"scope": scope, "spans": spans}]}]}
