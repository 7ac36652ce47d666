"""The access log: one JSON line a request, written in batches beside the requests."""

from __future__ import annotations

import asyncio
import time
from typing import IO

import msgspec
from msgspec import Struct

from hansard.observer import Observer, SeenRequest

_encode_lines = msgspec.json.Encoder().encode_lines
_PAUSE = 0.2


class Line(Struct):
    """One request; ``ms`` is how long it took."""

    at: float
    method: str
    path: str
    status: int
    ms: float
    request_id: str
    workspace: str | None
    key: str | None


class AccessLog(Observer):
    """Writes ``{"at", "method", "path", "status", "ms", "request_id", "workspace", "key"}``.

    Never a query, body or secret.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: list[Line] = []
        self._timer: asyncio.TimerHandle | None = None

    def request(self, request: SeenRequest) -> None:
        self._lines.append(
            Line(
                int(time.time() * 1000) / 1000,
                request.method,
                request.path,
                request.status,
                int(request.seconds * 100_000) / 100,
                request.request_id,
                request.workspace_id,
                request.key_id,
            )
        )
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        lines, self._lines = self._lines, []
        if not lines:
            return
        self._stream.write(_encode_lines(lines))
        self._stream.flush()
