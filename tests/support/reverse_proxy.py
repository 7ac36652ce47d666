"""A small reverse proxy that serves one server below a path, as nginx or Caddy would."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

_CHUNK = 65_536
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class ReverseProxy:
    """``strips`` says whether it takes the prefix off the path; ``refused`` is what lay outside."""

    def __init__(self, target: str, prefix: str, *, strips: bool) -> None:
        address = urlsplit(target)
        self._target = address.hostname, address.port
        self._prefix = prefix
        self._strips = strips
        self._url = ""
        self._serving: set[asyncio.Task[None]] = set()
        self.refused: list[str] = []

    @property
    def url(self) -> str:
        return self._url + self._prefix

    @contextlib.contextmanager
    def running(self) -> Iterator[ReverseProxy]:
        """Serve from a thread with a loop of its own."""
        ready = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._listen(ready)))
        thread.start()
        ready.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stopping.set)
            thread.join()

    async def _listen(self, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await self._stopping.wait()
        server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task that is held here: asyncio's streams hold it weakly."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a connection: the server is told to close it after its answer."""
        # Cancelled are the streams that are open when the proxy ends.
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            try:
                await self._answer(reader, writer)
            finally:
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, rest = head.decode("latin-1").split(" ", 2)
        if not f"{path}/".startswith((f"{self._prefix}/", f"{self._prefix}?")):
            self.refused.append(path)
            writer.write(_NOT_FOUND)
            return
        if self._strips:
            path = path.removeprefix(self._prefix) or "/"
        rest = re.sub(r"(?i)\r\nconnection:[^\r]*", "", rest)
        rest = rest.replace("\r\n", "\r\nConnection: close\r\n", 1)
        await self._forward(f"{method} {path} {rest}".encode("latin-1"), reader, writer)

    async def _forward(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_server, to_server = await asyncio.open_connection(*self._target)
        to_server.write(head)
        sending = asyncio.create_task(_pipe(reader, to_server))
        try:
            await _pipe(from_server, writer)
        finally:
            sending.cancel()
            to_server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
