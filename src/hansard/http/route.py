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
ONCE, IF_MATCH, IF_NONE_MATCH, LAST_EVENT, POSITION = (
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Hansard-Position",
)
Handler = Callable[[Any], Awaitable[Any]]


class CacheValidator(NamedTuple):
    """When a cached answer holds: while ``state`` is unchanged; ``tag`` is its ETag."""

    state: Any
    tag: str


ValidatorOf = Callable[[Any], Awaitable[CacheValidator]]


class Route(Struct, frozen=True):
    """One endpoint, declared as ``Route("GET /path/{name}", handler, scope=…)``.

    A route without a known scope that is not public raises TypeError, so that such a program does
    not start.
    """

    where: str
    """The method and the path."""
    handler: Handler
    """Answers a Call. Its docstring is the summary and the description in the documents."""
    scope: str | None = None
    """What the key must have."""
    public: bool = False
    """Whether the route asks for no key."""
    params: type[Struct] | None = None
    """What the query string becomes."""
    body: type[Struct] | None = None
    """What the JSON body becomes."""
    body_limit: int = MIB
    """The largest body, in bytes."""
    raw_body: bool = False
    """Whether the handler reads the body itself, as ``Call.data``."""
    request_types: tuple[str, ...] = ()
    """The media types of a raw body."""
    response_types: tuple[str, ...] = ()
    """Media types of the answer beside ``media_type``."""
    returns: Any = None
    """The type of the answer."""
    status: int = 200
    extra_statuses: tuple[int, ...] = ()
    """Statuses of success beside ``status``."""
    request_headers: tuple[str, ...] = ()
    """The headers that change what is done."""
    errors: Mapping[int, str] = {}
    """Descriptions of the error answers that do not follow from the rest, by status."""
    cached: bool = False
    """Whether the answer depends on the URL and the workspace's data alone.

    It gets an ETag then, and is kept until the workspace or what ``validator`` gives changes."""
    validator: ValidatorOf | None = None
    replica: bool = False
    """Whether a replica of the store may answer, which can be behind it."""
    summary: str = ""
    media_type: str = "application/json"
    msgpack: bool = False
    """Whether the body may be MessagePack, and the answer is where the caller accepts it."""
    secret_path: bool = False
    """Whether the path opens a door by itself, so that no log may have it."""
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
        if self.replica:
            force_setattr(self, "request_headers", (*self.request_headers, POSITION))
        if not self.summary:
            summary = (self.handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")
            force_setattr(self, "summary", summary)


class SocketCaller(NamedTuple):
    """Who opened a websocket.

    ``identify`` looks at the credential again; it raises Unauthenticated once the key or the
    sign-in has ended. ``charge`` counts one message; it raises TooMany.
    """

    principal: Principal
    service: Any
    identify: Callable[[], Awaitable[Principal]]
    charge: Callable[[Principal], object]


class Described(NamedTuple):
    """A parameter in a path or a header, as the documents show it."""

    description: str
    example: str


class Failure(Struct, frozen=True):
    """An error on its way out: the dialect gives it its shape."""

    error: Error
    status: int
    request_id: str
    path: str
    root_path: str = ""

    def address(self, path: str) -> str:
        """A path of this server as the world outside has it."""
        return self.root_path + path


class Reply(Struct, frozen=True, kw_only=True):
    """An answer that is more than a body.

    ``body`` is encoded as JSON unless it is bytes of ``media_type``.

    With ``etag``, a matching ``If-None-Match`` is answered 304.
    """

    body: Any = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str | None = None
    etag: str | None = None
    encoding: str = ""
    """What the body is packed with, as ``Content-Encoding`` says it."""


class Dialect(Struct, frozen=True, kw_only=True):
    """One API over the service."""

    name: str
    title: str
    description: str
    prefixes: tuple[str, ...]
    """The paths that it owns: unknown routes below them fail in its shape."""
    routes: tuple[Route, ...]
    error: Callable[[Failure], object]
    """Gives what is encoded as JSON for an error, or a whole response."""
    error_type: str = "application/json"
    error_body: Any = dict[str, Any]
    """The type of what ``error`` gives."""
    statuses: Mapping[type[Error] | str, int] = {}
    """Its own statuses of errors, by their class or code."""
    wrap: Callable[[bytes, str], bytes] | None = None
    """Puts an encoded answer into an envelope with the request id."""
    envelope: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Does the same with the JSON schema of an answer."""
    credential: Callable[[Any], str | None] | None = None
    """Finds a key where only this product puts one."""
    security_schemes: Mapping[str, Mapping[str, str]] = {}
    """Where that is, as OpenAPI says it."""
    sign_ins: str = ""
    """The purpose of the sign-ins whose tokens may be there in place of a key."""
    authenticate: Callable[[Any], Awaitable[Principal]] | None = None
    """Replaces all of these by another proof of who is calling."""
    headers: Mapping[str, Described] = {}
    """Headers of its own that a request may have, those that ``authenticate`` reads among them."""
    path_parameters: Mapping[str, Described] = {}
    """The parameters in the paths of its routes, by name."""
    sockets: Mapping[str, Callable[[WebSocket, SocketCaller], Awaitable[None]]] = {}
    """Its websockets, by path."""
    limit_prefix: str = ""
    """Stands before the names of the ``RateLimit-…`` headers."""
    strict: bool = False
    """Whether a query parameter that no route declares is refused."""
    file_safe: bool = False
    """Whether a session may be named by its id with ``_`` for ``:`` and ``/``."""
    channels: tuple[str, ...] = ()
    """A session whose id begins with one of these and ``:`` may be named so in every API."""
    escapes: bool = False
    """Whether a backslash takes a comma into a value of a list."""
