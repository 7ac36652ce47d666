"""A store and a replica that follows it: where a task's reads are made is the task's to say."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from hansard.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import ParamSpec

    from hansard.observer import Usage
    from hansard.store import Store
    from hansard.store.steps import Row, Steps

    P = ParamSpec("P")

T = TypeVar("T")
PAUSE_SECONDS = 5.0
"""How long a replica that failed is left alone."""
_reads_replica = ContextVar("reads_replica", default=False)


class ReplicatedStore:
    """Everything goes to the primary, except the reads of a task that called ``read_replica``.

    A replica that fails, or is not there at the start, costs nothing but its help: the primary
    answers instead.
    """

    def __init__(self, primary: Store, replica: Store) -> None:
        self._primary = primary
        self._replica = replica
        self._opening: asyncio.Task[None] | None = None
        self._is_open = False
        self._failed_at = float("-inf")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the primary has
        return getattr(self._primary, name)

    async def open(self) -> None:
        await self._primary.open()
        await self._reach()

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._is_open:
            await self._replica.close()
        await self._primary.close()

    def usage(self) -> list[Usage]:
        pools = [each for each in self._replica.usage() if each.kind == "pool"]
        return [*self._primary.usage(), *(each._replace(name="replica") for each in pools)]

    def has_replica(self) -> bool:
        """Whether the replica is there; one that is not is looked for meanwhile."""
        if _now() - self._failed_at < PAUSE_SECONDS:
            return False
        if not self._is_open and (self._opening is None or self._opening.done()):
            self._opening = asyncio.create_task(self._reach())
        return self._is_open

    def read_replica(self, *, chosen: bool) -> None:
        """Make this task's reads at the replica from now on, or no longer."""
        _reads_replica.set(chosen)

    async def read(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._read(lambda store: store.read(verb, *args, **kwargs))

    async def ask(self, name: str, workspace_id: str) -> list[Row]:
        return await self._read(lambda store: store.ask(name, workspace_id))

    def reached(self, workspace_id: str) -> int | None:
        return None if _reads_replica.get() else self._primary.reached(workspace_id)

    async def snapshot(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._read(lambda store: store.snapshot(verb, *args, **kwargs))

    async def _read(self, read: Callable[[Store], Awaitable[T]]) -> T:
        if _reads_replica.get():
            try:
                return await read(self._replica)
            except StoreUnavailable:
                self._failed_at = _now()
                self.read_replica(chosen=False)
        return await read(self._primary)

    async def _reach(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self._replica.open()
            self._is_open = True
            return
        self._failed_at = _now()


def _now() -> float:
    return asyncio.get_running_loop().time()
