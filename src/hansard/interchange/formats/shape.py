"""What the beginning of a file looks like: its first records, as far as they are there."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct

_RECORDS = 12
_DEEPEST = 500
_decoder = json.JSONDecoder(strict=False)
_SEPARATORS = re.compile(r"[\s,\]\ufeff]*")
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},"]', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}
_SHOWN = 6


class Companion(str):
    """Why a file of a product is not of its format: it only lies beside its conversations."""

    __slots__ = ()


class Shape(Struct, frozen=True):
    """``records`` are the first few.

    The last may lack its end.  ``is_array`` says that they lie in an array.

    ``encoding`` is as the file has it, None where its bytes are no text.
    """

    is_array: bool
    records: tuple[Any, ...]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(key for record in self.objects for key in record)

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [record for record in self.records if isinstance(record, dict)]

    def lacks(self, *keys: str) -> str | None:
        """Why no record has all of these keys; None where one has."""
        wanted_keys = set(keys)
        if any(wanted_keys <= record.keys() for record in self.objects):
            return None
        missing = ", ".join(key for key in keys if key not in self.keys)
        return (
            f"no record has {missing}"
            if missing
            else f"no record has {' and '.join(keys)} together"
        )

    def described(self) -> str:
        """The outer shape and the first keys, for a message."""
        if not self.records:
            return "no JSON"
        outer = "an array of" if self.is_array else ""
        kind = (
            "objects"
            if self.objects
            else "lists"
            if isinstance(self.records[0], list)
            else "values"
        )
        keys = list(dict.fromkeys(key for record in self.objects for key in record))[:_SHOWN]
        seen = f" with the keys {', '.join(keys)}" if keys else ""
        return f"{outer} {kind}{seen}".strip()


def shape_of(head: bytes) -> Shape:
    text = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    is_array = text.startswith("[")
    return Shape(is_array=is_array, records=tuple(_records(text, 1 if is_array else 0)))


def ends_in_long_text(head: bytes) -> bool:
    """Whether more than half of the bytes are a text that does not end there."""
    half = at = len(head) // 2
    while (at := head.find(b'"', at)) >= 0:
        if head[at - 1 : at] != b"\\":
            return False
        at += 1
    return half > 0


def _records(text: str, at: int) -> list[Any]:
    records: list[Any] = []
    broken = 0
    while len(records) < _RECORDS and broken < _RECORDS:
        at = _SEPARATORS.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing as well
        if at >= len(text):
            break
        try:
            value, at = _decoder.raw_decode(text, at)
        except RecursionError:
            break
        except ValueError:
            broken += 1  # each is looked at up to the end of the text
            line_end = text.find("\n", at)
            if (value := _closed(text[at:])) is not None:
                records.append(value)
                break
            if line_end < 0:
                break
            at = line_end
            continue
        records.append(value)
    return records


def _closed(text: str) -> Any:  # noqa: ANN401 - any JSON
    """An element that is cut off, closed behind the last value that is whole.

    None where it is broken.
    """
    awaited: list[str] = []
    end, closing = 0, ""
    for token in _TOKENS.finditer(text):
        sign = token[0]
        if sign == '"':
            break
        if sign in _CLOSING:
            awaited.append(_CLOSING[sign])
            if len(awaited) > _DEEPEST:
                return None
            end, closing = token.end(), "".join(reversed(awaited))
        elif sign == ",":
            end, closing = token.start(), "".join(reversed(awaited))
        elif sign in "]}":
            if not awaited or awaited.pop() != sign:
                return None
            end, closing = token.end(), "".join(reversed(awaited))
    try:
        return json.loads(text[:end] + closing, strict=False) if end else None
    except (ValueError, RecursionError):
        return None
