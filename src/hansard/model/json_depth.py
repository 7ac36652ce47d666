"""How deep JSON is nested, seen from its text."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate

DEPTH = 64
"""So deep may a body be, and what is stored of one."""
PIECE = 64 * 1024
"""The bytes scanned by one call, which no other thread can interrupt."""
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SOUND = re.compile(rb'[^"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"]*+)*', re.DOTALL)
_INSIDE = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_BRACKETS = b"[]{}"
_NOT_BRACKETS = bytes(set(range(256)) - set(_BRACKETS))
_STEPS = bytes.maketrans(_BRACKETS, b"\x01\xff\x01\xff")


def is_too_deep(data: bytes) -> bool:
    """Whether sound JSON is nested more than ``DEPTH`` deep."""
    return data.count(b"[") + data.count(b"{") > DEPTH and _is_deep(data)


def _is_deep(data: bytes) -> bool:
    """Go through the brackets outside of strings, piece by piece."""
    depth = at = 0
    while at < len(data):
        end = _SOUND.match(data, at, at + PIECE).end()  # type: ignore[union-attr]  # it matches the empty text as well
        brackets = _STRING.sub(b"", data[at:end]).translate(_STEPS, _NOT_BRACKETS)
        depths = [*accumulate(array("b", brackets), initial=depth)]
        if max(depths) > DEPTH:
            return True
        depth = depths[-1]
        at = end if end > at else _behind_string(data, at)
    return False


def _behind_string(data: bytes, at: int) -> int:
    """Where a string that begins at ``at`` and goes beyond a piece has its end.

    The end of the data where it has none.
    """
    at += 1
    while at < len(data):
        end = _INSIDE.match(data, at, at + PIECE).end()  # type: ignore[union-attr]  # it matches the empty text as well
        if data[end : end + 1] == b'"':
            return end + 1
        if end == at:  # a backslash is the last byte: no sound JSON
            return len(data)
        at = end
    return at
