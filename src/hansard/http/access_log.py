"""The access log: one JSON line a request, written in batches beside the requests."""

from __future__ import annotations

import asyncio
import time
from typing import IO, Any

import msgspec
from msgspec import Struct

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


class AccessLog:
    """Writes ``{"at", "method", "path", "status", "ms", "request_id", "workspace", "key"}``; never a query, body or secret."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._lines: list[Line] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(  # noqa: PLR0913 - what it needs
        self,
        method: str,
        path: str,
        status: int,
        began: float,
        call: Any,  # noqa: ANN401 - any value
        request_id: str,
    ) -> None:
        if self._stream is None:
            return
        took = int((time.perf_counter() - began) * 100_000) / 100
        workspace, key = (call.workspace_id, call.key_id) if call else (None, None)
        self._lines.append(
            Line(
                int(time.time() * 1000) / 1000,
                method,
                path,
                status,
                took,
                request_id,
                workspace,
                key,
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
        if self._stream is None or not lines:
            return
        self._stream.write(_encode_lines(lines))
        self._stream.flush()
