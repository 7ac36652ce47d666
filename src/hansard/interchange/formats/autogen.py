"""AutoGen's messages and saved states.

``{messages: [{source, type, content}]}`` and ``{type: TeamState, agent_states}``.

- a state's ``message_thread`` is the session; where no manager keeps one, each agent's
  ``llm_context`` is a session;
- requests of tools are calls, their executions the answers; the agent that spoke is kept in the
  metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import (
    Json,
    arguments,
    kind_of,
    reasoning_part,
    tool_call,
    tool_response,
)
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import CREATED, MINUTE, first_time
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_with_loose
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = (
    "source",
    "type",
    "agent_states",
    "agent_state",
    "models_usage",
    "llm_context",
    "message_thread",
)

_DEEPEST = 12
_TYPES = {
    "TextMessage",
    "MultiModalMessage",
    "StopMessage",
    "HandoffMessage",
    "ToolCallRequestEvent",
    "ToolCallExecutionEvent",
    "ToolCallSummaryMessage",
    "ThoughtEvent",
    "UserMessage",
    "SystemMessage",
    "AssistantMessage",
    "FunctionExecutionResultMessage",
    "UserInputRequestedEvent",
    "MemoryQueryEvent",
    "StructuredMessage",
    "ToolCallMessage",
    "ToolCallResultMessage",
}
_USERS = {"user", "user_proxy", "human"}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_contexts(record) for record in shape.records) or any(map(_is_message, shape.records)):
        return None
    return "no message has a source and a type such as TextMessage"


def _is_message(value: object) -> bool:
    return (
        isinstance(value, dict)
        and kind_of(value) in _TYPES
        and ("source" in value or "content" in value)
    )


def _contexts(record: object) -> list[tuple[str, list[Any]]]:
    """The lists of messages in a record or state, each under the name of its agent.

    The thread that a manager keeps holds the words of all agents, and is then the only one.
    """
    contexts: list[tuple[str, list[Any], bool]] = []
    waiting: list[tuple[str, object, bool, int]] = [("", record, False, 0)]
    while waiting:
        agent, value, is_thread, depth = waiting.pop(0)
        if isinstance(value, list) and value and _is_message(value[0]):
            contexts.append((agent, value, is_thread))
        elif isinstance(value, dict) and depth < _DEEPEST:
            states = value.get("agent_states")
            if isinstance(states, dict):
                waiting += [(key, state, False, depth + 1) for key, state in states.items()]
            waiting += [
                (agent, inner, key == "message_thread", depth + 1)
                for key, inner in value.items()
                if key != "agent_states"
            ]
    threads = [message_ for message_ in contexts if message_[2]]
    return [(agent, messages) for agent, messages, _ in (threads[:1] or contexts)]


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_with_loose(values(stream, apart=True), _is_message, partial(_sessions, rules))


def _sessions(rules: Rules, item: Value, position: int) -> Iterator[SessionRecord]:
    contexts = _contexts(item.value)
    if not contexts:
        message = "no messages of AutoGen"
        raise Unreadable(message)
    record: Json = item.value if isinstance(item.value, dict) else {"messages": item.value}
    whole = own_id(record.get("id"), record)
    for agent, messages in contexts:
        several = len(contexts) > 1 and bool(agent)
        draft = SessionDraft(
            id=own_id(f"{whole}:{agent}" if several else whole, messages),
            channel=rules.channel,
            agent=agent or _speaker(messages),
        )
        turns = [_turn(message_, rules) for message_ in messages if isinstance(message_, dict)]
        yield from sessions(
            item.number, draft, turns, rules, Span(end=rules.now - position * MINUTE)
        )


def _speaker(messages: list[Any]) -> str | None:
    sources = (message.get("source") for message in messages if isinstance(message, dict))
    return next(
        (
            source
            for source in sources
            if isinstance(source, str) and source and source not in _USERS
        ),
        None,
    )


def _turn(message: Json, rules: Rules) -> Turn:
    usage = message["models_usage"] if isinstance(message.get("models_usage"), dict) else {}
    thought = message.get("thought")
    source = message.get("source")
    return Turn(
        role=_role(message),
        parts=[*([reasoning_part(thought)] if thought else []), *_parts(message)],
        key=message.get("id"),
        at=first_time(message, CREATED, rules.zone),
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage.get("completion_tokens"),
        metadata={"source": source} if source and source not in _USERS else {},
        original=message,
    )


def _role(message: Json) -> str:
    kind = kind_of(message)
    if kind in {"UserMessage", "SystemMessage"}:
        return "user" if kind == "UserMessage" else "system"
    if kind in {
        "ToolCallExecutionEvent",
        "FunctionExecutionResultMessage",
        "ToolCallResultMessage",
    }:
        return "tool"
    if kind in {"UserInputRequestedEvent", "MemoryQueryEvent"}:
        return "system"
    return "user" if kind_of(message, "source") in _USERS else "assistant"


def _parts(message: Json) -> list[Json]:
    content = message.get("content")
    if message.get("type") == "ThoughtEvent":
        return [reasoning_part(content)]
    if not isinstance(content, list):
        return parts_of(content)
    return [part for piece in content for part in _piece(piece)]


def _piece(piece: object) -> list[Json]:
    if isinstance(piece, dict) and "call_id" in piece:
        failed = {"is_error": True} if piece.get("is_error") is True else {}
        return [tool_response(piece["call_id"], piece.get("content"), piece.get("name")) | failed]
    if isinstance(piece, dict) and {"name", "arguments"} <= piece.keys():
        return [tool_call(piece.get("id"), piece["name"], arguments(piece["arguments"]))]
    return parts_of([piece])
