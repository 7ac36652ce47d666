from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct


class Answer(Struct, frozen=True):
    """The answer to a request that is done once.

    Packed, it is its headers on one line and then its body, which is JSON without line breaks.
    """

    body: bytes
    etag: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def packed(self) -> bytes:
        head = (
            msgspec.json.encode((self.etag, self.headers)) + b"\n"
            if self.etag or self.headers
            else b""
        )
        return head + self.body

    @classmethod
    def unpacked(cls, kept: bytes) -> Answer:
        head, _, body = kept.rpartition(b"\n")
        return (
            cls(
                body,
                *msgspec.json.decode(head, type=tuple[str | None, tuple[tuple[str, str], ...]]),
            )
            if head
            else cls(body)
        )


class IdempotentRequest(Struct, frozen=True):
    """An idempotency key, and a digest of the request that came with it.

    ``encode`` makes the status and the packed Answer of the request's result. It is called within
    the transaction, perhaps more than once and on another thread, so it computes only.
    """

    key: str
    digest: str
    encode: Callable[[Any], tuple[int, bytes]]


class Replayed(Exception):
    """The work was done before; ``answer`` is what it was answered with."""

    def __init__(self, status: int, answer: Answer) -> None:
        super().__init__("replayed")
        self.status = status
        self.answer = answer
