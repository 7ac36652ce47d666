from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct


class Once(Struct, frozen=True):
    """An idempotency key, a digest of the request that came with it, and how its result is told: status and body."""

    key: str
    digest: str
    tell: Callable[[Any], tuple[int, bytes]]


class Replayed(Exception):
    """The work was done before: here is its answer."""

    def __init__(self, status: int, answer: bytes) -> None:
        super().__init__("replayed")
        self.status = status
        self.answer = answer
