"""What a message says of tools: which it calls, which calls failed, the words of both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from hansard.model.json_texts import texts_of
from hansard.model.parts import Part

if TYPE_CHECKING:
    from hansard.model.message import Message

MOST_TOOLS, LONGEST_NAME = 64, 128
"""The most tools that a session is found by, and the longest name, in characters."""
_FAILED = ("error", "failed", "failure", "exception", "traceback")
_ERRORS = ("error", "exception", "traceback", "an error occurred", '{"error')
_BEGINNING = 40
_NOTHING = Raw(b"null")
_SMALL = 64


class ToolCalls(Struct, frozen=True):
    """The names of the tools in order, and how many answers say that the call failed."""

    names: tuple[str, ...]
    failed: int
    parts: tuple[_Part, ...]

    def texts(self) -> Iterator[str]:
        """What was given to the tools and what they answered: names, keys, texts and numbers.

        An answer may have millions of them, so each is read when it is asked for.
        """
        for part in self.parts:
            if isinstance(part.name, str):
                yield part.name
            yield from texts_of(part.arguments)
            yield from texts_of(part.response)

    def beginning(self, length: int) -> str:
        """The first of the same, a line for each text, until there are ``length`` characters."""
        lines: list[str] = []
        for text in self.texts():
            if length <= 0:
                break
            lines.append(text)
            length -= len(text) + 1
        return "\n".join(lines)


class Tally(Struct, frozen=True):
    """The failed calls of some messages, and how many of the messages name each tool."""

    failed: int = 0
    tools: Mapping[str, int] = {}

    def plus(self, other: Tally, sign: int = 1) -> Tally:
        """With another added, or taken away: at most ``MOST_TOOLS`` tools, the first that came."""
        if not other.failed and not other.tools:
            return self
        tools = dict(self.tools)
        for name, count in other.tools.items():
            if name in tools or (sign > 0 and len(tools) < MOST_TOOLS):
                tools[name] = tools.get(name, 0) + sign * count
        kept = {name: count for name, count in tools.items() if count > 0}
        return Tally(max(0, self.failed + sign * other.failed), kept)


_NO_CALLS = Tally()


class _Part(Struct, frozen=True):
    type: str
    name: Any = None
    arguments: Raw = _NOTHING
    response: Raw = _NOTHING
    is_error: Any = None
    status: Any = None


class _Answer(Struct, frozen=True):
    """What an answer that is an object may say of its own success."""

    error: Raw = _NOTHING
    is_error: Raw = _NOTHING
    status: Raw = _NOTHING
    ok: Raw = _NOTHING


_KIND = b'"tool_call'
_decode = msgspec.json.Decoder(list[_Part]).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode


def read(parts: Raw) -> ToolCalls | None:
    """The tool calls and answers of a stored message; None when it has neither."""
    if _KIND not in bytes(parts):
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
    return ToolCalls(tuple(names), failed, tuple(tools))


def read_all(messages: Iterable[Message]) -> list[ToolCalls | None]:
    """The tool calls of each message."""
    return [read(message.parts) for message in messages]


def tally(all_parts: Iterable[Raw]) -> Tally:
    """What messages with these parts add to their session."""
    return tally_of(map(read, all_parts))


def tally_of(all_calls: Iterable[ToolCalls | None]) -> Tally:
    """What messages with these calls add to their session."""
    some = list(filter(None, all_calls))
    if not some:
        return _NO_CALLS
    failed, tools = 0, Counter[str]()
    for calls in some:
        failed += calls.failed
        tools.update(
            name for name in calls.names if len(name) <= LONGEST_NAME and "\x00" not in name
        )
    return Tally(failed, tools)


def has_failed(part: Part) -> bool:
    """Whether a decoded ``tool_call_response`` says of itself that the call failed."""
    return is_failed(part.is_error, part.status, Raw(msgspec.json.encode(part.response)))


def is_failed(is_error: Any, status: Any, response: Raw) -> bool:  # noqa: ANN401 - any JSON
    """Whether an answer says of itself that the call failed; nothing else in Hansard decides it.

    It is marked: ``is_error`` true, or a ``status`` such as ``error``, which importers and dialects
    make of the mark of their format. Or ``response`` is an object with an ``error``, ``is_error``,
    such a ``status`` or ``ok`` false, or a text that begins with ``Error`` or its like.
    """
    if is_error is True or status in _FAILED:
        return True
    raw = memoryview(response).tobytes().lstrip()
    if raw.startswith(b"{"):
        answer = _decode_answer(raw)
        return (
            bool(_small(answer.error) or _small(answer.is_error))
            or str(_small(answer.status) or "").lower() in _FAILED
            or _small(answer.ok) is False
        )
    if not raw.startswith(b'"'):
        return False
    text: str = msgspec.json.decode(raw)
    return text.lstrip()[:_BEGINNING].lower().startswith(_ERRORS)


def _small(value: Raw) -> Any:  # noqa: ANN401 - any JSON
    """The value; True for one that is too large to be empty or a word, which is not decoded."""
    if value is _NOTHING:
        return None
    return msgspec.json.decode(value) if memoryview(value).nbytes <= _SMALL else True
