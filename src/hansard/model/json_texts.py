"""The texts of a JSON value, one after the other.

The value is not decoded: that takes long for a large one, and lets no other thread run meanwhile.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msgspec import Raw

_DEEPEST = 16
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?[0-9][0-9.eE+-]*+|[\[\]{}]', re.DOTALL)
_decode = msgspec.json.Decoder().decode


def texts_of(value: Raw) -> Iterator[str]:
    """The texts, numbers and keys of valid JSON in their order, from at most ``_DEEPEST`` levels.

    >>> list(texts_of(msgspec.Raw(b'{"late": [true, "by", 3.50]}')))
    ['late', 'by', '3.5']
    """
    depth = 0
    for match in _TOKEN.finditer(memoryview(value)):
        token: bytes = match[0]
        if token in (b"[", b"{"):
            depth += 1
        elif token in (b"]", b"}"):
            depth -= 1
        elif depth <= _DEEPEST:
            scalar: Any = _decode(token)
            yield scalar if isinstance(scalar, str) else str(scalar)
