"""uvicorn in this process: its signals, its silence, its ends."""

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
from hansard.settings import Settings

_BACKLOG = 2048


class Server(uvicorn.Server):
    """Says when it is ready and when it is told to stop, and returns then, so that the store is closed in order."""

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
        """The first signal lets requests under way end; a second one does not wait for them."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            for one in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(one)


def config_of(app: Application, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http=bounded(settings.head_seconds),
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
