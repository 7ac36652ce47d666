"""What OpenAI's generated tests take for granted: ``conv_123`` with an item ``msg_abc``.

They were generated for a mock. This proxy makes both objects before each request, takes the tests'
key for the server's, and leaves out the example values ``after=after`` and ``limit=0``, which no
server could answer.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_CONVERSATION, _ITEM = "conv_123", "msg_abc"
_EXAMPLES = {("after", "after"), ("limit", "0")}
_PASSED = {"content-type", "idempotency-key", "x-stainless-retry-count"}
_HOP = {"content-length", "transfer-encoding", "connection", "content-encoding"}


@contextmanager
def proxied(url: str, key: str) -> Iterator[str]:
    """The base URL of a proxy in front of the server, for OpenAI's client."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as server:

        def forward(
            method: str, path: str, query: str, headers: dict[str, str], body: bytes
        ) -> Response:
            _seed(server)
            answer = server.request(
                method, f"{path}?{query}" if query else path, headers=headers, content=body
            )
            kept = {name: value for name, value in answer.headers.items() if name not in _HOP}
            return Response(answer.content, answer.status_code, kept)

        async def handle(request: Request) -> Response:
            query: list[tuple[str, Any]] = [
                pair for pair in request.query_params.multi_items() if pair not in _EXAMPLES
            ]
            headers = {name: value for name, value in request.headers.items() if name in _PASSED}
            return forward(
                request.method,
                request.url.path,
                str(httpx.QueryParams(query)),
                headers,
                await request.body(),
            )

        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        app = Starlette(routes=[Route("/{path:path}", handle, methods=methods)])
        with _running(app) as port:
            yield f"http://127.0.0.1:{port}/openai/v1"


def _seed(server: httpx.Client) -> None:
    message = {"role": "user", "text": "string", "client_id": _ITEM}
    server.post(
        f"/v1/sessions/{_CONVERSATION}/messages", json={"messages": [message], "session": {}}
    ).raise_for_status()


@contextmanager
def _running(app: Starlette) -> Iterator[int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
