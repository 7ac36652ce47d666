"""What an API declares: its routes, its errors, and who may call what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import force_setattr
from starlette.websockets import WebSocket

from hansard.access import SCOPES, Principal
from hansard.errors import Error

MIB = 1024 * 1024
ONCE, IF_MATCH, IF_NONE_MATCH, LAST_EVENT = (
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
)
Handler = Callable[[Any], Awaitable[Any]]


class CacheValidator(NamedTuple):
    """When a cached answer holds: while ``state`` is unchanged; ``tag`` is its ETag."""

    state: Any
    tag: str


ValidatorOf = Callable[[Any], Awaitable[CacheValidator]]


class Route(Struct, frozen=True):
    """One endpoint, declared as ``Route("GET /path/{name}", handler, scope=…)``.

    ``scope`` is what the key must have; a ``public`` route asks for no key. A route without a known
    scope that is not public raises TypeError, so that such a program does not start.

    ``params`` and ``body`` are the structs that the query string and the JSON body become,
    ``returns`` describes the answer. ``raw_body`` marks a route whose handler reads the body itself
    (``Call.data``), ``request_types`` the media types that it may be of. ``response_types`` are
    further media types of the answer, ``extra_statuses`` further statuses of success, and
    ``request_headers`` the request headers that change what is done.

    ``cached`` marks a read whose answer depends on nothing but its URL and the workspace's data: it
    gets an ETag and is kept until the workspace changes, or until what ``validator`` gives changes.
    """

    where: str
    handler: Handler
    scope: str | None = None
    public: bool = False
    params: type[Struct] | None = None
    body: type[Struct] | None = None
    body_limit: int = MIB
    raw_body: bool = False
    request_types: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ()
    returns: Any = None
    status: int = 200
    extra_statuses: tuple[int, ...] = ()
    request_headers: tuple[str, ...] = ()
    cached: bool = False
    validator: ValidatorOf | None = None
    summary: str = ""
    media_type: str = "application/json"
    method: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        method, _, path = self.where.partition(" ")
        if not self.public and self.scope not in SCOPES:
            scopes = ", ".join(SCOPES)
            message = f"{self.where} declares no scope: give one of {scopes}, or public=True"
            raise TypeError(message)
        force_setattr(self, "method", method)
        force_setattr(self, "path", path)
        if self.cached and IF_NONE_MATCH not in self.request_headers:
            force_setattr(self, "request_headers", (*self.request_headers, IF_NONE_MATCH))
        if not self.summary:
            summary = (self.handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")
            force_setattr(self, "summary", summary)


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
    one, and ``places`` are those places as OpenAPI's security schemes. ``sign_ins`` names the purpose of the sign-ins
    whose tokens may stand there in the place of a key. ``authenticate`` replaces all of these by another proof of who is calling, and ``headers`` says what the headers are that it looks at. ``sockets`` are its websockets.
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
    sign_ins: str = ""
    authenticate: Callable[[Any], Awaitable[Principal]] | None = None
    headers: Mapping[str, str] = {}
    sockets: Mapping[str, Callable[[WebSocket, Any], Awaitable[None]]] = {}
    limit_prefix: str = ""
    strict: bool = False
    escapes: bool = False
