"""How deep JSON is nested, seen from its text."""

from __future__ import annotations

import re

DEPTH = 64
"""So deep may a body be, and what is stored of one."""
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def is_too_deep(data: bytes) -> bool:
    """Whether sound JSON is nested more than ``DEPTH`` deep."""
    return data.count(b"[") + data.count(b"{") > DEPTH and _is_deep(data)


def _is_deep(data: bytes) -> bool:
    """Take away the innermost brackets as often as the depth allows: what is left is deeper."""
    brackets = _STRING.sub(b"", data).translate(None, _NOT_BRACKETS)
    for _ in range(DEPTH):
        before = len(brackets)
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(brackets) == before:
            break
    return bool(brackets)
