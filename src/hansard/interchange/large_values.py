"""Objects and arrays of many MiB, read a member at a time: their text never lies in memory whole.

Nor do the values of an object that is kept packed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hansard.interchange.bounds import LIGHT, RecordMeter
from hansard.interchange.windows import CLOSING, Window

LARGE = 4 * 1024 * 1024
"""A value that goes on after this many characters is large."""
_SHORT, _DEEPEST = 64, 4
"""Texts of so few characters are kept once; so deep is a value read a member at a time."""
_decoder = json.JSONDecoder(strict=False)
_NUMBER = frozenset("-0123456789")


class Packed(Mapping[str, Any]):
    """An object whose values are kept as JSON, and decoded whenever they are asked for."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def put(self, key: str, text: str) -> None:
        self._values[key] = text.encode("utf-8", "surrogateescape")

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - any JSON
        return _unpacked(self._values[key])

    def pop(self, key: str) -> Any:  # noqa: ANN401 - any JSON
        """The value, which is not kept any more."""
        return _unpacked(self._values.pop(key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _unpacked(data: bytes) -> Any:  # noqa: ANN401 - any JSON
    return _decoder.decode(data.decode("utf-8", "surrogateescape"))


class LargeValue:
    """Reads the object or the array at which a window is; objects under a key of ``packed`` are so.

    ``value`` raises ValueError where it is broken, and Beyond where it is more than one record may
    have; the window is inside it then, and ``open_brackets`` close it.
    """

    def __init__(self, window: Window, meter: RecordMeter, packed: frozenset[str]) -> None:
        self._window = window
        self._meter = meter
        self._packed = packed
        self._decoder = json.JSONDecoder(strict=False, object_pairs_hook=_Shared().object)
        self._weighed = window.at
        self.open_brackets: list[str] = []

    def value(self) -> Any:  # noqa: ANN401 - any JSON
        read = self._large(keeps_packed=False)
        self._weigh()
        return read

    def _large(self, *, keeps_packed: bool) -> Any:  # noqa: ANN401 - any JSON
        sign = self._window.text[self._window.at]
        self._window.at += 1
        self.open_brackets.append(CLOSING[sign])
        if sign == "[":
            read: Any = list(self._items())
        else:
            read = Packed() if keeps_packed else {}
            self._fill(read)
        self._window.at += 1
        self.open_brackets.pop()
        return read

    def _items(self) -> Iterator[Any]:
        while self._sign() != "]":
            yield self._member()[0]

    def _fill(self, members: dict[str, Any] | Packed) -> None:
        while self._sign() != "}":
            key, _ = self._member()
            if not isinstance(key, str) or self._sign() != ":":
                raise self._broken("Expecting ':' delimiter")
            self._window.at += 1
            self._sign()
            if isinstance(members, Packed):
                members.put(key, self._member(is_packed=True)[1])
            else:
                members[key] = self._member(keeps_packed=key in self._packed)[0]

    def _member(self, *, keeps_packed: bool = False, is_packed: bool = False) -> tuple[Any, str]:
        """The value at the window and, where it is to be packed, its text."""
        window = self._window
        while True:
            try:
                value, end = self._decoder.raw_decode(window.text, window.at)
            except ValueError as problem:
                if not window.is_cut_short(problem):
                    raise
            else:
                is_whole = end < len(window.text) or window.text[window.at] not in _NUMBER
                if is_whole or not self._grow():
                    text = window.text[window.at : end] if is_packed else ""
                    window.at = end
                    return value, text
                continue
            if self._is_large() and not is_packed:
                return self._large(keeps_packed=keeps_packed), ""
            if not self._grow():
                raise self._broken("the file ends inside a value")

    def _is_large(self) -> bool:
        window = self._window
        is_container = window.text[window.at] in CLOSING
        return is_container and window.waiting >= LARGE and len(self.open_brackets) < _DEEPEST

    def _sign(self) -> str:
        """Pass what separates values; the character after it."""
        if self._window.at - self._weighed > LIGHT:
            self._weigh()
        while not (sign := self._window.sign()):
            if not self._grow():
                raise self._broken("the file ends inside a value")
        return sign

    def _broken(self, reason: str) -> ValueError:
        return json.JSONDecodeError(reason, self._window.text, self._window.at)

    def _grow(self) -> bool:
        self._weigh()
        has_grown = self._window.grow()
        self._weighed = 0
        self._meter.look(self._window.text, 0, len(self._window.text))
        return has_grown

    def _weigh(self) -> None:
        self._meter.take(self._window.text, self._weighed, self._window.at)
        self._weighed = self._window.at


class _Shared:
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
