"""The ASGI application: route, identify, decode, handle, encode, send."""

from __future__ import annotations

import secrets
import time
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw
from starlette.responses import Response
from starlette.websockets import WebSocket

from hansard.errors import (
    Conflict,
    Error,
    Forbidden,
    Invalid,
    NotFound,
    Retryable,
    StoreUnavailable,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from hansard.http.call import Call, Headers
from hansard.http.decoding import BodyReader, check_type, read_body, reader_of
from hansard.http.error_redaction import for_strangers
from hansard.http.limits import Limited, Limits
from hansard.http.log import Log
from hansard.http.response_cache import ResponseCache, of_workspace
from hansard.http.route import Dialect, Failure, Reply, Route
from hansard.http.routing import Router
from hansard.ids import REQUEST
from hansard.model.idempotency import Replayed
from hansard.service.sign_ins import is_sign_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send

    from hansard.access import Principal
    from hansard.http.access_log import AccessLog
    from hansard.service import Service

STATUS: dict[type[Error], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    TooMany: 429,
    StoreUnavailable: 503,
}
CODE_STATUS = {
    "method_not_allowed": 405,
    "version_mismatch": 412,
    "unsupported_media_type": 415,
    "idempotency_key_reused": 422,
    "internal": 500,
    "store_full": 507,
}
_encode = msgspec.json.Encoder().encode
_REQUEST_ID_LENGTH = 128
_RUN = REQUEST + secrets.token_hex(8)
_NUMBERS = count(secrets.randbits(31))
"""Request ids are unique, not secret: this process's name and a number."""
_SAFE = ("GET", "HEAD")
_KEPT_BY_ITS_CALLER = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"Authorization, X-API-KEY, Cookie"),
)
"""A cache that several keys share asks anew for each: two workspaces have the same ETags."""
_KEPT_NOWHERE = (b"cache-control", b"no-store")
_log = Log("hansard")


class Internal(Error):
    """A fault of ours; the log has the rest."""

    default_code = "internal"


