"""Two ways to a Hansard for a client of the protocol that speaks HTTP and sends no key."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.conformance.proxy import running
from tests.support.serving import HANSARD, Served

_HOP = {"content-length", "transfer-encoding", "connection", "content-encoding"}
_SESSION = "mcp-session-id"
_PATIENCE = 20.0


@contextmanager
def http_bridge(server: Served) -> Iterator[str]:
    """``/mcp`` with the server's key; everything else is passed on as it is, ``Host`` included."""
    client = httpx.AsyncClient(base_url=server.url, timeout=_PATIENCE)

    async def handle(request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name not in _HOP}
        answer = await client.request(
            request.method,
            "/mcp",
            headers=headers | {"authorization": f"Bearer {server.key}"},
            content=await request.body(),
        )
        kept = {name: value for name, value in answer.headers.items() if name not in _HOP}
        return Response(answer.content, answer.status_code, kept)

    with _listening(handle) as url:
        yield url


@contextmanager
def stdio_bridge(server: Served) -> Iterator[str]:
    """A ``hansard mcp`` for each client, which gets the client's messages line by line."""
    programs: dict[str, Program] = {}

    async def handle(request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        message = await request.json()
        if message.get("method") == "initialize":
            name = secrets.token_hex(8)
            programs[name] = Program(await _started(server))
        else:
            name = request.headers.get(_SESSION, "")
        if name not in programs:
            return Response(status_code=404)
        answer = await programs[name].answer(message)
        headers = {_SESSION: name}
        return JSONResponse(answer, headers=headers) if answer else Response(None, 202, headers)

    try:
        with _listening(handle) as url:
            yield url
    finally:
        for program in programs.values():
            with suppress(ProcessLookupError):
                program.process.kill()


class Program:
    """A program that speaks the protocol on its standard input and output."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._answers: dict[Any, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read())

    async def answer(self, message: dict[str, Any]) -> Any:
        """What it answers to a request; None for a notification. Requests may run side by side."""
        assert self.process.stdin
        if "id" in message:
            self._answers[message["id"]] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        await self.process.stdin.drain()
        if "id" not in message:
            return None
        return await asyncio.wait_for(self._answers[message["id"]], _PATIENCE)

    async def _read(self) -> None:
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            message = json.loads(line)
            waiting = self._answers.pop(message.get("id"), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)


async def _started(server: Served) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        HANSARD,
        "mcp",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=server.environment | {"PATH": "/usr/bin:/bin"},
    )


@contextmanager
def _listening(handle: Any) -> Iterator[str]:
    app = Starlette(routes=[Route("/mcp", handle, methods=["GET", "POST", "DELETE", "OPTIONS"])])
    with running(app) as port:
        yield f"http://localhost:{port}/mcp"
