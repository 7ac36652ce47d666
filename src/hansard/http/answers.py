"""Turn a handler's answer into bytes and send them with their headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw
from starlette.responses import Response

from hansard.errors import Error, Retryable
from hansard.http.compression import compressed, is_to_shrink, weak
from hansard.http.msgpack import packed, wanted
from hansard.http.route import Dialect, Reply, Route

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from hansard.http.call import Call
    from hansard.model.idempotency import Answer

REFUSAL = "hansard.refusal"
"""The ASGI extension under which a scope carries the error that its request is answered with."""
_encode = msgspec.json.Encoder().encode
SAFE = ("GET", "HEAD")
KEPT_BY_ITS_CALLER = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"Authorization, X-API-KEY, Cookie, Accept-Encoding"),
)
"""A cache that several keys share asks anew for each: two workspaces have the same ETags."""
_KEPT_NOWHERE = ((b"cache-control", b"no-store"), (b"vary", b"Accept-Encoding"))


def encoded(dialect: Dialect, route: Route, call: Call[Any, Any], result: Any) -> Reply | Response:  # noqa: ANN401 - whatever a handler tells
    if isinstance(result, Response):
        return result
    reply = result if isinstance(result, Reply) else Reply(body=result)
    if (
        reply.etag
        and call.scope["method"] in SAFE
        and is_known(reply.etag, call.headers.get("if-none-match"))
    ):
        return Reply(body=b"", status=304, etag=reply.etag, headers=reply.headers)
    body = reply.body
    if not isinstance(body, bytes):
        body = bytes(body) if isinstance(body, Raw) else _encode(body)
        if dialect.wrap:
            body = dialect.wrap(body, call.request_id)
    return msgspec.structs.replace(
        reply,
        body=body,
        status=reply.status or route.status,
        media_type=reply.media_type or route.media_type,
    )


def from_stored(
    dialect: Dialect, call: Call[Any, Any], status: int, answer: Answer, *more: tuple[str, str]
) -> Reply:
    """The answer that is kept for an Idempotency-Key, as it is first sent and as it is replayed."""
    body = dialect.wrap(answer.body, call.request_id) if dialect.wrap else answer.body
    return Reply(
        body=body,
        status=status,
        media_type=call.route.media_type,
        headers=(*answer.headers, *more),
        etag=answer.etag,
    )


async def as_taken(answer: Reply, route: Route, call: Call[Any, Any]) -> Reply:
    """The answer as its caller takes it: as MessagePack, as gzip, or as it is."""
    if wanted(route, call):
        answer = packed(route, answer)
    return await compressed(answer) if is_to_shrink(answer, call.headers) else answer


def is_known(tag: str, known: str) -> bool:
    """Whether ``If-None-Match`` names this ETag.

    Weak and strong ones compare alike, ``*`` is every ETag.
    """
    if not known or known == tag:
        return known == tag
    return known.strip() == "*" or tag.removeprefix("W/") in {
        tag.strip().removeprefix("W/") for tag in known.split(",")
    }


async def send(  # noqa: PLR0913 - ASGI's three, and what every answer carries
    answer: Reply | Response,
    scope: Scope,
    receive: Receive,
    send_event: Send,
    request_id: str,
    limit: tuple[tuple[str, str], ...],
) -> int:
    if isinstance(answer, Response):
        answer.headers["X-Request-ID"] = request_id
        if where := answer.headers.get("Location"):
            answer.headers["Location"] = _outside(where, scope.get("root_path", ""))
        answer.headers.update(dict(limit))
        await answer(scope, receive, send_event)
        return answer.status_code
    status, body = answer.status or 200, answer.body
    headers = head_of(answer, scope, request_id, limit)
    await send_event({"type": "http.response.start", "status": status, "headers": headers})
    await send_event(
        {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}
    )
    return status


def head_of(
    answer: Reply, scope: Scope, request_id: str, limit: tuple[tuple[str, str], ...]
) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, the request id first."""
    headers = [(b"x-request-id", request_id.encode("latin-1"))]
    if answer.status != 304:  # noqa: PLR2004 - an answer without content
        headers += [
            (b"content-type", (answer.media_type or "application/json").encode()),
            (b"content-length", str(len(answer.body)).encode()),
        ]
    if answer.encoding:
        headers.append((b"content-encoding", answer.encoding.encode()))
    if answer.etag:
        tag = weak(answer.etag) if answer.encoding else answer.etag
        headers += [(b"etag", tag.encode()), *KEPT_BY_ITS_CALLER]
    else:
        headers += _KEPT_NOWHERE
    if answer.headers or limit:
        root = scope.get("root_path", "")
        headers += [
            (
                name.lower().encode(),
                (_outside(value, root) if name == "Location" else value).encode("latin-1"),
            )
            for name, value in (*answer.headers, *limit)
        ]
    return headers


def headers_of_error(error: Error, status: int) -> list[tuple[str, str]]:
    """What the headers of an answer say of an error."""
    headers = []
    if isinstance(error, Retryable):
        headers.append(("Retry-After", str(max(1, round(error.retry_after)))))
    if status == 401:  # noqa: PLR2004 - the one that must say how
        headers.append(("WWW-Authenticate", "Bearer"))
    if "allow" in error.extra:
        headers.append(("Allow", str(error.extra["allow"])))
    return headers


def _outside(where: str, root: str) -> str:
    """A ``Location`` as the world outside has it: a path of this server with its root."""
    return root + where if where.startswith("/") else where
