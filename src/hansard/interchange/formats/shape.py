"""What the beginning of a file looks like: which keys its first records have, without reading them whole."""

from __future__ import annotations

import json
import re

from msgspec import Struct

_TOKENS = re.compile(rb'"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)"(?P<colon>\s*:)?|[\[\]{}]', re.DOTALL)
_RECORDS = 8


class Shape(Struct, frozen=True):
    """``keys`` are those of the first few records, ``is_array`` says that they lie in an array.

    ``is_nested`` is an array of arrays; ``first`` is the first line's value if it is one.
    """

    is_array: bool
    is_nested: bool
    keys: frozenset[str]
    first: object = None


def shape_of(head: bytes) -> Shape:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return Shape(
        is_array=text.startswith(b"["),
        is_nested=bool(re.match(rb"\[\s*\[\s*\{", text)),
        keys=frozenset(_keys(text)),
        first=_first_line(text),
    )


def _keys(text: bytes) -> set[str]:
    """The keys of the outermost objects, as far as the beginning shows them."""
    level = 2 if text.startswith(b"[") else 1
    depth = records = 0
    keys: set[str] = set()
    for token in _TOKENS.finditer(text):
        if token["text"] is not None:
            if depth == level and token["colon"]:
                keys.add(token["text"].decode("utf-8", "replace"))
            continue
        depth += 1 if token[0] in b"[{" else -1
        records += depth == level - 1 and token[0] == b"}"
        if records == _RECORDS:
            break
    return keys


def _first_line(text: bytes) -> object:
    try:
        return json.loads(text.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return None
