"""JSON that every reader reads alike.

No duplicate names, no lone surrogates, no excessive depth.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import re
from math import isinf
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.errors import Invalid
from hansard.model.json_depth import DEPTH, PIECE, is_too_deep

if TYPE_CHECKING:
    from hansard.http.json_reader import JsonReader

_SURROGATE = re.compile(rb"(?<!\\)(?:\\\\)*+\\u[dD]([89a-fA-F])[0-9a-fA-F]{2}")
_HIGH = b"89abAB"
_HUGE = (re.compile(rb"[eE]\+?[0-9]{3}"), re.compile(rb"(?<![0-9])[0-9]{300}"))
_OVERLAP = 400
_NUMBER = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|([0-9]+(?:\.[0-9]*)?(?:[eE]\+?[0-9]+)?)', re.DOTALL
)
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")
_json, _encode = msgspec.json.Decoder(), msgspec.json.Encoder().encode


def check(data: bytes, reader: JsonReader | None = None) -> None:
    """Raises Invalid for a body that is valid JSON but that two readers would read differently.

    A body that is no JSON at all may pass: whoever decodes it says so. Without ``reader`` the whole
    check takes some 20 ns a byte and lets no other thread run; with it, it takes longer and does.
    """
    if is_too_deep(data):
        raise Invalid(f"the body is nested more than {DEPTH} deep", code="too_deep")
    if not data.isascii():
        _check_encoding(data)
    if (
        data.count(b":") > 1
        and (name := reader.name_twice(data) if reader else _name_twice(data)) is not None
    ):
        raise Invalid(
            f"the name {name!r} occurs twice in one object", code="duplicate_name", param=name
        )
    if any(_stands_in(data, number) for number in _HUGE) and (
        reader.has_infinite(data) if reader else _has_infinite(data)
    ):
        raise Invalid("the body holds a number that is too large", code="bad_number")
    if (b"\\ud" in data or b"\\uD" in data) and _has_half_a_pair(data):
        raise Invalid(
            "the body holds half of a surrogate pair, which is not a character", code="bad_text"
        )


def _check_encoding(data: bytes) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), PIECE):
            decoder.decode(data[at : at + PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as problem:
        raise Invalid(f"the body is not UTF-8: {problem}", code="bad_json") from problem


def _name_twice(data: bytes) -> str | None:
    """A name that stands twice in one object.

    A reader that keeps one of two names loses the colon behind the other, and every colon in the
    text is still there otherwise, but for those that an escape becomes.
    """
    with contextlib.suppress(msgspec.DecodeError, UnicodeError, RecursionError):
        if data.count(b":") == _encode(_json.decode(data)).count(b":") and not (
            b"\\u003" in data and _ESCAPED_COLON.search(data)
        ):
            return None
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) != len(pairs):
            names = [name for name, _ in pairs]
            repeated.append(next(name for name in names if names.count(name) > 1))

    with contextlib.suppress(ValueError, RecursionError):
        json.loads(data, object_pairs_hook=note)
    return repeated[0] if repeated else None


def _stands_in(data: bytes, pattern: re.Pattern[bytes]) -> bool:
    """Whether a pattern of at most ``_OVERLAP`` bytes is there.

    Other threads get their turn between two pieces.
    """
    if len(data) <= PIECE:
        return pattern.search(data) is not None
    return any(pattern.search(data, at, at + PIECE + _OVERLAP) for at in range(0, len(data), PIECE))


def _has_infinite(data: bytes) -> bool:
    return any(match[1] and isinf(float(match[1])) for match in _NUMBER.finditer(data))


def _has_half_a_pair(data: bytes) -> bool:
    low_at: int | None = None
    for match in _SURROGATE.finditer(data):
        at = match.start(1) - len(b"\\ud")
        if (match[1] in _HIGH) == (low_at is not None) or low_at not in (None, at):
            return True
        low_at = match.end() if low_at is None else None
    return low_at is not None
