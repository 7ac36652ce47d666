"""The clients of an adapter: those that it was given, else shared ones.

The shared ones take HANSARD_URL and HANSARD_API_KEY from the environment. They live as long as
these stay the same, the async ones as long as their event loop.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from hansard.client import AsyncHansard, Hansard

if TYPE_CHECKING:
    from collections.abc import MutableMapping

Address = tuple[str | None, str | None]
_BY_LOOP: MutableMapping[asyncio.AbstractEventLoop, tuple[Address, AsyncHansard]] = (
    WeakKeyDictionary()
)
_BLOCKING: dict[Address, Hansard] = {}


class Clients:
    """The blocking client as ``sync`` and the async one as ``aio``."""

    def __init__(self, client: Hansard | None, async_client: AsyncHansard | None) -> None:
        self._client = client
        self._async_client = async_client

    @property
    def sync(self) -> Hansard:
        return self._client or shared_client()

    @property
    def aio(self) -> AsyncHansard:
        return self._async_client or shared_async_client()


def shared_client() -> Hansard:
    """The blocking client of the process, which threads may share."""
    address = _address()
    if (client := _BLOCKING.get(address)) is None:
        _BLOCKING.clear()
        client = _BLOCKING.setdefault(address, Hansard())
    return client


def shared_async_client() -> AsyncHansard:
    """The async client of the running event loop: connections cannot change their loop."""
    loop, address = asyncio.get_running_loop(), _address()
    if (kept := _BY_LOOP.get(loop)) is None or kept[0] != address:
        kept = _BY_LOOP[loop] = address, AsyncHansard()
    return kept[1]


def _address() -> Address:
    return os.environ.get("HANSARD_URL"), os.environ.get("HANSARD_API_KEY")
