"""What an API declares: its routes, its errors, and who may call what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct
from starlette.websockets import WebSocket

from hansard.access import SCOPES, Principal
from hansard.errors import Error

MIB = 1024 * 1024
ONCE, IF_MATCH, IF_NONE_MATCH, LAST_EVENT = "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID"
Handler = Callable[[Any], Awaitable[Any]]


class Mark(NamedTuple):
    """As of when an answer holds: it is the same while ``state`` is; ``tag`` is its ETag."""

    state: Any
    tag: str


Marker = Callable[[Any], Awaitable[Mark]]


class Route(Struct, frozen=True, kw_only=True):
    """One endpoint. ``scope`` is what the key must have; ``public`` routes ask for no key.

    ``params`` and ``body`` are the structs that the query string and the JSON body become, ``returns``
    describes the answer. ``cached`` marks a read whose answer depends on nothing but its URL and the
    workspace's data: it gets an ETag and is kept while the workspace does not change, or while what ``mark`` looks at
    does not. ``form`` marks a route whose body is read as it is, for the handler to make sense of (``Call.data``),
    ``takes`` the media types that it may be of, ``gives`` further media types of the answer. ``also`` are further
    statuses of success that a Reply may have, ``heeds`` the request headers that change what is done.
    """

    method: str
    path: str
    handler: Handler
    scope: str | None = None
    public: bool = False
    params: type[Struct] | None = None
    body: type[Struct] | None = None
    body_limit: int = MIB
    form: bool = False
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    returns: Any = None
    status: int = 200
    also: tuple[int, ...] = ()
    heeds: tuple[str, ...] = ()
    cached: bool = False
    mark: Marker | None = None
    summary: str = ""
    media_type: str = "application/json"


def route(  # noqa: PLR0913 - the declaration of an endpoint
    where: str,
    handler: Handler,
    *,
    scope: str | None = None,
    public: bool = False,
    params: type[Struct] | None = None,
    body: type[Struct] | None = None,
    body_limit: int = MIB,
    form: bool = False,
    takes: tuple[str, ...] = (),
    gives: tuple[str, ...] = (),
    returns: Any = None,  # noqa: ANN401 - any type that msgspec encodes
    status: int = 200,
    also: tuple[int, ...] = (),
    heeds: tuple[str, ...] = (),
    cached: bool = False,
    mark: Marker | None = None,
    summary: str = "",
    media_type: str = "application/json",
) -> Route:
    """Declare ``"GET /path/{name}"``; a route without a known scope that is not public is refused here, at start."""
    method, _, path = where.partition(" ")
    if not public and scope not in SCOPES:
        message = f"{where} declares no scope: give one of {', '.join(SCOPES)}, or public=True"
        raise TypeError(message)
    if not summary:
        summary = (handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return Route(
        method=method,
        path=path,
        handler=handler,
        scope=scope,
        public=public,
        params=params,
        body=body,
        body_limit=body_limit,
        form=form,
        takes=takes,
        gives=gives,
        returns=returns,
        status=status,
        also=also,
        heeds=(*heeds, IF_NONE_MATCH) if cached else heeds,
        cached=cached,
        mark=mark,
        summary=summary,
        media_type=media_type,
    )


class Failure(Struct, frozen=True):
    """An error on its way out: the dialect gives it its shape."""

    error: Error
    status: int
    request_id: str
    path: str


class Reply(Struct, frozen=True, kw_only=True):
    """An answer that is more than a body. ``body`` is encoded as JSON unless it is bytes of ``media_type``.

    With ``etag``, a matching ``If-None-Match`` is answered 304.
    """

    body: Any = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str | None = None
    etag: str | None = None


class Dialect(Struct, frozen=True, kw_only=True):
    """One API over the service.

    ``prefixes`` are the paths that it owns: unknown routes below them fail in its shape. ``statuses``
    replaces the status of an error by its class or by its code. ``wrap`` puts the encoded answer of a
    request into an envelope with the request id, as ``envelope`` does to the answer's JSON schema. ``credential`` finds a key where only this product puts
    one, and ``places`` are those places as OpenAPI's security schemes; ``authenticate`` replaces keys by another
    proof of who is calling, and ``headers`` says what the headers are that it looks at. ``sockets`` are its websockets.
    ``error`` gives what is encoded as JSON, or a whole response, and ``error_body`` describes it. ``limit_prefix`` stands
    before the names of the ``RateLimit-…`` headers. ``strict`` refuses query parameters that no route declares,
    ``escapes`` lets a backslash take a comma into a value of a list.
    """

    name: str
    title: str
    description: str
    prefixes: tuple[str, ...]
    routes: tuple[Route, ...]
    error: Callable[[Failure], object]
    error_type: str = "application/json"
    error_body: Any = dict[str, Any]
    statuses: Mapping[type[Error] | str, int] = {}
    wrap: Callable[[bytes, str], bytes] | None = None
    envelope: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    credential: Callable[[Any], str | None] | None = None
    places: Mapping[str, Mapping[str, str]] = {}
    authenticate: Callable[[Any], Awaitable[Principal]] | None = None
    headers: Mapping[str, str] = {}
    sockets: Mapping[str, Callable[[WebSocket, Any], Awaitable[None]]] = {}
    limit_prefix: str = ""
    strict: bool = False
    escapes: bool = False
