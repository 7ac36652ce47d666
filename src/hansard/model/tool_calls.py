"""What a message says of tools: which it calls, which calls failed, the words of both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

_FAILED = ("error", "failed", "failure", "exception", "traceback")
_ERRORS = ("error", "exception", "traceback", '{"error')
_BEGINNING = 40
_DEEPEST = 16


class ToolCalls(Struct, frozen=True):
    """The names of the tools in order, how many answers say that the call failed, and all texts."""

    names: tuple[str, ...]
    failed: int
    texts: tuple[str, ...]

    @property
    def text(self) -> str:
        """What was given to the tools and what they answered, a line for each text."""
        return "\n".join(self.texts)


class _Part(Struct, frozen=True):
    type: str
    name: Any = None
    arguments: Any = None
    response: Any = None
    is_error: Any = None
    status: Any = None


_KIND = b'"tool_call'
_decode = msgspec.json.Decoder(list[_Part]).decode


def read(parts: Raw) -> ToolCalls | None:
    """The tool calls and answers of a stored message; None when it has neither."""
    if _KIND not in memoryview(parts).tobytes():
        return None
    tools = [part for part in _decode(parts) if part.type in {"tool_call", "tool_call_response"}]
    if not tools:
        return None
    names = dict.fromkeys(part.name for part in tools if isinstance(part.name, str) and part.name)
    failed = sum(
        is_failed(part.is_error, part.status, part.response)
        for part in tools
        if part.type == "tool_call_response"
    )
    texts = [text for part in tools for text in _texts_of(part)]
    return ToolCalls(tuple(names), failed, tuple(texts))


def is_failed(is_error: Any, status: Any, response: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether an answer says of itself that the call failed."""
    if is_error is True or status in _FAILED:
        return True
    if isinstance(response, dict):
        return (
            bool(response.get("error") or response.get("is_error"))
            or str(response.get("status", "")).lower() in _FAILED
            or response.get("ok") is False
        )
    return isinstance(response, str) and response.lstrip()[:_BEGINNING].lower().startswith(_ERRORS)


def _texts_of(part: _Part) -> Iterator[str]:
    if isinstance(part.name, str):
        yield part.name
    yield from _texts(part.arguments)
    yield from _texts(part.response)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """The texts, numbers and keys of a JSON value."""
    match value:
        case str():
            yield value
        case bool() | None:
            return
        case int() | float():
            yield str(value)
        case list() if depth < _DEEPEST:
            for item in value:
                yield from _texts(item, depth + 1)
        case dict() if depth < _DEEPEST:
            for key, item in value.items():
                yield key
                yield from _texts(item, depth + 1)
