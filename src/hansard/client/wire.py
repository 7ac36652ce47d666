"""The two drivers of requests: one blocks, one awaits."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import TypeVar

import httpx

from hansard import __version__
from hansard.client.errors import Misconfigured
from hansard.client.events import SILENCE, Reader
from hansard.client.requests import Pause, Position, Request, RetryPolicy, Sent, error_of, exchange
from hansard.client.structs import Event

T = TypeVar("T")
DEFAULT_URL = "http://127.0.0.1:8765"


class Wire:
    """Sends requests and waits for their results."""

    def __init__(self, http: httpx.Client, policy: RetryPolicy) -> None:
        self.http = http
        self.policy = policy
        self._position = Position()

    def send(self, request: Request[T]) -> T:
        steps = exchange(request, self.policy, self._position)
        step = next(steps)
        while True:
            try:
                step = steps.send(self._do(step))
            except StopIteration as done:
                result: T = done.value
                return result

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def events(self, request: Request[None]) -> Iterator[Event]:
        """The events of one stream until it ends; raises what ``send`` raises."""
        reader, timeout = Reader(), _listening(self.http.timeout)
        try:
            with self.http.stream(
                "GET", request.path, headers=request.fields, timeout=timeout
            ) as response:
                if not response.is_success:
                    response.read()
                    raise error_of(response)
                yield from filter(None, map(reader.feed, response.iter_lines()))
        except httpx.RequestError as problem:
            raise error_of(problem) from None

    def _do(self, step: Request[T] | Pause) -> Sent | None:
        if isinstance(step, Pause):
            self.pause(step.seconds)
            return None
        try:
            return self.http.request(
                step.method,
                step.path,
                params=step.params,
                content=step.content,
                headers=step.fields,
            )
        except httpx.RequestError as problem:
            return problem


class AsyncWire:
    """Sends requests and awaits their results."""

    def __init__(self, http: httpx.AsyncClient, policy: RetryPolicy) -> None:
        self.http = http
        self.policy = policy
        self._position = Position()

    async def send(self, request: Request[T]) -> T:
        steps = exchange(request, self.policy, self._position)
        step = next(steps)
        while True:
            try:
                step = steps.send(await self._do(step))
            except StopIteration as done:
                result: T = done.value
                return result

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def events(self, request: Request[None]) -> AsyncGenerator[Event]:
        """The events of one stream until it ends; raises what ``send`` raises."""
        reader, timeout = Reader(), _listening(self.http.timeout)
        try:
            async with self.http.stream(
                "GET", request.path, headers=request.fields, timeout=timeout
            ) as response:
                if not response.is_success:
                    await response.aread()
                    raise error_of(response)
                async for line in response.aiter_lines():
                    if event := reader.feed(line):
                        yield event
        except httpx.RequestError as problem:
            raise error_of(problem) from None

    async def _do(self, step: Request[T] | Pause) -> Sent | None:
        if isinstance(step, Pause):
            await self.pause(step.seconds)
            return None
        try:
            return await self.http.request(
                step.method,
                step.path,
                params=step.params,
                content=step.content,
                headers=step.fields,
            )
        except httpx.RequestError as problem:
            return problem


def address(url: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Where the server is: ``url``, else ``HANSARD_URL``, else this machine."""
    chosen = (url or environment.get("HANSARD_URL") or DEFAULT_URL).rstrip("/")
    if not chosen.startswith(("http://", "https://")):
        raise Misconfigured(
            f"{chosen!r} is not the URL of a server",
            fix=f"give url= or set HANSARD_URL to something like {DEFAULT_URL}",
        )
    return chosen


def headers(api_key: str | None, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What goes with every request; the key is ``api_key``, else ``HANSARD_API_KEY``."""
    key = (api_key or environment.get("HANSARD_API_KEY") or "").strip()
    if not key:
        raise Misconfigured(
            "there is no API key",
            fix="give api_key= or set HANSARD_API_KEY; "
            "the first 'hansard serve' saves one in .hansard/admin.key",
        )
    return {"Authorization": f"Bearer {key}", "User-Agent": f"hansard-python/{__version__}"}


def _listening(timeout: httpx.Timeout) -> httpx.Timeout:
    return httpx.Timeout(
        connect=timeout.connect, write=timeout.write, pool=timeout.pool, read=SILENCE
    )
