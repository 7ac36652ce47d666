"""The clients that adapters share when they are given none.

They take HANSARD_URL and HANSARD_API_KEY from the environment and live as long as the process,
the async ones as long as their loop.
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from hansard.client import AsyncHansard, Hansard

_BY_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncHansard] = WeakKeyDictionary()
_BLOCKING: list[Hansard] = []


def shared_client() -> Hansard:
    """The blocking client of the process, which threads may share."""
    if not _BLOCKING:
        _BLOCKING.append(Hansard())
    return _BLOCKING[0]


def shared_async_client() -> AsyncHansard:
    """The async client of the running event loop: connections cannot change their loop."""
    loop = asyncio.get_running_loop()
    if loop not in _BY_LOOP:
        _BY_LOOP[loop] = AsyncHansard()
    return _BY_LOOP[loop]
