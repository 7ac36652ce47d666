"""The ASGI application: route, identify, decode, handle, encode, send."""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.websockets import WebSocket

from hansard.errors import Error, Forbidden
from hansard.http.answers import (
    SAFE,
    as_taken,
    encoded,
    from_stored,
    headers_of_error,
    is_known,
    send,
)
from hansard.http.bodies import Bodies, BodyReader
from hansard.http.call import Call, Headers
from hansard.http.compression import GZIP, accepts_gzip, compress, is_worthwhile
from hansard.http.credentials import credential
from hansard.http.cross_origin import allowing
from hansard.http.decoding import check_type, reader_of
from hansard.http.error_redaction import redacted
from hansard.http.limits import Limited, Limits, spelled
from hansard.http.log import Log, without_keys
from hansard.http.msgpack import is_packed, wanted
from hansard.http.repeated import REPEATED, RepeatedRequests
from hansard.http.request_ids import id_of_request
from hansard.http.response_cache import ResponseCache
from hansard.http.root_path import check, enter
from hansard.http.route import Dialect, Failure, Reply, Route, SocketCaller
from hansard.http.routing import Router
from hansard.http.statuses import Internal, status_of
from hansard.model.idempotency import Replayed
from hansard.observer import SeenRequest, Usage
from hansard.service.sign_ins import is_sign_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from hansard.access import Principal
    from hansard.observer import Observer
    from hansard.service import Service
    from hansard.service.replica_reads import ReplicaReads

_encode = msgspec.json.Encoder().encode
_LOGGED = 512
_log = Log("hansard")


