"""JSON values out of a stream, one at a time: the elements of an array, or one value a line.

No more than one element is in memory.  An element that cannot be read is set aside with its
number and the reason, and the next one is read.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from hansard.interchange.bounds import LIGHT, Beyond, Bounds, RecordMeter, present, too_large
from hansard.interchange.streams import Stream, Truncated

_decoder = json.JSONDecoder(strict=False)
_SEPARATORS = re.compile(r"[\s,\ufeff]*")
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}"]', re.DOTALL)
_ENDS = re.compile(r"[,\]]")
_CLOSING = {"{": "}", "[": "]"}
_NEAR_THE_END = 16
_LOOSE = 20_000
_LARGE, _SHORT = 8 * 1024 * 1024, 64
"""In an element of so many characters, texts of so few are kept once."""


class Value(Struct, frozen=True):
    """One record of a file: ``number`` counts from 1, in lines where the file has a record a line.

    ``array`` says in which of several arrays of the file it stands, 0 for the first and outside of
    any.
    """

    number: int
    value: Any
    array: int = 0


class Bad(Struct, frozen=True):
    """A record that was set aside, and why."""

    number: int
    reason: str


def is_array(stream: Stream) -> bool:
    return _opening(stream.head) == "["


def values(stream: Stream, *, apart: bool = False) -> Iterator[Value | Bad]:
    """The elements of the stream's one array, else its lines, else its one value.

    They are one record for whoever keeps them all, and end where it would be too large.  ``apart``
    says that each is a record of its own, and that no more than a few are kept.
    """
    try:
        yield from _values(stream, _Scale(stream.bounds, apart=apart))
    except Truncated as problem:
        yield Bad(0, str(problem))
    except Beyond as problem:
        yield Bad(0, f"{problem}; the rest of the file is not read")


class Loose:
    """Messages outside any record.

    Those of one array are one session, of which a bounded number is kept.
    """

    def __init__(self) -> None:
        self._items: dict[int, list[Any]] = defaultdict(list)
        self._count = 0

    def keep(self, item: Value) -> Iterator[Bad]:
        """Add a message; Bad for one too many."""
        self._count += 1
        if self._count <= _LOOSE:
            self._items[item.array].append(item.value)
        else:
            yield Bad(item.number, f"more than {_LOOSE:,} messages outside of any record")

    def sessions(self) -> Iterator[Value]:
        """The messages of each session."""
        for number, items in enumerate(self._items.values(), 1):
            yield Value(number, items)


def _values(stream: Stream, scale: _Scale) -> Iterator[Value | Bad]:
    if not is_array(stream) and _is_lines(stream.head):
        yield from _lines(stream, scale)
    else:
        yield from _Array(stream, scale).documents()


class _Scale:
    """Weighs values before they are decoded: all together, or each ``apart``."""

    def __init__(self, bounds: Bounds, *, apart: bool) -> None:
        self.bounds = bounds
        self.apart = apart
        self._all = RecordMeter(bounds)

    @property
    def meter(self) -> RecordMeter:
        return RecordMeter(self.bounds) if self.apart else self._all


def _opening(head: bytes) -> str:
    return head.removeprefix(codecs.BOM_UTF8).lstrip()[:1].decode("latin-1")


def _is_lines(head: bytes) -> bool:
    """Whether the first line that says something is a whole value."""
    first = head.removeprefix(codecs.BOM_UTF8).lstrip().partition(b"\n")[0]
    return isinstance(_decoded(1, first), Value) or not first.rstrip().endswith((b"{", b"["))


def _lines(stream: Stream, scale: _Scale) -> Iterator[Value | Bad]:
    for number, line in enumerate(stream.lines(), 1):
        if line is None or (line := line.removeprefix(codecs.BOM_UTF8).strip()):
            yield _line(number, line, scale)


def _line(number: int, line: bytes | None, scale: _Scale) -> Value | Bad:
    try:
        text = present(line, scale.bounds)
        scale.meter.take(text)
    except Beyond as problem:
        if not scale.apart:
            raise
        return Bad(number, str(problem))
    return _decoded(number, text)


def _decoded(number: int, text: bytes) -> Value | Bad:
    try:
        return Value(number, _decoder.decode(text.decode("utf-8", "surrogateescape")))
    except RecursionError:
        return Bad(number, "nested too deeply")
    except ValueError as problem:
        return Bad(number, f"not JSON: {problem}")


def _text(stream: Stream) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    for chunk in stream.chunks():
        if text := decoder.decode(chunk):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest


class Shared:
    """Makes objects whose equal short texts are one: ids stand in a tree of messages five times."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        share = self._texts.setdefault
        return {
            key: share(value, value)
            if value.__class__ is str and len(value) <= _SHORT
            else [share(value[0], value[0])]
            if value.__class__ is list and len(value) == 1 and value[0].__class__ is str
            else value
            for key, value in pairs
        }


