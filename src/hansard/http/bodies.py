"""Request bodies.

They are received within bounds for the whole process; long ones are decoded off the event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.errors import Invalid, StoreUnavailable, TooLarge
from hansard.fair_threads import FairThreads
from hansard.http import strict_json
from hansard.http.compression import is_gzip, unpacked_size
from hansard.http.fields import dec_hook
from hansard.http.json_reader import JsonReader
from hansard.http.msgpack import as_json, is_packed
from hansard.http.route import MIB
from hansard.http.validation_errors import complaint
from hansard.observer import Usage

if TYPE_CHECKING:
    from starlette.types import Receive

    from hansard.http.call import Call

_LONG, _DENSE = 256 * 1024, 4000
"""A body of so many bytes, or with so many commas, brackets and escapes, takes longer than the loop
may be held.
"""
_UNCOUNTED = 64 * 1024
"""The bytes of a body that are not counted; the server's own buffers hold as many."""
_TOTAL, _EACH = 18 * MIB, 9 * MIB
_PATIENCE = 10.0
_THREADS, _WAITING = 2, 64


class BodyReader:
    """Reads a JSON body into ``body``; an empty one counts as ``{}``."""

    def __init__(self, body: type[msgspec.Struct]) -> None:
        self._body = body
        self._decode = msgspec.json.Decoder(body, dec_hook=dec_hook).decode

    def read(self, data: bytes, json_reader: JsonReader | None = None) -> Any:  # noqa: ANN401 - an instance of body
        """Without ``json_reader`` no other thread runs meanwhile."""
        strict_json.check(data, json_reader)
        try:
            return self._decode(data or b"{}")
        except msgspec.ValidationError as problem:
            raise complaint(problem, "body", self._body) from problem
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise Invalid(f"the body is not valid JSON: {problem}", code="bad_json") from problem
        except RecursionError as problem:
            raise Invalid("the body is nested too deeply", code="bad_json") from problem


class BodyBudget:
    """Bytes of bodies that the process holds at once, ``each`` of them for one owner.

    A request that finds no room waits.
    """

    def __init__(self, total: int = _TOTAL, each: int = _EACH, patience: float = _PATIENCE) -> None:
        self._total, self._each, self._patience = total, each, patience
        self._held = Counter[str]()
        self._waiting: list[asyncio.Future[None]] = []

    async def take(self, owner: str, size: int) -> None:
        """Raises StoreUnavailable when there is no room in time."""
        if not self._has_room(owner, size):
            try:
                async with asyncio.timeout(self._patience):
                    await self._until_room(owner, size)
            except TimeoutError as problem:
                raise StoreUnavailable(
                    "too many large requests are being worked on: try again",
                    code="store_overloaded",
                ) from problem
        self._held[owner] += size

    def give_back(self, owner: str, size: int) -> None:
        self._held[owner] -= size
        if not self._held[owner]:
            del self._held[owner]
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def _until_room(self, owner: str, size: int) -> None:
        while not self._has_room(owner, size):
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    def _has_room(self, owner: str, size: int) -> bool:
        return self._held[owner] + size <= self._each and self._held.total() + size <= self._total


class Bodies:
    """Receives and decodes the bodies of one application's requests."""

    def __init__(self) -> None:
        self._budget = BodyBudget()
        self._threads = FairThreads(
            "body", JsonReader, JsonReader.close, threads=_THREADS, each=1, waiting=_WAITING
        )
        self._is_started = False

    def close(self) -> None:
        if self._is_started:
            self._threads.stop()
        self._is_started = False

    @property
    def usage(self) -> list[Usage]:
        """How much is taken of the threads and of their queue."""
        return self._threads.usage

    async def receive(self, call: Call[Any, Any], receive: Receive) -> None:
        """Give the call its body. TooLarge as soon as it is known to be over the route's limit."""
        limit, owner = call.route.body_limit, call.workspace_id or ""
        encoding = call.headers.get("content-encoding")
        is_packed = call.route.body is not None and is_gzip(encoding)
        expected = _declared(call.headers.get("content-length"))
        if expected is not None and expected > limit:
            raise _too_large(limit)
        chunks, size, more = [], 0, True
        whole = limit if expected is None or is_packed else expected
        while more:
            if call.body_room < max(size, expected or 0) and max(size, expected or 0) > _UNCOUNTED:
                await self._take(call, owner, whole)
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Invalid(
                    "the client went away before its body was complete", code="incomplete_body"
                )
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
            more = message.get("more_body", False)
        data = b"".join(chunks)
        if is_packed:
            size = min(size + unpacked_size(data), limit)  # both are there for a moment
        await self._take(call, owner, size)
        self._keep(call, owner, size)
        is_slow = bool(encoding) or is_long(data)
        call.receive_body(data, self._started() if is_slow else None)

    async def decode(self, call: Call[Any, Any], reader: BodyReader) -> Any:  # noqa: ANN401 - an instance of the route's body
        if call.threads is None:
            return reader.read(_json_of(call))
        return await call.threads.run(
            call.workspace_id or "", lambda json_reader: _decoded(call, reader, json_reader)
        )

    def give_back(self, call: Call[Any, Any] | None) -> None:
        """Let others have the room of a request that was answered."""
        if call is not None and call.body_room:
            self._budget.give_back(call.workspace_id or "", call.body_room)
            call.body_room = 0

    async def _take(self, call: Call[Any, Any], owner: str, size: int) -> None:
        more = size - call.body_room
        if more > 0:
            await self._budget.take(owner, more)
            call.body_room = size

    def _keep(self, call: Call[Any, Any], owner: str, size: int) -> None:
        """Let others have the room that was taken before the size was known."""
        if call.body_room > size:
            self._budget.give_back(owner, call.body_room - size)
            call.body_room = size

    def _started(self) -> FairThreads[JsonReader]:
        if not self._is_started:
            self._threads.start()
            self._is_started = True
        return self._threads


def _decoded(call: Call[Any, Any], reader: BodyReader, json_reader: JsonReader) -> Any:  # noqa: ANN401 - an instance of the route's body
    if is_gzip(call.headers.get("content-encoding")):
        call.unpack_body()  # before the digest: the same JSON may be packed in several ways
    if call.headers.get("idempotency-key"):
        call.digest_request()
    return reader.read(_json_of(call), json_reader)


def _json_of(call: Call[Any, Any]) -> bytes:
    """The body as JSON, whichever of the two it came as."""
    is_other = call.route.msgpack and is_packed(call.headers.get("content-type"))
    return as_json(call.data) if is_other else call.data


def is_long(data: bytes) -> bool:
    """Whether reading it may take more than some milliseconds."""
    return len(data) > _LONG or (
        len(data) > _DENSE and sum(map(data.count, (b",", b"[", b"{", b"\\"))) > _DENSE
    )


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than {limit:,} bytes: send less at once",
        code="body_too_large",
        limit=limit,
    )


def _declared(length: str) -> int | None:
    """The length that a request declares; its parser lets through no other than digits."""
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None  # noqa: PLR2004 - within 64 bits
