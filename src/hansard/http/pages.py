"""Whole answers, kept while their workspace does not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from hansard.access import Principal

_BYTES = 16 * 1024 * 1024


class PageCache:
    """A bounded cache of request → (generation, body). Exact, because the generation is read every time."""

    def __init__(self, limit: int = _BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: dict[Hashable, tuple[int, bytes]] = {}

    @staticmethod
    def tag(principal: Principal, generation: int) -> str:
        """The ETag of every cached answer to this principal at this generation."""
        narrowing = principal.narrowing
        return f'W/"g{generation}-{narrowing}"' if narrowing else f'W/"g{generation}"'

    def get(self, key: Hashable, generation: int) -> bytes | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] == generation else None

    def keep(self, key: Hashable, generation: int, body: bytes) -> bytes:
        """Remember the body, and give it back; one that would push out many others is not kept."""
        if len(body) * 16 > self._limit:
            return body
        old = self._kept.pop(key, None)
        self._size += len(body) - (len(old[1]) if old else 0)
        self._kept[key] = (generation, body)
        while self._size > self._limit:
            _, gone = self._kept.pop(next(iter(self._kept)))
            self._size -= len(gone)
        return body
