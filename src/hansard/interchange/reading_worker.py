"""What the reading process runs: a task and a file come in, frames of what is in the file go out.

python -P -m hansard.interchange.reading_worker
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import sys
import typing
from collections import Counter
from typing import IO
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Invalid
from hansard.interchange import formats, reading
from hansard.interchange.bounds import MIB, Bounds
from hansard.interchange.documents import from_pipe
from hansard.interchange.reading import BadRecord, Event, SessionPiece
from hansard.interchange.records import Rules

_MEMORY, _SECONDS, _NICENESS = 256 * MIB, 60, 5
"""What the process may use, and how far it steps back behind the server's."""
_EVENTS, _BYTES, _LENGTH = 100, 128 * 1024, 4
_encode = msgspec.json.Encoder().encode


class Task(Struct, frozen=True, kw_only=True):
    """The file that follows, and how it is read."""

    name: str
    size: int
    format: str | None
    now: int
    zone: str | None
    channel: str | None
    bounds: Bounds


class Failure(Struct, frozen=True):
    """An Invalid on its way to the server."""

    message: str
    code: str
    param: str | None

    def error(self) -> Invalid:
        return Invalid(self.message, code=self.code, param=self.param)


class Frame(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Some of what was read; after the last one, or a failure, there is nothing more."""

    events: list[Event] = []
    failure: Failure | None = None
    is_last: bool = False


def _counted(kind: type, value: object) -> object:
    """A counter of what was a counter before it was encoded."""
    if typing.get_origin(kind) is not Counter or not isinstance(value, dict):
        raise NotImplementedError(kind)
    return Counter(value)


decode = msgspec.json.Decoder(Frame, dec_hook=_counted).decode


class Frames:
    """Puts events together to frames that a server decodes in a moment."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._events: list[Raw] = []
        self._size = 0

    def add(self, event: Event) -> None:
        """Take an event; a session whose text nobody could decode becomes a bad record."""
        try:
            encoded = _encode(event)
        except (UnicodeEncodeError, OverflowError, RecursionError) as problem:
            if not isinstance(event, SessionPiece):
                raise
            reason = f"it cannot be written as JSON: {problem}"
            encoded = _encode(BadRecord(file=event.file, number=event.number, reason=reason))
        self._events.append(Raw(encoded))
        self._size += len(encoded)
        if len(self._events) >= _EVENTS or self._size >= _BYTES:
            self.send()

    def send(self, failure: Failure | None = None, *, is_last: bool = False) -> None:
        data = _encode({"events": self._events, "failure": failure, "is_last": is_last})
        self._out.write(len(data).to_bytes(_LENGTH) + data)
        self._out.flush()
        self._events, self._size = [], 0


def work(source: IO[bytes], out: IO[bytes]) -> None:
    """Read the task and its file, and give frames of what is in it."""
    frames = Frames(out)
    try:
        task = msgspec.json.decode(source.readline(), type=Task)
        file = io.BytesIO(source.read(task.size))
        rules = Rules(
            now=task.now,
            zone=ZoneInfo(task.zone) if task.zone else None,
            channel=task.channel,
        )
        format_ = formats.named(task.format) if task.format else None
        documents = from_pipe(task.name, file, task.bounds)
        for event in reading.read(documents, format_, rules, task.bounds):
            frames.add(event)
    except Invalid as problem:
        frames.send(Failure(problem.message, problem.code, problem.param))
    else:
        frames.send(is_last=True)


def restrain() -> None:
    """Take no more memory and time than such a file is given, and stand behind the server."""
    for what, most in ((resource.RLIMIT_DATA, _MEMORY), (resource.RLIMIT_CPU, _SECONDS)):
        with contextlib.suppress(OSError, ValueError):  # a system that knows no such limit
            resource.setrlimit(what, (most, most))
    os.nice(_NICENESS)


if __name__ == "__main__":
    restrain()
    with contextlib.suppress(BrokenPipeError, MemoryError):
        work(sys.stdin.buffer, sys.stdout.buffer)
