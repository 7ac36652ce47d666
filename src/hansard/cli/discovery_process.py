"""A `hansard import --discover` beside a server, in its own process: no request waits for files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, Self

import msgspec
from msgspec import Struct

from hansard.cli.import_report import PARTIAL
from hansard.web.discovery import Finding, FoundProduct

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from hansard.settings import Settings

_COMMAND = ("-P", "-m", "hansard", "import", "--discover", "--json")
_KEPT, _LONGEST_LINE = 60.0, 1024 * 1024
"""Seconds until it is looked anew, and the bytes of a line that is read."""
_NO_ANSWER = "The search failed: run 'hansard import --discover' where the server runs."


class Progress(Struct, kw_only=True):
    """A line of an import that is told of: how far it is with a product."""

    product: str
    read: int
    new: int
    bad: int


class _Listed(Struct):
    """A document of ``--discover --json``, as far as it is shown."""

    products: list[FoundProduct] = []


class DiscoveryProcess:
    """Looks for sessions when it is first asked, and imports them into one workspace at a time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._finding = Finding(phase="done")
        self._workspace: str | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = -_KEPT

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def finding(self, workspace: str) -> Finding:
        """Where the search stands, or the import where it goes into this workspace."""
        is_busy = self._task is not None and not self._task.done()
        is_old = time.monotonic() - self._ended > _KEPT
        if not is_busy and (is_old or self._is_strange(workspace)):
            self._begin(self._look(), None)
        return Finding() if self._is_strange(workspace) else self._finding

    def begin(self, workspace: str) -> None:
        if self._finding.phase == "found":
            self._finding = msgspec.structs.replace(self._finding, phase="importing")
            self._begin(self._bring(workspace), workspace)

    def _is_strange(self, workspace: str) -> bool:
        """Whether an import goes, or went, into another workspace."""
        return self._workspace not in {None, workspace}

    def _begin(self, work: Coroutine[None, None, None], workspace: str | None) -> None:
        if workspace is None:
            self._finding = Finding()
        self._workspace = workspace
        self._task = asyncio.create_task(self._ending(work))

    async def _ending(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except (OSError, EOFError, ValueError):  # what the process wrote is no answer
            self._finding = Finding(phase="done", problem=_NO_ANSWER)
        finally:
            self._ended = time.monotonic()

    async def _look(self) -> None:
        async with self._running() as process:
            assert process.stdout is not None, "it was asked for"  # noqa: S101 - an invariant of the call
            written = await process.stdout.read()
        listed = msgspec.json.decode(written, type=_Listed)
        self._finding = Finding(phase="found", products=listed.products)

    async def _bring(self, workspace: str) -> None:
        products = {product.product: product for product in self._finding.products}
        async with self._running("--yes", "--progress", workspace=workspace) as process:
            assert process.stdout is not None, "it was asked for"  # noqa: S101 - as above
            async for line in process.stdout:
                if line.startswith(b'{"product":'):
                    progress = msgspec.json.decode(line, type=Progress)
                    product = products.get(progress.product)
                    if product is not None:  # else its files came after the look
                        product.read = min(progress.read, product.messages)
                        product.new, product.bad = progress.new, progress.bad
            code = await process.wait()
        if code not in {0, PARTIAL}:
            raise EOFError
        self._finding = msgspec.structs.replace(self._finding, phase="done")

    @contextlib.asynccontextmanager
    async def _running(
        self, *arguments: str, workspace: str | None = None
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """The process, which ends with the context."""
        environment = {
            **os.environ,
            "HANSARD_STORE": self.settings.store,  # not an argument: a URL may hold a password
            "HANSARD_WORKSPACE": workspace or self.settings.workspace,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_COMMAND,
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LONGEST_LINE,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()  # it does not end before what nobody read of it was read
