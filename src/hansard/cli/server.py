"""uvicorn in this process: start, signals and shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from socket import socket
from types import FrameType

import uvicorn

from hansard.http.application import Application
from hansard.http.protocol import bounded
from hansard.http.socket_protocol import BoundedWebSocket
from hansard.settings import Settings

_BACKLOG = 2048
_MESSAGE = 8 * 1024 * 1024


class Server(uvicorn.Server):
    """Reports when it is ready and when it must stop.

    It returns after a signal, so that the store is closed in order.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], object], stopping: Callable[[], object]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The first signal lets open requests finish; a second one stops at once."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signal_number, self.handle_exit, signal_number, None)
        try:
            yield
        finally:
            for signal_number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(signal_number)


def config_of(app: Application, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http=bounded(settings.head_seconds),
        ws=BoundedWebSocket,
        ws_max_size=_MESSAGE,
        ws_per_message_deflate=False,  # what unpacks to a thousand times its size is no message
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
