"""The end of a growing file, with the earlier lines that it takes to understand it."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

from hansard.interchange.formats import Format

Json = dict[str, Any]
_RECENT, _BYTES = 64, 1024 * 1024


class Trail:
    """The lines before the end that are remembered: those that shape what follows, the last ones.

    Of the lines with one of the format's ``shaping`` marks the first and the last are kept.
    """

    def __init__(self, format_: Format) -> None:
        self._marks = format_.shaping
        self._first: dict[bytes, bytes] = {}
        self._last: dict[bytes, bytes] = {}
        self._recent: deque[bytes] = deque(maxlen=_RECENT)
        self._size = 0

    def add(self, line: bytes) -> None:
        for mark in self._marks:
            if mark in line:
                self._first.setdefault(mark, line)
                self._last[mark] = line
        if len(self._recent) == _RECENT:
            self._size -= len(self._recent[0])
        self._recent.append(line)
        self._size += len(line)
        while self._size > _BYTES:
            self._size -= len(self._recent.popleft())

    def lines(self) -> list[bytes]:
        """Each of them once."""
        return list(dict.fromkeys([*self._first.values(), *self._last.values(), *self._recent]))


def trail_of(path: Path, offset: int, format_: Format) -> Trail:
    """The trail of what stands before the offset."""
    trail = Trail(format_)
    with path.open("rb") as file:
        while offset > 0 and (line := file.readline(offset)):
            offset -= len(line)
            trail.add(line)
    return trail


def tail(format_: Format, before: list[bytes], new: list[bytes]) -> bytes | None:
    """What is read for the new lines; None where that takes the whole file."""
    if format_.tail is None:
        return None
    try:
        earlier, later = [_objects(lines) for lines in (before, new)]
    except (ValueError, RecursionError):
        return None
    lines = format_.tail(earlier, later)
    return None if lines is None else b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _objects(lines: list[bytes]) -> list[Json]:
    """The lines decoded; ValueError where one is no object."""
    values = [json.loads(line.decode("utf-8", "surrogateescape")) for line in lines if line.strip()]
    if not all(isinstance(value, dict) for value in values):
        message = "a line is not an object"
        raise ValueError(message)
    return values