class _Array:
    """A window over the text; it grows while an element does not fit and moves on after each."""

    def __init__(self, stream: Stream, scale: _Scale) -> None:
        self._chunks = _text(stream)
        self._scale = scale
        self._is_lost = False
        self._text = ""
        self._at = 0

    def documents(self) -> Iterator[Value | Bad]:
        """The elements of every array in a row, and the values between them."""
        number, array = 0, -1
        while not self._is_lost and (sign := self._next_sign()):
            if sign == "]":
                self._at += 1
            elif sign != "[":
                number += 1
                yield self._element(number)
            else:
                array += 1
                for item in self._elements(number):
                    number = item.number
                    yield Value(number, item.value, array) if isinstance(item, Value) else item

    def _elements(self, number: int) -> Iterator[Value | Bad]:
        """The elements of an array, numbered behind ``number``."""
        self._at += 1
        while not self._is_lost and (sign := self._next_sign()) != "]":
            number += 1
            if not sign:
                yield Bad(number, "the file ends inside its array")
                return
            yield self._element(number)
        self._at += not self._is_lost

    def _next_sign(self) -> str:
        """Pass blanks and commas; the character after them, empty at the end."""
        while True:
            self._at = self._separated()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow():
                return ""

    def _separated(self) -> int:
        match = _SEPARATORS.match(self._text, self._at)
        return match.end() if match else self._at

    def _element(self, number: int) -> Value | Bad:
        while True:
            try:
                if len(self._text) - self._at > LIGHT:
                    self._scale.meter.look(self._text, self._at, len(self._text))
                value, end = self._decoder().raw_decode(self._text, self._at)
            except Beyond as problem:
                if not self._scale.apart:
                    raise
                reason = str(problem)
            except RecursionError:
                reason = "nested too deeply"
            except ValueError as problem:
                if self._cut_short(problem) and self._grow():
                    continue
                reason = (
                    too_large(self._scale.bounds)
                    if self._is_full()
                    else f"not JSON: {getattr(problem, 'msg', problem)}"
                )
            else:
                if not self._scale.apart:
                    self._scale.meter.take(self._text, self._at, end)
                self._move_to(end)
                return Value(number, value)
            self._is_lost = not self._pass_element()
            rest = "; the rest of the file cannot be read" if self._is_lost else ""
            return Bad(number, reason + rest)

    def _decoder(self) -> json.JSONDecoder:
        """What decodes the element; in a large one, equal short texts are one."""
        if len(self._text) - self._at <= _LARGE:
            return _decoder
        return json.JSONDecoder(strict=False, object_pairs_hook=Shared().object)

    def _move_to(self, end: int) -> None:
        """Go on behind an element; the text of a large one is let go before it is read."""
        self._at = end
        if end > LIGHT:
            self._text, self._at = self._text[end:], 0

    def _cut_short(self, problem: ValueError) -> bool:
        """Whether more text could mend it: the decoder stumbled at the end of the window."""
        if not isinstance(problem, json.JSONDecodeError):
            return False
        return (
            problem.msg.startswith("Unterminated string")
            or problem.pos >= len(self._text) - _NEAR_THE_END
        )

    def _pass_element(self) -> bool:
        """Move behind a broken element by its brackets; False when they do not close."""
        while True:
            end = self._closing()
            if end is not None and end > self._at:
                self._at = end
                return True
            if end is not None or not self._grow():
                self._at = len(self._text)
                return False

    def _closing(self) -> int | None:
        """Where the element ends by its brackets.

        One that was never closed ends with what is around it.

        None when more text may say it; where it begins when there are more brackets than a record
        may have.
        """
        if self._text[self._at] not in _CLOSING:
            match = _ENDS.search(self._text, self._at)
            return match.start() if match else None
        awaited: list[str] = []
        open_: Counter[str] = Counter()
        tokens = _TOKENS.finditer(self._text, self._at)
        for number, token in enumerate(tokens):
            if number > self._scale.bounds.values:
                return self._at
            sign = token[0]
            if sign == '"':
                return None
            if sign in _CLOSING:
                awaited.append(_CLOSING[sign])
                open_[_CLOSING[sign]] += 1
            elif open_[sign]:
                while (closed := awaited.pop()) != sign:
                    open_[closed] -= 1
                open_[sign] -= 1
                if not awaited:
                    return token.end()
        return None

    def _is_full(self) -> bool:
        return len(self._text) - self._at > self._scale.bounds.record

    def _grow(self) -> bool:
        """Take as much again as is waiting, so that a long element is not decoded too often."""
        self._text, self._at = self._text[self._at :], 0
        if self._is_full():
            return False
        room = self._scale.bounds.record - len(self._text)
        missing, taken = min(max(len(self._text), 1), room + 1), [self._text]
        while missing > 0 and (chunk := next(self._chunks, "")):
            taken.append(chunk)
            missing -= len(chunk)
        self._text = "".join(taken)
        return len(taken) > 1
