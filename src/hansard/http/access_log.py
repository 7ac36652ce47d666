"""The access log: one JSON line a request, written in batches beside the requests."""

from __future__ import annotations

import asyncio
import time
from typing import IO, Any

import msgspec

_encode = msgspec.json.Encoder().encode
_PAUSE = 0.2


class AccessLog:
    """Writes ``{"at", "method", "path", "status", "ms", "request_id", "workspace", "key"}``; never a query, body or secret."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._lines: list[tuple[float, str, str, int, float, str, str | None, str | None]] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, method: str, path: str, status: int, began: float, call: Any, request_id: str) -> None:  # noqa: ANN401, PLR0913 - the facts of a request
        if self._stream is None:
            return
        self._lines.append((time.time(), method, path, status, time.perf_counter() - began, request_id, call and call.workspace_id, call and call.key_id))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self.flush)

    def flush(self) -> None:
        self._timer = None
        lines, self._lines = self._lines, []
        if self._stream is None or not lines:
            return
        names = ("at", "method", "path", "status", "ms", "request_id", "workspace", "key")
        text = b"".join(
            _encode(dict(zip(names, (round(at, 3), method, path, status, round(took * 1000, 2), *rest), strict=True))) + b"\n"
            for at, method, path, status, took, *rest in lines
        )
        self._stream.write(text)
        self._stream.flush()
