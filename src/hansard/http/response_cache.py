"""Whole answers, kept while what they were made of does not change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.http.route import CacheValidator

if TYPE_CHECKING:
    from collections.abc import Hashable

    from hansard.http.call import Call

_BYTES = 24 * 1024 * 1024


async def of_workspace(call: Call[Any, Any]) -> CacheValidator:
    """The mark of every answer to this principal at the workspace's generation."""
    principal = call.principal
    generation = await call.service.sessions.generation(principal)
    narrowing = principal.narrowing
    return CacheValidator(
        generation, f'W/"g{generation}-{narrowing}"' if narrowing else f'W/"g{generation}"'
    )


class ResponseCache:
    """A bounded cache of request → (state, body). Exact, because the state is read every time, before the data."""

    def __init__(self, limit: int = _BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: dict[Hashable, tuple[Any, bytes]] = {}

    def get(self, key: Hashable, state: object) -> bytes | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] == state else None

    def keep(self, key: Hashable, state: object, body: bytes) -> bytes:
        """Remember the body, and give it back; one that would push out many others is not kept."""
        if len(body) * 16 > self._limit:
            return body
        old = self._kept.pop(key, None)
        self._size += len(body) - (len(old[1]) if old else 0)
        self._kept[key] = (state, body)
        while self._size > self._limit:
            _, gone = self._kept.pop(next(iter(self._kept)))
            self._size -= len(gone)
        return body