class Application:
    """Serves dialects over one service. Every answer, errors included, carries ``X-Request-ID``."""

    def __init__(
        self,
        service: Service,
        dialects: Iterable[Dialect],
        log: AccessLog,
        limits: Limits | None = None,
    ) -> None:
        self.service = service
        self.dialects = tuple(dialects)
        self._router = Router(self.dialects)
        self._queries = {
            id(route): reader
            for one in self.dialects
            for route in one.routes
            if (reader := reader_of(route.params, strict=one.strict, escapes=one.escapes))
        }
        self._bodies = {
            id(route): BodyReader(route.body)
            for one in self.dialects
            for route in one.routes
            if route.body
        }
        self._sockets = {
            path: (dialect, handler)
            for dialect in self.dialects
            for path, handler in dialect.sockets.items()
        }
        self._pages = ResponseCache()
        self._log = log
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._respond(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._converse(WebSocket(scope, receive, send))

    def close(self) -> None:
        """Write the lines of the access log that wait; to be called when the last answer is out."""
        self._log.flush()

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        method, path = scope["method"], scope["path"]
        headers = Headers(scope["headers"])
        request_id = _request_id(headers.get("x-request-id"))
        call: Call[Any, Any] | None = None
        dialect: Dialect | None = None
        try:
            dialect, route, values = self._route(method, path)
            call = Call(scope, headers, route, values, request_id, self.service)
            answer = await self._answer(dialect, route, call, receive)
        except Error as error:
            answer = self._failed(
                dialect or self._router.owner(path),
                for_strangers(error, request_id),
                request_id,
                path,
            )
        except Exception as problem:  # noqa: BLE001 - the last resort: an answer with a request id, and the log has the rest
            _log.exception(
                "internal error",
                request_id=request_id,
                method=method,
                path=path,
                error=type(problem).__name__,
            )
            fault = Internal(
                "something went wrong on our side: the log has it under this request id"
            )
            answer = self._failed(dialect or self._router.owner(path), fault, request_id, path)
        status = await _send(answer, scope, receive, send, request_id, call.limit if call else ())
        self._log.note(method, path, status, began, call, request_id)

    def _route(self, method: str, path: str) -> tuple[Dialect, Route, dict[str, str]]:
        methods, names, values = self._router.find(path)
        found = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
        if found is None or "\x00" in path:
            if not methods or "\x00" in path:  # no id holds one, and PostgreSQL takes none
                raise NotFound(f"there is no {path} here", code="route_not_found")
            allowed = ", ".join(sorted(methods))
            raise Invalid(
                f"{path} does not answer {method}, only {allowed}",
                code="method_not_allowed",
                allow=allowed,
            )
        dialect, route = found
        return (
            dialect,
            route,
            dict(zip(names.get(route.method, ()), values, strict=True)) if values else {},
        )

    async def _answer(
        self, dialect: Dialect, route: Route, call: Call[Any, Any], receive: Receive
    ) -> Reply | Response:
        if not route.public:
            call.identify(await self._caller(dialect, call))
            if self._limits is not None:
                call.limit = _spelled(dialect, self._limits.take(call.principal))
            if route.scope is not None and route.scope not in call.principal.scopes:
                await self.service.audit.denied(
                    call.principal, route.scope, f"{route.method} {route.path}"
                )
                call.principal.require(route.scope)
        if (reader := self._queries.get(id(route))) is not None:
            call.params = reader.read(call.scope["query_string"])
        if route.body is not None:
            check_type(call.headers.get("content-type"), call.headers.get("content-encoding"))
            call.receive_body(
                await read_body(receive, call.headers.get("content-length"), route.body_limit)
            )
            call.body = self._bodies[id(route)].read(call.data)
        elif route.raw_body:
            call.receive_body(
                await read_body(receive, call.headers.get("content-length"), route.body_limit)
            )
        if route.cached:
            return await self._cached(dialect, route, call)
        try:
            result = await route.handler(call)
        except Replayed as replay:
            first = replay.answer
            body = dialect.wrap(first.body, call.request_id) if dialect.wrap else first.body
            headers = (*first.headers, ("Idempotent-Replayed", "true"))
            return Reply(
                body=body,
                status=replay.status,
                media_type=route.media_type,
                headers=headers,
                etag=first.etag,
            )
        return _encoded(dialect, route, call, result)

    async def _caller(self, dialect: Dialect, call: Call[Any, Any]) -> Principal:
        """Who is calling, by the key that the request shows, or by what the dialect takes instead."""
        if dialect.authenticate is not None:
            return await dialect.authenticate(call)
        shown = credential(dialect, call)
        if dialect.sign_ins and shown and is_sign_in(shown):
            return await self.service.sign_ins.check(shown, dialect.sign_ins)
        return await self.service.keys.authenticate(shown)

    async def _cached(
        self, dialect: Dialect, route: Route, call: Call[Any, Any]
    ) -> Reply | Response:
        """The kept answer while its mark is the same, which is made before the data is read."""
        principal = call.principal
        state, tag = call.validator = await (route.validator or of_workspace)(call)
        if _is_known(tag, call.headers.get("if-none-match")):
            return Reply(body=b"", status=304, etag=tag)
        key = (
            call.scope["path"],
            call.scope["query_string"],
            principal.workspace_id,
            principal.user_id,
            principal.app,
        )
        body = self._pages.get(key, state)
        if body is None:
            result = await route.handler(call)
            if isinstance(result, (Reply, Response)):
                return _encoded(dialect, route, call, result)
            body = self._pages.keep(key, state, _encode(result))
        if dialect.wrap:
            body = dialect.wrap(body, call.request_id)
        return Reply(body=body, status=route.status, media_type=route.media_type, etag=tag)

    def _failed(
        self, dialect: Dialect, error: Error, request_id: str, path: str
    ) -> Reply | Response:
        status = status_of(dialect, error)
        headers = []
        if isinstance(error, Retryable):
            headers.append(("Retry-After", str(max(1, round(error.retry_after)))))
        if status == 401:  # noqa: PLR2004 - the one that must say how
            headers.append(("WWW-Authenticate", "Bearer"))
        if isinstance(error, Limited):
            headers += _spelled(dialect, error.headers)
        if "allow" in error.extra:
            headers.append(("Allow", str(error.extra["allow"])))
        shown = dialect.error(Failure(error, status, request_id, path))
        if isinstance(shown, Response):
            return shown
        return Reply(
            body=_encode(shown),
            status=status,
            media_type=dialect.error_type,
            headers=tuple(headers),
        )

    async def _converse(self, socket: WebSocket) -> None:
        found = self._sockets.get(socket.url.path)
        if found is None:
            await socket.close(4404, "there is no websocket here")
            return
        dialect, handler = found
        try:
            call: Call[Any, Any] = Call(
                dict(socket.scope),
                Headers(socket.scope["headers"]),
                dialect.routes[0],
                {},
                "",
                self.service,
            )
            principal = await self._caller(dialect, call)
        except Error as error:
            await socket.close(4401, for_strangers(error, _request_id("")).message[:120])
            return
        await handler(socket, (principal, self.service))


def credential(dialect: Dialect, call: Call[Any, Any]) -> str | None:
    """The one key that a request shows; Unauthenticated when it shows two that differ."""
    shown = []
    for name, value in call.scope["headers"]:
        if name == b"authorization":
            shown += [text.strip()] if (text := _bearer(value.decode("latin-1"))) else []
        elif name == b"x-api-key":
            shown.append(value.decode("latin-1").strip())
    if not shown and dialect.credential is not None:
        extra = dialect.credential(call)
        shown = [extra] if extra else []
    if len(shown) > 1 and len(set(shown)) > 1:
        raise Unauthenticated("the request shows two different keys: send one")
    return shown[0] if shown else None


def _spelled(dialect: Dialect, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The headers of a rate limit as the dialect names them."""
    return tuple((dialect.limit_prefix + name, value) for name, value in headers)


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def status_of(dialect: Dialect, error: Error) -> int:
    """The HTTP status of an error in a dialect: by its code, else by its class."""
    if error.code in dialect.statuses:
        return dialect.statuses[error.code]
    if error.code in CODE_STATUS:
        return CODE_STATUS[error.code]
    for kind in type(error).__mro__:
        if kind in dialect.statuses:
            return dialect.statuses[kind]
        if kind in STATUS:
            return STATUS[kind]
    return 500


def _encoded(dialect: Dialect, route: Route, call: Call[Any, Any], result: Any) -> Reply | Response:  # noqa: ANN401 - whatever a handler tells
    if isinstance(result, Response):
        return result
    reply = result if isinstance(result, Reply) else Reply(body=result)
    if (
        reply.etag
        and call.scope["method"] in _SAFE
        and _is_known(reply.etag, call.headers.get("if-none-match"))
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


def _is_known(tag: str, known: str) -> bool:
    """Whether ``If-None-Match`` names this ETag; weak and strong ones compare alike, ``*`` is every ETag."""
    if not known or known == tag:
        return known == tag
    return known.strip() == "*" or tag.removeprefix("W/") in {
        one.strip().removeprefix("W/") for one in known.split(",")
    }


async def _send(  # noqa: PLR0913 - ASGI's three, and what every answer carries
    answer: Reply | Response,
    scope: Scope,
    receive: Receive,
    send: Send,
    request_id: str,
    limit: tuple[tuple[str, str], ...],
) -> int:
    if isinstance(answer, Response):
        answer.headers["X-Request-ID"] = request_id
        answer.headers.update(dict(limit))
        await answer(scope, receive, send)
        return answer.status_code
    status, body = answer.status or 200, answer.body
    headers = [(b"x-request-id", request_id.encode("latin-1"))]
    if status != 304:  # noqa: PLR2004 - an answer without content
        headers += [
            (b"content-type", (answer.media_type or "application/json").encode()),
            (b"content-length", str(len(body)).encode()),
        ]
    if answer.etag:
        headers += [(b"etag", answer.etag.encode()), *_KEPT_BY_ITS_CALLER]
    else:
        headers.append(_KEPT_NOWHERE)
    if answer.headers or limit:
        headers += [
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in (*answer.headers, *limit)
        ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
    return status


def _request_id(given: str) -> str:
    """The caller's own, where it is one that logs and headers can carry; else a new one."""
    if given and len(given) <= _REQUEST_ID_LENGTH and given.isascii() and given.isprintable():
        return given
    return f"{_RUN}{next(_NUMBERS):08x}"
