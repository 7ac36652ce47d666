"""How much one import may take, and what counts it while a file is read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

MIB = 1024 * 1024
BAD = 1000
"""An import ends after this many bad records, if they are more than the good ones."""
REASON = 500
"""The most characters of the reason for a bad record."""
_RATIO, _PACKED_FLOOR = 200, 16 * MIB
"""The most that a file may unpack to, in times its size; below the floor any factor is allowed."""
_SPARSE = 8
"""Beyond a quarter of a million values, each has at least so many bytes: denser JSON only fills
memory.
"""
_DENSE_VALUES = 250_000
LIGHT = MIB
"""The values of a record of fewer bytes are not counted."""
_FEW = 1000
"""So many signs of values may be within texts without being looked at."""
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[,\[{]', re.DOTALL)
_BYTE_TOKENS = re.compile(_TOKENS.pattern.encode(), re.DOTALL)


class Bounds(Struct, frozen=True, kw_only=True):
    """How many bytes and values an import takes, and how much of it is written in one transaction.

    ``unpacked`` bytes come out of all files that one name stands for. ``record`` bytes and
    ``values`` make one record, ``message`` bytes one message.
    """

    unpacked: int
    record: int
    values: int
    message: int
    messages_at_once: int
    sessions_at_once: int
    bytes_at_once: int


OWN_MACHINE = Bounds(
    unpacked=256 * 1024 * MIB,
    record=256 * MIB,
    values=5_000_000,
    message=32 * MIB,
    messages_at_once=2000,
    sessions_at_once=200,
    bytes_at_once=8 * MIB,
)
"""For files of whoever runs the program. A message is at most as large as a provider takes a
request.
"""

SERVER = Bounds(
    unpacked=64 * MIB,
    record=16 * MIB,
    values=500_000,
    message=8 * MIB,
    messages_at_once=200,
    sessions_at_once=50,
    bytes_at_once=MIB // 4,
)
"""For files that come over the network: a server gives them little, and nobody waits for a
transaction.
"""


class Beyond(Exception):
    """More than a file or a record may have; the text says what, and what to do."""


class Meter:
    """Counts what comes out of the files that one name stands for.

    ``size`` is that of an archive; without it, what was read of a file is what it is compared with.
    """

    def __init__(self, bounds: Bounds = OWN_MACHINE, size: int | None = None) -> None:
        self.bounds = bounds
        self._size = size
        self._unpacked = 0

    def unpack(self, count: int, read: int) -> None:
        """Count bytes that came out, of a file of which so many bytes were ``read``.

        Beyond when they are too many.
        """
        self._unpacked += count
        if self._unpacked > self.bounds.unpacked:
            raise Beyond(f"it is larger than {_mib(self.bounds.unpacked)}, unpacked")
        packed = self._size if self._size is not None else read
        if self._unpacked > max(_PACKED_FLOOR, _RATIO * packed):
            raise Beyond(f"it unpacks to more than {_RATIO} times its size, as no export does")


class RecordMeter:
    """Counts the pieces of JSON that become one record, before they are decoded."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._bytes = 0
        self._values = 0

    def take(self, text: str | bytes, start: int = 0, end: int | None = None) -> None:
        """Count one more piece; Beyond when it is more than one record may have."""
        self._bytes, self._values = self._with(text, start, len(text) if end is None else end)

    def look(self, text: str, start: int, end: int) -> None:
        """Raises Beyond as ``take`` would; nothing is counted.

        All signs of values are counted first, also those within texts: most records have few of
        them, and are not looked at further.
        """
        size = self._bytes + end - start
        signs = self._values + sum(text.count(sign, start, end) for sign in ",[{")
        most = min(self._bounds.values, max(_DENSE_VALUES, size // _SPARSE))
        if size > self._bounds.record or signs > most:
            self._with(text, start, end)

    def _with(self, text: str | bytes, start: int, end: int) -> tuple[int, int]:
        size, values, most = self._bytes + end - start, self._values, self._bounds.values
        if size > self._bounds.record:
            raise Beyond(too_large(self._bounds))
        if size > LIGHT:
            values += _values_in(text, start, end, most)
        if values > most:
            raise Beyond(f"a record has more than {most:,} values")
        if values > max(_DENSE_VALUES, size // _SPARSE):
            raise Beyond(f"a record has more than {_DENSE_VALUES:,} values of a few bytes each")
        return size, values


def too_large(bounds: Bounds) -> str:
    """The reason for a record with too many bytes."""
    return f"a record is larger than {_mib(bounds.record)}"


def present(line: bytes | None, bounds: Bounds) -> bytes:
    """The line; Beyond for one that is too long for a record, which stands as None."""
    if line is None:
        raise Beyond(too_large(bounds))
    return line


def _values_in(text: str | bytes, start: int, end: int, most: int) -> int:
    """How many values JSON has, counted up to ``most``; few of them may be commas within a text."""
    if isinstance(text, str):
        count = sum(text.count(sign, start, end) for sign in ",[{")
        tokens: Iterator[re.Match[Any]] = _TOKENS.finditer(text, start, end)
    else:
        count = sum(text.count(sign, start, end) for sign in (b",", b"[", b"{"))
        tokens = _BYTE_TOKENS.finditer(text, start, end)
    if count <= _FEW:
        return count
    signs = (token for token in tokens if token.end() - token.start() == 1)
    return sum(1 for _ in itertools.islice(signs, most + 1))


def _mib(count: int) -> str:
    return f"{count / MIB:,.3g} MiB"
