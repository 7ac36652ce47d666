"""One request, as a handler sees it."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import unquote

import msgspec

from hansard.errors import Invalid
from hansard.http.decoding import pairs
from hansard.http.route import Reply
from hansard.model.idempotency import Answer, IdempotentRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    from hansard.access import Principal
    from hansard.http.route import CacheValidator, Route
    from hansard.service import Service

P = TypeVar("P")
B = TypeVar("B")
_encode = msgspec.json.Encoder().encode
KEY_LENGTH = 255
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
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self._raw if key == wanted]

    def cookie(self, name: str) -> str | None:
        for header in self.all("cookie"):
            for piece in header.split(";"):
                key, separator, value = piece.strip().partition("=")
                if separator and key == name:
                    return unquote(value)
        return None


class Call(Generic[P, B]):
    """What came in and who asks. ``params`` and ``body`` are what the route declares; ``path`` holds the path's values.

    ``validator`` says until when the answer of a cached route holds.
    """

    __slots__ = (
        "_data",
        "_principal",
        "body",
        "headers",
        "limit",
        "params",
        "path",
        "request_id",
        "route",
        "scope",
        "service",
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
        self.validator: CacheValidator
        self.params: P
        self.body: B
        self._data = b""
        self._principal: Principal | None = None

    @property
    def principal(self) -> Principal:
        """The caller; a public route has none."""
        assert self._principal is not None, "a public route has no principal"  # noqa: S101 - an invariant of the frame
        return self._principal

    def identify(self, principal: Principal) -> None:
        self._principal = principal

    @property
    def workspace_id(self) -> str | None:
        return self._principal.workspace_id if self._principal else None

    @property
    def key_id(self) -> str | None:
        return self._principal.key_id if self._principal else None

    def receive_body(self, data: bytes) -> None:
        self._data = data

    @property
    def data(self) -> bytes:
        """The body as it came."""
        return self._data

    def query(self, name: str) -> str | None:
        """The last value of a query parameter that no struct declares."""
        values = [value for key, value in pairs(self.scope["query_string"]) if key == name]
        return values[-1] if values else None

    def once(
        self, tell: Callable[[Any], object], status: int | None = None
    ) -> IdempotentRequest | None:
        """How to do this request once, None without an Idempotency-Key; ``tell`` makes the answer of the verb's result.

        A told Reply brings its status along; else it is ``status``, else the route's. A key that is narrowed to an end
        user or an app has idempotency keys of its own, so that it never gets another's answer.
        """
        key = self.headers.get("idempotency-key")
        if not key:
            return None
        if len(key) > KEY_LENGTH or not key.isprintable():
            raise Invalid(
                f"Idempotency-Key must be at most {KEY_LENGTH} printable characters",
                param="Idempotency-Key",
            )
        request = b"\x00".join(
            (
                self.scope["method"].encode(),
                self.scope["path"].encode(),
                self.scope["query_string"],
                self._data,
            )
        )
        answered = status or self.route.status
        if narrowing := self.principal.narrowing:
            key = f"{narrowing}/{key}"

        def told(result: Any) -> tuple[int, bytes]:  # noqa: ANN401 - whatever the verb gives
            answer = tell(result)
            reply = answer if isinstance(answer, Reply) else Reply(body=answer)
            return reply.status or answered, Answer(
                _encode(reply.body), reply.etag, reply.headers
            ).packed()

        return IdempotentRequest(key, blake2b(request, digest_size=16).hexdigest(), told)

    def if_version(self) -> frozenset[str] | None:
        """The tags of the session, or the versions, one of which ``If-Match`` asks for; None without one."""
        wanted = ", ".join(self.headers.all("if-match")).strip()
        if wanted in {"", "*"}:
            return None
        if not _TAGS.fullmatch(wanted):
            raise Invalid(
                'If-Match must be ETags that this API gave, or a version such as "v3"',
                param="If-Match",
            )
        return frozenset(one.removeprefix("W/").strip('"') for one in _TAG.findall(wanted))
