"""Proxies between a server and its database that fail as networks do.

They stall, cut off, and garble.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Self

import httpx


class Proxy:
    """Passes on what comes, on a port of its own, until it is told to fail.

    A connection of which the network says nothing more stays open: neither side is told.
    """

    def __init__(self, url: str, *, seed: int = 1) -> None:
        parsed = httpx.URL(url)
        self._target = (parsed.host, parsed.port or 5432)
        self._parsed = parsed
        self._server: asyncio.Server | None = None
        self._chance = random.Random(seed)
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepts = asyncio.Event()
        self._accepts.set()
        self.port = 0
        self.garbled = 0
        self.garbling = 0.0
        """The share of the database's answers that begin with another byte: the kind of message,
        and never a value.
        """

    @property
    def url(self) -> str:
        """The URL of the database through this proxy."""
        return str(self._parsed.copy_with(host="127.0.0.1", port=self.port))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stall(self) -> None:
        """Pass nothing on any more on the connections that there are."""
        for link in self._links:
            link.flows.clear()

    def stall_all(self) -> None:
        """Pass nothing on any more, on later connections neither."""
        self.stall()
        self._accepts.clear()

    def cut(self) -> None:
        """End the connections that there are; both sides are told."""
        for link in list(self._links):
            link.close()

    def refuse(self) -> None:
        """End the connections that there are, and let no new one live."""
        self._accepts.clear()
        self.cut()
        assert self._server is not None
        self._server.close()

    async def go_on(self) -> None:
        """Pass on again, what was held back first."""
        for link in self._links:
            link.flows.set()
        self._accepts.set()
        if self._server is None or not self._server.is_serving():
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def forget(self) -> None:
        """Pass on again, but nothing on the connections of before; neither side is told."""
        self._links.clear()
        await self.go_on()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        link: Link | None = None
        try:
            await self._accepts.wait()
            upstream, downstream = await asyncio.open_connection(*self._target)
            link = Link(writer, downstream)
            self._links.add(link)
            await asyncio.gather(
                self._pass_on(link, reader, downstream),
                self._pass_on(link, upstream, writer, answers=True),
            )
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            if link is not None:
                self._links.discard(link)
                link.close()
            writer.close()

    async def _pass_on(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        answers: bool = False,
    ) -> None:
        while data := await reader.read(65536):
            await link.flows.wait()
            if answers and self._chance.random() < self.garbling:
                self.garbled += 1
                data = b"?" + data[1:]
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


class Link:
    """One connection through a proxy: both its halves, and whether it passes anything on."""

    def __init__(self, *halves: asyncio.StreamWriter) -> None:
        self._halves = halves
        self.flows = asyncio.Event()
        self.flows.set()

    def close(self) -> None:
        for half in self._halves:
            with contextlib.suppress(OSError):
                half.transport.abort()
