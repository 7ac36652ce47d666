"""A real server in a process of its own, which can be killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from hansard.access import ALL_SCOPES
from hansard.app import opened
from hansard.settings import Settings
from tests.reliability import soundness
from tests.support.postgres_cluster import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 30.0


class Live:
    """`hansard serve` over `store`; `fault` is one of `tests.reliability.faulty`."""

    def __init__(
        self, store: str, folder: Path, *, fault: str = "", settings: dict[str, str] | None = None
    ) -> None:
        self.store = store
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"server-{self.port}.log"
        self.starts = 0
        program = ["tests.reliability.faulty", fault] if fault else ["hansard"]
        self._command = [
            sys.executable,
            "-m",
            *program,
            "serve",
            "--store",
            store,
            "--port",
            str(self.port),
            "--access-log",
        ]
        self._folder = folder
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            **{f"HANSARD_{name.upper()}": value for name, value in (settings or {}).items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        soundness.served(self.store)
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)
        await soundness.left(self.store)

    async def start(self) -> None:
        """Return when it answers; raises with its log when it ends instead."""
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE
        async with httpx.AsyncClient() as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{self.url}/healthz")).status_code == 200:
                        return
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-4000:]}")
                await asyncio.sleep(0.03)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self) -> int:
        """The exit code, when it has ended."""
        assert self._process is not None
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> None:
        """End it in order; a second time does nothing."""
        if self._process is None or self._process.poll() is not None:
            return
        self.signal(signal.SIGTERM)
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()


async def new_key(store: str, workspace: str = "acme", scopes: tuple[str, ...] = ALL_SCOPES) -> str:
    """A key of a new workspace."""
    async with opened(Settings(store=store)) as service:
        created = await service.workspaces.create(workspace)
        return (await service.keys.create(service.workspaces.operator(created), "tests", scopes))[0]


@contextlib.asynccontextmanager
async def client_of(url: str, key: str) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=20, limits=limits
    ) as client:
        yield client


@dataclass(frozen=True)
class Fleet:
    """Servers over one store, and a client for each."""

    servers: Sequence[Live]
    clients: Sequence[httpx.AsyncClient]


@contextlib.asynccontextmanager
async def fleet(
    store: str,
    folder: Path,
    key: str,
    servers: int,
    *,
    fault: str = "",
    settings: dict[str, str] | None = None,
) -> AsyncIterator[Fleet]:
    """So many servers over one store; the first one migrates it."""
    async with contextlib.AsyncExitStack() as stack:
        first, *others = [
            Live(store, folder, fault=fault, settings=settings) for _ in range(servers)
        ]
        await stack.enter_async_context(first)
        await asyncio.gather(*map(stack.enter_async_context, others))
        lives = [first, *others]
        clients = [await stack.enter_async_context(client_of(live.url, key)) for live in lives]
        yield Fleet(lives, clients)
