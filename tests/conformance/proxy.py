"""What generated tests take for granted, such as OpenAI's ``conv_123`` with an item ``msg_abc``.

They were generated for a mock. This proxy makes their objects before each request, takes the tests'
key for the server's, and leaves out example values such as ``after=after`` and ``limit=0``, which
no server could answer.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

_PASSED = {"content-type", "idempotency-key", "x-stainless-retry-count"}
_HOP = {"transfer-encoding", "connection"}


@dataclass(frozen=True)
class Examples:
    """What the tests of one API name in their requests."""

    prefix: str
    """The path of the API, to which the tests' paths are added."""
    session: str
    """The session that is there."""
    messages: tuple[Mapping[str, Any], ...]
    """Its messages; those with a client id are made again where a test deleted them."""
    left_out: frozenset[tuple[str, str]]
    """Parameters of queries."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Ids that the server draws by itself, and where it tells them."""


OPENAI = Examples(
    "/openai/v1",
    "conv_123",
    ({"role": "user", "text": "string", "client_id": "msg_abc"},),
    frozenset({("after", "after"), ("limit", "0")}),
)

_IMAGE = {"type": "blob", "content": "aGk=", "mime_type": "image/png", "modality": "image"}
_CALL = {"type": "tool_call", "id": "call_1", "name": "track", "arguments": {"id": 17}}
_ANSWER = {"type": "tool_call_response", "id": "call_1", "response": "Oslo"}
_SESSION = "sesn_011CZkZAtmR3yMPDzynEDxu7"
ANTHROPIC = Examples(
    "/anthropic",
    _SESSION,
    (
        {"role": "system", "text": "Be kind.", "client_id": "1"},
        {
            "role": "user",
            "parts": [{"type": "text", "content": "Where is this?"}, _IMAGE],
            "client_id": "2",
        },
        {
            "role": "assistant",
            "parts": [{"type": "reasoning", "content": "Look it up."}, _CALL],
            "client_id": "3",
        },
        {"role": "tool", "parts": [_ANSWER], "client_id": "4"},
        {"role": "assistant", "text": "In Oslo.", "client_id": "5"},
    ),
    frozenset({("page", "page"), ("limit", "0")}),
    {"sthr_011CZkZVWa6oJjw1rgXZpnBt": f"/anthropic/v1/sessions/{_SESSION}/threads"},
)


@contextmanager
def proxied(examples: Examples, url: str, key: str) -> Iterator[str]:
    """The base URL of a proxy in front of the server, for the tests' client."""
    server = httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=httpx.Timeout(30)
    )

    async def handle(request: Request) -> Response:
        await _seed(server, examples)
        query: list[tuple[str, Any]] = [
            pair for pair in request.query_params.multi_items() if pair not in examples.left_out
        ]
        path = await _renamed(server, examples, request.url.path)
        sent = server.build_request(
            request.method,
            f"{path}?{httpx.QueryParams(query)}" if query else path,
            headers={name: value for name, value in request.headers.items() if name in _PASSED},
            content=await request.body(),
        )
        answer = await server.send(sent, stream=True)
        kept = {name: value for name, value in answer.headers.items() if name not in _HOP}
        return StreamingResponse(_pieces(answer), answer.status_code, kept)

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", handle, methods=methods)])
    with running(app) as port:
        yield f"http://127.0.0.1:{port}{examples.prefix}"


async def _pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


async def _seed(server: httpx.AsyncClient, examples: Examples) -> None:
    path = f"/v1/sessions/{examples.session}/messages"
    body = {"messages": list(examples.messages), "session": {}}
    (await server.post(path, json=body)).raise_for_status()


async def _renamed(server: httpx.AsyncClient, examples: Examples, path: str) -> str:
    """The path with the first id that the server lists in the place of each that it draws."""
    for name, listed in examples.renamed.items():
        if name in path:
            answer = await server.get(listed)
            path = path.replace(name, answer.raise_for_status().json()["data"][0]["id"])
    return path


@contextmanager
def running(app: Starlette) -> Iterator[int]:
    """The port of an application that runs in a thread of this process."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
