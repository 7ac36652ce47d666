"""Puts our storage behind the one that Strands' tests make in memory.

How keys are normalised, namespaces and the search stay theirs; every value is ours. ``clear`` is
not of the interface: it is of their class alone.
"""

from __future__ import annotations

import strands.storage
from strands.storage import in_memory_storage
from strands.storage.in_memory_storage import InMemoryStorage
from strands.storage.storage import _normalize_key, _normalize_prefix
from workspaces import URL, workspace_key

from hansard.adapters.strands import HansardStorage
from hansard.client import Hansard


class SwappedStorage(InMemoryStorage):
    """Their storage with our four operations, each in a workspace of its own."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._hansard = HansardStorage(Hansard(URL, workspace_key()))

    async def write(self, key: str, data: bytes) -> None:
        normalized = _normalize_key(key)
        await self._hansard.write(self._prefix + normalized, data)
        if self._search_strategy is not None:
            await self._search_strategy.index(self, normalized, data)

    async def read(self, key: str) -> bytes | None:
        return await self._hansard.read(self._prefix + _normalize_key(key))

    async def delete(self, key: str) -> None:
        await self._hansard.delete(self._prefix + _normalize_key(key))

    async def list(self, query: str = "") -> list[str]:
        keys = await self._hansard.list(self._prefix + _normalize_prefix(query))
        return [key[len(self._prefix) :] for key in keys]


strands.storage.InMemoryStorage = SwappedStorage  # the tests import these names
in_memory_storage.InMemoryStorage = SwappedStorage
