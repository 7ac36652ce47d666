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
    programs: dict[str, asyncio.subprocess.Process] = {}

    async def handle(request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        message = await request.json()
        if message.get("method") == "initialize":
            name = secrets.token_hex(8)
            programs[name] = await _program(server)
        else:
            name = request.headers.get(_SESSION, "")
        if name not in programs:
            return Response(status_code=404)
        answer = await _answer(programs[name], message)
        headers = {_SESSION: name}
        return JSONResponse(answer, headers=headers) if answer else Response(None, 202, headers)

    try:
        with _listening(handle) as url:
            yield url
    finally:
        for program in programs.values():
            with suppress(ProcessLookupError):
                program.kill()


async def _program(server: Served) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        HANSARD,
        "mcp",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=server.environment | {"PATH": "/usr/bin:/bin"},
    )


async def _answer(program: asyncio.subprocess.Process, message: dict[str, Any]) -> Any:
    """What the program answers to a request; None for a notification."""
    assert program.stdin
    assert program.stdout
    program.stdin.write(json.dumps(message).encode() + b"\n")
    await program.stdin.drain()
    while "id" in message:
        line = await asyncio.wait_for(program.stdout.readline(), _PATIENCE)
        answer = json.loads(line)
        if answer.get("id") == message["id"]:
            return answer
    return None


@contextmanager
def _listening(handle: Any) -> Iterator[str]:
    app = Starlette(routes=[Route("/mcp", handle, methods=["GET", "POST", "DELETE", "OPTIONS"])])
    with running(app) as port:
        yield f"http://localhost:{port}/mcp"
