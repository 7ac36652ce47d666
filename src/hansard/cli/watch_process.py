"""A `hansard watch` beside a server, in its own process: no request waits for a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hansard.settings import Settings

_COMMAND = ("-P", "-m", "hansard", "watch", "--quiet", "--while-parent")
_AGAIN, _PATIENCE = 5.0, 10.0
"""Seconds until a process that ended is started again, and until one that is to end is killed."""


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[None]:
    """Keep the process running; it ends with the context, or when this process is killed."""
    task = asyncio.create_task(_keep_running(settings))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_running(settings: Settings) -> None:
    environment = {
        **os.environ,
        "HANSARD_STORE": settings.store,  # not an argument: a URL may hold a password
        "HANSARD_WORKSPACE": settings.workspace,
    }
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *_COMMAND, env=environment, stdin=asyncio.subprocess.DEVNULL
        )
        try:
            await process.wait()
        finally:
            await _end(process)
        await asyncio.sleep(_AGAIN)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
