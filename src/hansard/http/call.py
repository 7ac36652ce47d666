"""One request, as a handler sees it."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import unquote

import msgspec

from hansard.errors import Invalid
from hansard.http.compression import unpacked
from hansard.http.decoding import pairs
from hansard.http.route import POSITION, Reply
from hansard.model.idempotency import Answer, IdempotentRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Scope

    from hansard.access import Principal
    from hansard.fair_threads import FairThreads
    from hansard.http.json_reader import JsonReader
    from hansard.http.route import CacheValidator, Route
    from hansard.service import Service

T = TypeVar("T")
P = TypeVar("P")
B = TypeVar("B")
_encode = msgspec.json.Encoder().encode
KEY_LENGTH = 255
_INT64_DIGITS = 19
_TAG = re.compile(r'(?:W/)?"[^"]*"|v[0-9]{1,18}(?:-[0-9a-f]{8})?')
_TAGS = re.compile(rf"[\s,]*(?:{_TAG.pattern})(?:\s*,[\s,]*(?:{_TAG.pattern}))*[\s,]*")


class Headers:
    """Request headers by lower-case name; ``get`` gives the last of several, ``all`` gives each."""

    __slots__ = ("_last", "_raw")

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._raw = raw
        self._last = dict(raw)

    def get(self, name: str, default: str = "") -> str:
        value = self._last.get(name.encode())
        return default if value is None else value.decode("latin-1")

    def all(self, name: str) -> list[str]:
        key_bytes = name.encode()
        return [value.decode("latin-1") for key, value in self._raw if key == key_bytes]

    def cookie(self, name: str) -> str | None:
        for header in self.all("cookie"):
            for piece in header.split(";"):
                key, separator, value = piece.strip().partition("=")
                if separator and key == name:
                    return unquote(value)
        return None


class Call(Generic[P, B]):
    """What came in and who asks.

    ``params`` and ``body`` are what the route declares; ``path`` holds the path's values.

    ``validator`` says until when the answer of a cached route holds, ``is_kept`` whether it was
    known before. ``body_room`` is how many
    bytes of the process's bodies are this call's, ``threads`` where a long body is worked on.
    ``position`` is the state that a write has led to, where the store has a replica.
    ``find_caller`` finds who shows the credential of a call. It holds no call: one that held itself
    would stay in memory until the garbage collector comes.
    ``stored`` is the status and the answer that are kept for the call's Idempotency-Key.
    """

    __slots__ = (
        "_data",
        "_digest",
        "_principal",
        "body",
        "body_room",
        "find_caller",
        "headers",
        "is_kept",
        "limit",
        "params",
        "path",
        "position",
        "request_id",
        "route",
        "scope",
        "service",
        "stored",
        "threads",
        "validator",
    )

    def __init__(  # noqa: PLR0913 - what it needs
        self,
        scope: Scope,
        headers: Headers,
        route: Route,
        path: dict[str, str],
        request_id: str,
        service: Service,
    ) -> None:
        self.scope = scope
        self.headers = headers
        self.route = route
        self.path = path
        self.request_id = request_id
        self.service = service
        self.limit: tuple[tuple[str, str], ...] = ()
        self.position: int | None = None
        self.find_caller: Callable[[Call[Any, Any]], Awaitable[Principal]]
        self.validator: CacheValidator
        self.is_kept = False
        self.params: P
        self.body: B
        self.body_room = 0
        self.stored: tuple[int, Answer] | None = None
        self.threads: FairThreads[JsonReader] | None = None
        self._data = b""
        self._digest: str | None = None
        self._principal: Principal | None = None

    @property
    def principal(self) -> Principal:
        """The caller; a public route has none."""
        assert self._principal is not None, "a public route has no principal"  # noqa: S101 - an invariant of the frame
        return self._principal

    @property
    def seen_position(self) -> int:
        """The state of the workspace that the caller has seen; 0 is any."""
        text = self.headers.get(POSITION.lower())
        if not text:
            return 0
        if not (text.isascii() and text.isdigit() and len(text) < _INT64_DIGITS):
            raise Invalid(f"{POSITION} is not one that a server gave", param=POSITION)
        return int(text)

    @property
    def beside(self) -> tuple[tuple[str, str], ...]:
        """The headers of the answer that do not come from its handler."""
        if self.position is None:
            return self.limit
        return (*self.limit, (POSITION, str(self.position)))

    def identify(self, principal: Principal) -> None:
        self._principal = principal

    async def authenticate(self) -> Principal:
        """Look at the credential again; Unauthenticated once the key or the sign-in has ended."""
        return await self.find_caller(self)

    @property
    def base_url(self) -> str:
        """Where the caller reaches this server, without a slash behind."""
        scheme, host = self.scope.get("scheme", "http"), self.headers.get("host") or "localhost"
        return f"{scheme}://{host}{self.root_path}"

    @property
    def root_path(self) -> str:
        return str(self.scope.get("root_path", ""))

    def address(self, path: str) -> str:
        """A path of this server as the world outside has it."""
        return self.root_path + path

    @property
    def workspace_id(self) -> str | None:
        return self._principal.workspace_id if self._principal else None

    @property
    def key_id(self) -> str | None:
        return self._principal.key_id if self._principal else None

    def receive_body(self, data: bytes, threads: FairThreads[JsonReader] | None = None) -> None:
        self._data = data
        self.threads = threads

    def unpack_body(self) -> None:
        """Replace a body that came as gzip by what it holds, within the route's bound."""
        self._data = unpacked(self._data, self.route.body_limit)

    async def off_loop(self, work: Callable[[], T]) -> T:
        """What ``work`` makes of the body: on a thread where the body is long, else here."""
        if self.threads is None:
            return work()
        return await self.threads.run(self.workspace_id or "", lambda _: work())

    def forget_body(self) -> None:
        """Release a long body after it was handled.

        Its memory is free before the answer is sent.
        """
        if self.threads is not None:
            self._data = b""
            del self.body

    @property
    def data(self) -> bytes:
        """The body as it came, without its encoding where the route declares a type for it."""
        return self._data

    def query(self, name: str) -> str | None:
        """The last value of a query parameter that no struct declares."""
        values = [value for key, value in pairs(self.scope["query_string"]) if key == name]
        return values[-1] if values else None

    def once(
        self, tell: Callable[[Any], object], status: int | None = None
    ) -> IdempotentRequest | None:
        """How to do this request once, None without an Idempotency-Key.

        ``tell`` makes the answer of the verb's result.

        A told Reply brings its status along; else it is ``status``, else the route's. A key that is
        narrowed to an end user or an app has idempotency keys of its own, so that it never gets
        another's answer.
        """
        key = self.headers.get("idempotency-key")
        if not key:
            return None
        if len(key) > KEY_LENGTH or not key.isprintable():
            raise Invalid(
                f"Idempotency-Key must be at most {KEY_LENGTH} printable characters",
                param="Idempotency-Key",
            )
        answered = status or self.route.status
        if narrowing := self.principal.narrowing:
            key = f"{narrowing}/{key}"

        def encode(result: Any) -> tuple[int, bytes]:  # noqa: ANN401 - whatever the verb gives
            shown = tell(result)
            reply = shown if isinstance(shown, Reply) else Reply(body=shown)
            answer = Answer(_encode(reply.body), reply.etag, reply.headers)
            self.stored = reply.status or answered, answer
            return reply.status or answered, answer.packed()

        return IdempotentRequest(key, self.digest_request(), encode)

    def digest_request(self) -> str:
        """What tells this request from others; it is worked out once, since a body may be long."""
        if self._digest is None:
            digest = blake2b(digest_size=16)
            for part in (self.scope["method"].encode(), self.scope["path"].encode()):
                digest.update(part + b"\x00")
            digest.update(self.scope["query_string"] + b"\x00")
            digest.update(self._data)
            self._digest = digest.hexdigest()
        return self._digest

    def if_version(self) -> frozenset[str] | None:
        """The tags of the session, or the versions, one of which ``If-Match`` asks for.

        None without one.
        """
        condition = ", ".join(self.headers.all("if-match")).strip()
        if condition in {"", "*"}:
            return None
        if not _TAGS.fullmatch(condition):
            raise Invalid(
                'If-Match must be ETags that this API gave, or a version such as "v3"',
                param="If-Match",
            )
        return frozenset(tag.removeprefix("W/").strip('"') for tag in _TAG.findall(condition))
