"""JSON values out of a stream, one at a time: the elements of an array, or one value a line.

No more than one element is in memory.  An element that cannot be read is set aside with its
number and the reason, and the next one is read.
"""

from __future__ import annotations

import codecs
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from hansard.interchange.bounds import LIGHT, Beyond, Bounds, RecordMeter, present, too_large
from hansard.interchange.large_values import LARGE, LargeValue
from hansard.interchange.streams import Stream, Truncated
from hansard.interchange.windows import CLOSING, Window

_decoder = json.JSONDecoder(strict=False)
_LOOSE = 20_000


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


def values(stream: Stream, *, apart: bool = False, packed: str = "") -> Iterator[Value | Bad]:
    """The elements of the stream's one array, else its lines, else its one value.

    They are one record for whoever keeps them all, and end where it would be too large.  ``apart``
    says that each is a record of its own, and that no more than a few are kept.  In an element of
    many MiB an object under the key ``packed`` is a ``Packed``.
    """
    try:
        yield from _values(stream, _Scale(stream.bounds, apart=apart), frozenset({packed}))
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


def _values(stream: Stream, scale: _Scale, packed: frozenset[str]) -> Iterator[Value | Bad]:
    if not is_array(stream) and _is_lines(stream.head):
        yield from _lines(stream, scale)
    else:
        yield from _Array(stream, scale, packed).documents()


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
            yield from _line(number, line, scale)


def _line(number: int, line: bytes | None, scale: _Scale) -> Iterator[Value | Bad]:
    try:
        text = present(line, scale.bounds)
        scale.meter.take(text)
    except Beyond as problem:
        if not scale.apart:
            raise
        yield Bad(number, str(problem))
        return
    item = _decoded(number, text)
    yield from _in_a_row(item, text) if isinstance(item, Bad) else [item]


def _in_a_row(bad: Bad, line: bytes) -> Iterator[Value | Bad]:
    """The values of a line that holds several, as where files were joined; else why it is bad."""
    text, at, values_ = line.decode("utf-8", "surrogateescape"), 0, list[Value]()
    try:
        while at < len(text):
            value, end = _decoder.raw_decode(text, at)
            if not isinstance(value, dict | list):
                break
            values_.append(Value(bad.number, value))
            at = len(text) - len(text[end:].lstrip())
    except (ValueError, RecursionError):
        pass
    is_joined = len(values_) > 1
    if is_joined:
        yield from values_
    if at < len(text) or not is_joined:
        yield bad


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


class _Array:
    """The values of a text, of which no more than one lies in memory."""

    def __init__(self, stream: Stream, scale: _Scale, packed: frozenset[str]) -> None:
        self._window = Window(_text(stream), scale.bounds.record)
        self._scale = scale
        self._packed = packed
        self._is_lost = False

    def documents(self) -> Iterator[Value | Bad]:
        """The elements of every array in a row, and the values between them."""
        number, array = 0, -1
        while not self._is_lost and (sign := self._window.next_sign()):
            if sign == "]":
                self._window.at += 1
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
        self._window.at += 1
        while not self._is_lost and (sign := self._window.next_sign()) != "]":
            number += 1
            if not sign:
                yield Bad(number, "the file ends inside its array")
                return
            yield self._element(number)
        self._window.at += not self._is_lost

    def _element(self, number: int) -> Value | Bad:
        large: LargeValue | None = None
        try:
            if (value := self._decoded()) is not _LARGER:
                return Value(number, value)
            large = LargeValue(self._window, self._scale.meter, self._packed)
            return Value(number, large.value())
        except Beyond as problem:
            if not self._scale.apart:
                raise
            reason = str(problem)
        except RecursionError:
            reason = "nested too deeply"
        except ValueError as problem:
            reason = (
                too_large(self._scale.bounds)
                if self._window.is_full
                else f"not JSON: {getattr(problem, 'msg', problem)}"
            )
        brackets = large.open_brackets if large else []
        self._is_lost = not self._window.pass_value(brackets, self._scale.bounds.values)
        rest = "; the rest of the file cannot be read" if self._is_lost else ""
        return Bad(number, reason + rest)

    def _decoded(self) -> Any:  # noqa: ANN401 - any JSON
        """The element at the window; ``_LARGER`` for one that is read a member at a time."""
        window, scale = self._window, self._scale
        while True:
            if window.waiting > LIGHT:
                scale.meter.look(window.text, window.at, len(window.text))
            try:
                value, end = _decoder.raw_decode(window.text, window.at)
            except ValueError as problem:
                if not window.is_cut_short(problem):
                    raise
                if window.waiting >= LARGE and window.text[window.at] in CLOSING:
                    return _LARGER
                if not window.grow():
                    raise
                continue
            if not scale.apart:
                scale.meter.take(window.text, window.at, end)
            window.at = end
            return value


_LARGER = object()
