"""Read a file in a process of its own.

The server's process then spends neither time nor memory on it.

One call of the JSON decoder may take seconds and holds every thread of its process meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import msgspec

from hansard.errors import Invalid
from hansard.interchange.bounds import Bounds
from hansard.interchange.reading import Event
from hansard.interchange.reading_worker import Frame, Task, decode
from hansard.interchange.records import Rules

_COMMAND = ("-P", "-m", "hansard.interchange.reading_worker")
_AT_ONCE = 256 * 1024
_LENGTH = 4


class ReadingProcess:
    """Reads ``data`` as the file ``name``, of the format that is named, else judged.

    ``command`` is what Python runs in the process.
    """

    def __init__(  # noqa: PLR0913 - what a file is read by
        self,
        name: str,
        data: bytes,
        format_name: str | None,
        rules: Rules,
        bounds: Bounds,
        *,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        zone = rules.zone
        self._task = Task(
            name=name,
            size=len(data),
            format=format_name,
            now=rules.now,
            zone=zone.key if isinstance(zone, ZoneInfo) else None,
            channel=rules.channel,
            bounds=bounds,
        )
        self._data = data
        self._command = command

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Sequence[Event]]]:
        """What is read; the process ends with the context, whether it is through or not."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield self._events(process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()  # it does not end before what nobody read of it was read

    async def _events(self, process: asyncio.subprocess.Process) -> AsyncIterator[Sequence[Event]]:
        assert process.stdin is not None, "it was asked for"  # noqa: S101 - an invariant of the call above
        assert process.stdout is not None, "it was asked for"  # noqa: S101 - as above
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await self._send(process.stdin)
        while True:
            frame = await _next(process.stdout)
            if frame.failure is not None:
                raise frame.failure.error()
            yield frame.events
            if frame.is_last:
                return

    async def _send(self, pipe: asyncio.StreamWriter) -> None:
        pipe.write(msgspec.json.encode(self._task) + b"\n")
        data = memoryview(self._data)
        for start in range(0, len(data), _AT_ONCE):
            pipe.write(data[start : start + _AT_ONCE])
            await pipe.drain()
        pipe.close()


async def _next(pipe: asyncio.StreamReader) -> Frame:
    """The next frame.

    Invalid when the process ended without one, since it took more than it may.
    """
    try:
        length = int.from_bytes(await pipe.readexactly(_LENGTH))
        return decode(await pipe.readexactly(length))
    except asyncio.IncompleteReadError as problem:
        raise Invalid(
            "reading the file takes more memory or time than a server gives: import it with the "
            "command line",
            code="import_too_expensive",
        ) from problem