class Application:
    """Serves dialects over one service. Every answer, errors included, carries ``X-Request-ID``."""

    def __init__(  # noqa: PLR0913 - what it needs
        self,
        service: Service,
        dialects: Iterable[Dialect],
        observer: Observer | None = None,
        limits: Limits | None = None,
        origins: Sequence[str] = (),
        root_path: str = "",
        replica: ReplicaReads | None = None,
    ) -> None:
        self.service = service
        self.dialects = tuple(dialects)
        check(root_path, [route.path for each in self.dialects for route in each.routes])
        self.root_path = root_path
        self._router = Router(self.dialects, root_path)
        self._queries = {
            id(route): reader
            for dialect in self.dialects
            for route in dialect.routes
            if (reader := reader_of(route.params, strict=dialect.strict, escapes=dialect.escapes))
        }
        self._body_readers = {
            id(route): BodyReader(route.body)
            for dialect in self.dialects
            for route in dialect.routes
            if route.body
        }
        self._sockets = {
            path: (dialect, handler)
            for dialect in self.dialects
            for path, handler in dialect.sockets.items()
        }
        channels = [name for dialect in self.dialects for name in dialect.channels]
        self._file_names = tuple(f"{channel}_" for channel in channels)
        self._bodies = Bodies()
        self._responses = ResponseCache()
        self._observer = observer
        self._limits = limits
        self._repeated = RepeatedRequests(
            service, observer, limit=REPEATED if limits is None and replica is None else 0
        )
        self._replica = replica
        self._http: ASGIApp = self._respond
        if origins:
            self._http = allowing(self._respond, origins, self.dialects)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # as Starlette does, for an API that speaks to another one of ours
        enter(scope, self.root_path)
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._converse(WebSocket(scope, receive, send))

    def close(self) -> None:
        """Let the observer write what waits; to be called when the last answer is out."""
        if self._observer is not None:
            self._observer.flush()
        self._bodies.close()

    def usage(self) -> list[Usage]:
        """How much is taken of the threads for long bodies, and of their queue."""
        return self._bodies.usage

    async def _respond(self, scope: Scope, receive: Receive, send_event: Send) -> None:
        repeated = self._repeated.find(scope)
        if repeated is None or not await self._repeated.answer(repeated, scope, send_event):
            await self._work_out(scope, receive, send_event)

    async def _work_out(self, scope: Scope, receive: Receive, send_event: Send) -> None:
        since = self._repeated.clearings
        began = time.perf_counter()
        if self._observer is not None:
            self._observer.begin()
        method, path = scope["method"], scope["path"]
        headers = Headers(scope["headers"])
        request_id = id_of_request(headers.get("x-request-id"))
        call: Call[Any, Any] | None = None
        dialect: Dialect | None = None
        status = None
        try:
            try:
                dialect, route, values = self._router.route_of(scope)
                call = Call(scope, headers, route, values, request_id, self.service)
                answer = await self._answer(dialect, route, call, receive)
                if self._replica is not None:
                    await self._note_position(self._replica, call)
                if isinstance(answer, Reply):
                    answer = await as_taken(answer, route, call)
                    self._repeated.note(dialect, call, answer, self._logged(path, call), since)
            except Error as error:
                if call is not None:
                    await self._note_denied(call, error)
                shown = redacted(error, request_id)
                answer = self._failed(dialect or self._router.owner(path), shown, request_id, path)
            except Exception as problem:  # noqa: BLE001 - the last resort: an answer with a request id, and the log has the rest
                fault = self._fault(problem, request_id, method, self._logged(path, call))
                answer = self._failed(dialect or self._router.owner(path), fault, request_id, path)
            beside = call.beside if call else ()
            status = await send(answer, scope, receive, send_event, request_id, beside)
        except Exception as problem:  # an answer in pieces that breaks off; the server logs it
            owner = dialect or self._router.owner(path)
            status = status_of(owner, problem) if isinstance(problem, Error) else 500
            raise
        finally:
            self._bodies.give_back(call)
            if self._replica is not None:
                self._replica.end()
            if self._observer is not None and status is not None:
                seen = SeenRequest(
                    dialect.name if dialect else "",
                    method,
                    call.route.path if call else "",
                    self._logged(path, call),
                    status,
                    time.perf_counter() - began,
                    request_id,
                    call.workspace_id if call else None,
                    call.key_id if call else None,
                    headers.get("traceparent"),
                )
                self._observer.request(seen)

    def _logged(self, path: str, call: Call[Any, Any] | None) -> str:
        """The path as a log may have it: without what opens a door to whoever reads it."""
        if call is None:
            return self._router.known_part(path)
        return call.route.path if call.route.secret_path else without_keys(path[:_LOGGED])

    def _fault(self, problem: Exception, request_id: str, method: str, path: str) -> Internal:
        _log.exception(
            "internal error",
            request_id=request_id,
            method=method,
            path=path,
            error=type(problem).__name__,
        )
        return Internal("something went wrong on our side: the log has it under this request id")

    async def _answer(
        self, dialect: Dialect, route: Route, call: Call[Any, Any], receive: Receive
    ) -> Reply | Response:
        if not route.public:
            await self._admit(dialect, route, call)
        if (reader := self._queries.get(id(route))) is not None:
            call.params = reader.read(call.scope["query_string"])
        if route.body is not None:
            kind = call.headers.get("content-type")
            if not (route.msgpack and is_packed(kind)):
                check_type(kind)
            await self._bodies.receive(call, receive)
            call.body = await self._bodies.decode(call, self._body_readers[id(route)])
        elif route.raw_body:
            await self._bodies.receive(call, receive)
        if route.cached:
            return await self._cached(dialect, route, call)
        try:
            result = await route.handler(call)
        except Replayed as replay:
            replayed = ("Idempotent-Replayed", "true")
            return from_stored(dialect, call, replay.status, replay.answer, replayed)
        if call.stored is not None:
            return from_stored(dialect, call, *call.stored)
        return encoded(dialect, route, call, result)

    async def _admit(self, dialect: Dialect, route: Route, call: Call[Any, Any]) -> None:
        """Find out who calls, whether they may, and where the reads for them are made."""
        call.find_caller = partial(self._caller, dialect)
        call.identify(await self._caller(dialect, call))
        if self._limits is not None:
            call.limit = spelled(dialect.limit_prefix, self._limits.take(call.principal))
        if route.scope is not None:
            call.principal.require(route.scope)
        if route.replica and self._replica is not None:
            await self._replica.begin(call.principal, call.seen_position)

    async def _caller(self, dialect: Dialect, call: Call[Any, Any]) -> Principal:
        """The caller, by the key in the request or by what the dialect accepts instead."""
        shown = credential(dialect, call)
        if dialect.authenticate is not None:
            caller = await dialect.authenticate(call)
        elif dialect.sign_ins and shown and is_sign_in(shown):
            caller = await self.service.sign_ins.check(shown, dialect.sign_ins)
        else:
            keys = self.service.keys
            caller = keys.known(shown) or await keys.authenticate(shown)
        if dialect.file_safe or (
            call.path and any(name.startswith(self._file_names) for name in call.path.values())
        ):
            return msgspec.structs.replace(caller, file_safe=True)
        return caller

    async def _note_position(self, replica: ReplicaReads, call: Call[Any, Any]) -> None:
        """Say to which state a write has led, so that a replica can be asked for it."""
        if call.scope["method"] not in SAFE and not call.route.public:
            call.position = await replica.position(call.principal)

    async def _note_denied(self, call: Call[Any, Any], error: Error) -> None:
        """Tell the audit log of a caller whose key lacks a scope, whichever rule asks for it."""
        scope = error.extra.get("scope")
        if scope is not None and isinstance(error, Forbidden):
            route = f"{call.route.method} {call.route.path}"
            await self.service.audit.denied(call.principal, str(scope), route)

    async def _cached(
        self, dialect: Dialect, route: Route, call: Call[Any, Any]
    ) -> Reply | Response:
        """The kept answer while its mark is the same, which is made before the data is read."""
        kept = self._responses.kept(call)
        state, tag = call.validator = await (
            route.validator(call) if route.validator else self._responses.validator(call, kept)
        )
        if is_known(tag, call.headers.get("if-none-match")):
            call.is_kept = route.validator is None
            return Reply(body=b"", status=304, etag=tag)
        since = self._responses.clearings
        fits = kept is not None and kept[0] == state
        body = kept[1] if kept and fits else self._responses.get(call, state)
        call.is_kept = fits and route.validator is None and dialect.wrap is None
        if body is None:
            result = await route.handler(call)
            if isinstance(result, (Reply, Response)):
                return encoded(dialect, route, call, result)
            body = self._responses.keep(call, state, _encode(result), since)
        if dialect.wrap:
            body = dialect.wrap(body, call.request_id)
        elif accepts_gzip(call.headers) and is_worthwhile(body) and not wanted(route, call):
            return Reply(
                body=await self._compressed(call, state, body, since),
                status=route.status,
                media_type=route.media_type,
                etag=tag,
                encoding=GZIP,
            )
        return Reply(body=body, status=route.status, media_type=route.media_type, etag=tag)

    async def _compressed(
        self, call: Call[Any, Any], state: object, body: bytes, since: int
    ) -> bytes:
        """A kept answer as gzip, which is kept beside it."""
        kept = self._responses.get(call, state, GZIP)
        if kept is not None:
            return kept
        return self._responses.keep(call, state, await compress(body), since, GZIP)

    def _failed(
        self, dialect: Dialect, error: Error, request_id: str, path: str
    ) -> Reply | Response:
        status = status_of(dialect, error)
        headers = headers_of_error(error, status)
        if isinstance(error, Limited):
            headers += spelled(dialect.limit_prefix, error.headers)
        shown = dialect.error(Failure(error, status, request_id, path, self.root_path))
        if isinstance(shown, Response):
            return shown
        return Reply(
            body=_encode(shown),
            status=status,
            media_type=dialect.error_type,
            headers=tuple(headers),
        )

    async def _converse(self, socket: WebSocket) -> None:
        entry = self._sockets.get(socket.scope["path"])
        if entry is None:
            await socket.close(4404, "there is no websocket here")
            return
        dialect, handler = entry
        try:
            call: Call[Any, Any] = Call(
                dict(socket.scope),
                Headers(socket.scope["headers"]),
                dialect.routes[0],
                {},
                "",
                self.service,
            )
            call.find_caller = partial(self._caller, dialect)
            principal = await call.authenticate()
            self._count(principal)
        except Limited as error:
            await self._deny(socket, dialect, error)
            return
        except Error as error:
            await socket.close(4401, redacted(error, id_of_request("")).message[:120])
            return

        try:
            caller = SocketCaller(principal, self.service, call.authenticate, self._count)
            await handler(socket, caller)
        except OSError:  # the client went away
            raise
        except Exception as problem:  # noqa: BLE001 - the last resort, as for a request; the log has the rest
            request_id = id_of_request(call.headers.get("x-request-id"))
            self._fault(problem, request_id, "WEBSOCKET", socket.scope["path"])
            with contextlib.suppress(RuntimeError):  # it is closed already
                await socket.close(1011, f"something went wrong on our side: {request_id}")

    def _count(self, principal: Principal) -> tuple[tuple[str, str], ...]:
        """Count a request, or a message of a websocket, and give the headers of the rate limit.

        Raises Limited.
        """
        return self._limits.take(principal) if self._limits is not None else ()

    async def _deny(self, socket: WebSocket, dialect: Dialect, error: Limited) -> None:
        """Refuse a websocket's handshake with the error that a request would get.

        Only some servers can do this.
        """
        if "websocket.http.response" not in socket.scope.get("extensions", {}):
            await socket.close(4429, error.message[:120])
            return
        request_id = id_of_request("")
        answer = self._failed(dialect, error, request_id, socket.scope["path"])
        if isinstance(answer, Response):
            await socket.send_denial_response(answer)
            return
        headers = {"X-Request-ID": request_id} | dict(answer.headers)
        await socket.send_denial_response(
            Response(answer.body, answer.status or 429, headers, answer.media_type)
        )
