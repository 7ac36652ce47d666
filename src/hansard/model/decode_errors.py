"""A decoder's errors, in words for people who know JSON and not Python."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hansard.errors import Reason

_REASONS: tuple[tuple[re.Pattern[str], Reason], ...] = (
    (re.compile(r"Object missing required field"), "missing"),
    (re.compile(r"Object contains unknown field"), "unknown"),
    (re.compile(r"Invalid enum value"), "not_a_choice"),
    (re.compile(r"Invalid RFC3339 encoded date"), "not_a_date"),
    (re.compile(r"Expected `[a-z |]+` of length >"), "too_short"),
    (re.compile(r"Expected `[a-z |]+` of length <"), "too_long"),
    (re.compile(r"Expected `[a-z |]+` >"), "too_small"),
    (re.compile(r"Expected `[a-z |]+` <"), "too_large"),
    (re.compile(r"Expected `int( \| null)?`"), "not_an_integer"),
    (re.compile(r"Expected `float( \| null)?`"), "not_a_number"),
    (re.compile(r"Expected `bool( \| null)?`"), "not_a_boolean"),
    (re.compile(r"Expected `"), "wrong_type"),
)
_PATH = re.compile(r" - at `(?:key in )?\$\.?(.*)`$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`$")
_KINDS = re.compile(r"`([a-z |]+)`")
_WORDS = {
    "str": ["a string"],
    "int": ["a whole number"],
    "float": ["a number"],
    "bool": ["true", "false"],
    "array": ["a list"],
    "object": ["an object"],
    "date": ["a date"],
}


def parted(problem: msgspec.ValidationError) -> tuple[str, str]:
    """The text of the error, and the path that it is about, such as ``messages[0].role``.

    The path of the whole body is empty; that of a missing field is the field's own.
    """
    text = str(problem)
    at = _PATH.search(text)
    text, path = (text[: at.start()], at[1]) if at else (text, "")
    if missing := _MISSING.match(text):
        return "this is missing", joined(path, missing[1])
    return text, path


def reason_of(problem: msgspec.ValidationError) -> Reason | None:
    """In what way the value is wrong; None for what a type's own decoder refused.

    >>> reason_of(msgspec.ValidationError("Expected `int | null`, got `str` - at `$.limit`"))
    'not_an_integer'
    """
    text = str(problem)
    return next((reason for pattern, reason in _REASONS if pattern.match(text)), None)


def joined(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def meant(name: str, known: Iterable[str]) -> str:
    """The known name that an unknown one is close to, else all known names.

    >>> meant("titel", ["title", "tags"]), meant("x", [])
    ("did you mean 'title'?", 'it takes none')
    """
    known = list(known)
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"choose from {', '.join(known)}" if known else "it takes none"


def plain(text: str) -> str:
    """The same with the names of types as words.

    >>> plain("Expected `int | str | null`, got `array`")
    'expected a whole number, a string or null, got a list'
    """
    if text.startswith("Invalid enum value"):
        return text.replace("Invalid enum value", "unknown value", 1)
    if text.startswith("Expected `"):
        return _KINDS.sub(lambda kinds: _spoken(kinds[1].split(" | ")), text).replace(
            "Expected", "expected", 1
        )
    return text


def _spoken(kinds: list[str]) -> str:
    words = [word for kind in kinds for word in _WORDS.get(kind, [kind])]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
