"""Requests that come again byte for byte: their whole answer is known while nothing changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from hansard.byte_cache import MIB, TextCache
from hansard.http.answers import head_of
from hansard.http.credentials import credential
from hansard.http.request_ids import id_of_request
from hansard.http.response_cache import GENERATION
from hansard.observer import SeenRequest

if TYPE_CHECKING:
    from collections.abc import Hashable

    from starlette.types import Scope, Send

    from hansard.access import Principal
    from hansard.http.call import Call
    from hansard.http.route import Dialect, Reply
    from hansard.observer import Observer
    from hansard.service import Service

_EACH_ITS_OWN = frozenset({b"x-request-id", b"traceparent"})
"""Whoever sends these sends no request twice."""
_BESIDE = 1500
_LONGEST_HEAD = 4096
"""A longer request is hardly sent by a program that repeats it, and would only fill the memory."""
REPEATED = 16 * MIB


class Repeated(NamedTuple):
    """An answer, who may have it, and at which generation of the workspace it holds."""

    credential: str
    principal: Principal
    generation: int
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    api: str
    route: str
    logged: str
    """The path as a log may have it."""


class RepeatedRequests:
    """Answers requests whose head is known, after a look at the key and at the generation.

    As exact as ``ResponseCache``, without reading the head once more.
    """

    def __init__(self, service: Service, observer: Observer | None, limit: int) -> None:
        self._service = service
        self._observer = observer
        self._cache = TextCache[Any, Repeated](limit, "repeated_requests")

    @property
    def clearings(self) -> int:
        """To be read before the data is, and given to ``note`` as ``since``."""
        return self._cache.clearings

    def find(self, scope: Scope) -> Repeated | None:
        """What was answered to this very request."""
        return self._cache.get(_key(scope)) if scope["method"] == "GET" else None

    async def answer(self, repeated: Repeated, scope: Scope, send: Send) -> bool:
        """Send the answer where it still holds, and say whether it does.

        Where it does not, the scope may say at which ``GENERATION`` the workspace is.
        """
        began = time.perf_counter()
        principal = self._service.keys.known(repeated.credential)
        if principal is None or principal != repeated.principal:
            return False
        reached = self._service.sessions.reached(principal)
        if reached is not None and repeated.generation < reached:
            return False
        if self._observer is not None:
            self._observer.begin()
        generation = await self._service.sessions.generation(principal)
        if generation != repeated.generation:
            scope[GENERATION] = generation
            return False
        request_id = id_of_request("")
        headers = [(b"x-request-id", request_id.encode()), *repeated.headers]
        start = {"type": "http.response.start", "status": repeated.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": repeated.body})
        if self._observer is not None:
            self._observer.request(
                SeenRequest(
                    repeated.api,
                    "GET",
                    repeated.route,
                    repeated.logged,
                    repeated.status,
                    time.perf_counter() - began,
                    request_id,
                    principal.workspace_id,
                    principal.key_id,
                )
            )
        return True

    def note(
        self, dialect: Dialect, call: Call[Any, Any], answer: Reply, logged: str, since: int
    ) -> None:
        """Remember an answer that came out of ``ResponseCache``, or a 304; no other."""
        scope = call.scope
        if not call.is_kept or scope["method"] != "GET" or _length(scope) > _LONGEST_HEAD:
            return
        names = {name for name, _ in scope["headers"]}
        shown = None if dialect.authenticate or names & _EACH_ITS_OWN else credential(dialect, call)
        principal = self._service.keys.known(shown) if shown else None
        if shown is None or principal is None:
            return
        headers = tuple(head_of(answer, scope, "", call.beside)[1:])
        repeated = Repeated(
            shown,
            principal,
            call.validator.state,
            answer.status or 200,
            headers,
            answer.body,
            dialect.name,
            call.route.path,
            logged,
        )
        size = _BESIDE + len(answer.body)
        self._cache.put(_key(scope), repeated, size=size, since=since)


def _length(scope: Scope) -> int:
    beside = sum(len(name) + len(value) for name, value in scope["headers"])
    return len(scope["path"]) + len(scope["query_string"]) + beside


def _key(scope: Scope) -> Hashable:
    """What came, as far as an answer can depend on it."""
    return scope["path"], scope["query_string"], *scope["headers"]
