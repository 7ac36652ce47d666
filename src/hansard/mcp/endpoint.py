"""``/mcp``: the protocol over streamable HTTP, stateless, in one answer for each request.

The tools call this server's own API within the process, with the key of the request. So its scopes,
its narrowing and its rate limit hold as for any other caller.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hansard.errors import Error, Forbidden
from hansard.http.credentials import credential
from hansard.http.origin import is_foreign, is_rebound
from hansard.http.route import Dialect, Failure, Reply, Route

if TYPE_CHECKING:
    from starlette.types import Message

    from hansard.http.call import Call

_INVALID_REQUEST, _INTERNAL = -32600, -32603
_SERVER_FAULT = 500


class Unsupported(Error):
    """The server was installed without the extra ``mcp``."""

    default_code = "not_installed"


async def answer(call: Call[None, None]) -> Reply:
    """Speak the Model Context Protocol

    The body is a JSON-RPC message of the protocol; the tools and resources are described by
    `tools/list` and `resources/list`.
    """
    if is_foreign(call.headers) or is_rebound(call.headers, call.scope.get("server")):
        raise Forbidden("a page of another site may not speak here", code="foreign_origin")
    server = await _package()
    body = iter((call.data,))
    events: list[Message] = []

    async def receive() -> Message:
        for data in body:
            return {"type": "http.request", "body": data, "more_body": False}
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never done

    async def send(event: Message) -> None:
        events.append(event)

    await server.speak(call.base_url, credential(dialect, call), call.scope, receive, send)
    start, *pieces = events
    headers = dict(start["headers"])
    return Reply(
        body=b"".join(piece.get("body", b"") for piece in pieces),
        status=start["status"],
        media_type=headers.get(b"content-type", b"application/json").decode(),
    )


async def _package() -> ModuleType:
    """The module that needs the package ``mcp``; that takes a second to load, hence the thread."""
    try:
        return await asyncio.to_thread(import_module, "hansard.mcp.server")
    except ImportError as problem:
        raise Unsupported(
            "this server was installed without MCP: pip install 'hansard[mcp]'"
        ) from problem


def _error(failure: Failure) -> dict[str, Any]:
    code = _INTERNAL if failure.status >= _SERVER_FAULT else _INVALID_REQUEST
    return {
        "jsonrpc": "2.0",
        "id": None,
        "error": {
            "code": code,
            "message": failure.error.message,
            "data": {"code": failure.error.code, "request_id": failure.request_id},
        },
    }


dialect = Dialect(
    name="mcp",
    title="MCP",
    description="The Model Context Protocol, for agents that search and read sessions.",
    prefixes=("/mcp",),
    routes=(
        Route(
            "POST /mcp",
            answer,
            scope="sessions:read",
            raw_body=True,
            request_types=("application/json",),
            returns=dict[str, Any],
            extra_statuses=(202,),
            errors={406: "`Accept` lacks `application/json` or `text/event-stream`."},
        ),
    ),
    error=_error,
    statuses={Unsupported: 501},
)
