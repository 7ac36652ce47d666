"""Puts our store into the tests of the Claude Agent SDK, where they make its store in memory.

Each store has a workspace of its own, and a client for each event loop. What the tests ask of
theirs beyond the interface is answered from the server, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

import claude_agent_sdk
from workspaces import URL, workspace_key

from hansard.adapters.claude_agent_sdk import HansardStore
from hansard.adapters.claude_entries import entry_of
from hansard.adapters.naming import joined_name
from hansard.client import AsyncHansard, Hansard, NotFound


class SwappedStore(HansardStore):
    """Our store, made as the SDK's store in memory is."""

    def __init__(self) -> None:
        super().__init__()
        self._key = workspace_key()
        self._clients: MutableMapping[asyncio.AbstractEventLoop, AsyncHansard] = WeakKeyDictionary()
        self._mtimes: dict[str, int] = {}
        """Times that a test sets, by ``project/session``."""

    @property
    def _client(self) -> AsyncHansard:
        loop = asyncio.get_running_loop()
        return self._clients.setdefault(loop, AsyncHansard(URL, self._key))

    async def list_sessions(self, project_key: str) -> Any:
        listed = await super().list_sessions(project_key)
        for each in listed:
            name = f"{project_key}/{each['session_id']}"
            each["mtime"] = self._mtimes.get(name, each["mtime"])
        return listed

    def get_entries(self, key: Any) -> list[dict[str, Any]]:
        with Hansard(URL, self._key) as client:
            try:
                messages = [*client.messages.list(joined_name(*key.values()), items=True)]
            except NotFound:
                return []
        return [entry for each in messages if (entry := entry_of(each)) is not None]

    @property
    def size(self) -> int:
        with Hansard(URL, self._key) as client:
            return client.sessions.count(sub_sessions=False)

    def clear(self) -> None:
        self._key = workspace_key()
        self._clients.clear()


claude_agent_sdk.InMemorySessionStore = SwappedStore  # the tests import this name
