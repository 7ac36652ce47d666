"""A websocket client without a network: speaks ASGI to the application itself."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from starlette.types import ASGIApp, Message

WAIT = 5


class Closed(Exception):
    """The server ended the conversation, or never began it."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Socket:
    """One connection; ``hear`` raises Closed when the server has closed it."""

    def __init__(
        self, app: ASGIApp, path: str, query: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self._app = app
        self._scope: dict[str, Any] = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in {"host": "hansard.test", **(headers or {})}.items()
            ],
            "subprotocols": [],
            "client": ("127.0.0.1", 1),
            "server": ("hansard.test", 80),
        }
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._sent.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.ensure_future(self._app(self._scope, self._sent.get, self._heard.put))
        first = await self._next()
        assert first["type"] == "websocket.accept", first
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sent.put_nowait({"type": "websocket.disconnect", "code": 1000})
        assert self._task is not None
        await asyncio.wait_for(self._task, WAIT)

    def send(self, text: str) -> None:
        self._sent.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        self._sent.put_nowait({"type": "websocket.receive", "bytes": data})

    def act(self, action: str, **more: object) -> None:
        self.send(json.dumps({"action": action, **more}))

    async def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = json.loads((await self._next())["text"])
        return heard

    async def _next(self) -> Message:
        message = await asyncio.wait_for(self._heard.get(), WAIT)
        if message["type"] == "websocket.close":
            raise Closed(message["code"])
        return message
