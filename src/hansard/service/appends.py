"""Appends that wait for one workspace go into one transaction; one that comes alone waits for nobody."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from hansard.errors import Error, Invalid, StoreUnavailable
from hansard.service.rules import write
from hansard.store.verbs import appends as verbs
from hansard.store.verbs.append_batch import Answer, Append, append_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.ids import IdSource
    from hansard.store import Store

_TOGETHER = 128
_WAITING = 2048


class Waiting:
    """An append and the future of its answer."""

    __slots__ = ("append", "future")

    def __init__(self, append: Append, future: asyncio.Future[Answer]) -> None:
        self.append = append
        self.future = future


class Appends:
    """One transaction at a time per workspace: each change takes the workspace's next generation, so two could not commit side by side anyway."""

    def __init__(self, store: Store, ids: IdSource) -> None:
        self._store = store
        self._ids = ids
        self._queues: dict[str, deque[Waiting]] = {}
        self._drains: set[asyncio.Task[None]] = set()

    async def add(self, append: Append) -> Answer:
        """Append, durable when this returns.

        Raises StoreUnavailable when too much waits already, Busy while the same Idempotency-Key is worked on.
        """
        workspace_id = append.ref.workspace_id
        queue = self._queues.get(workspace_id)
        if queue is None:
            self._queues[workspace_id] = deque()
            try:
                return await self._alone(append)
            finally:
                self._go_on(workspace_id)
        if len(queue) >= _WAITING:
            raise StoreUnavailable(
                f"{len(queue)} appends wait already: try again", code="store_overloaded"
            )
        waiting = Waiting(append, asyncio.get_running_loop().create_future())
        queue.append(waiting)
        return await waiting.future

    def _go_on(self, workspace_id: str) -> None:
        """Write what has come to wait meanwhile, or let the next append go alone."""
        if not self._queues[workspace_id]:
            del self._queues[workspace_id]
            return
        drain = asyncio.create_task(self._drain(workspace_id))
        self._drains.add(drain)
        drain.add_done_callback(self._drains.discard)

    async def _drain(self, workspace_id: str) -> None:
        """Write group after group; a group that fails leaves those behind it in their place, and none waits for ever."""
        queue = self._queues[workspace_id]
        try:
            while queue:
                await self._together(
                    workspace_id, [queue.popleft() for _ in range(min(_TOGETHER, len(queue)))]
                )
        finally:
            del self._queues[workspace_id]
            for one in queue:
                _settle(one, StoreUnavailable("the store is closing"))

    async def _together(self, workspace_id: str, group: Sequence[Waiting]) -> None:
        """Write a group; every future is settled, whatever happens."""
        batch, rest = self._claim(workspace_id, group)
        outcomes: Sequence[Answer | Exception | None]
        try:
            outcomes = (
                await self._store.write(
                    append_many, workspace_id, [one.append for one in batch], self._ids
                )
                if batch
                else []
            )
        except Error as problem:
            outcomes = [None if _apart(problem, one.append) else problem for one in batch]
        except Exception as problem:  # noqa: BLE001 - it belongs to those who wait
            outcomes = [problem] * len(batch)
        except BaseException:
            for one in group:
                _settle(one, StoreUnavailable("the store is closing"))
            raise
        finally:
            self._store.in_flight.difference_update(_flights(workspace_id, batch))
        for one, outcome in zip(batch, outcomes, strict=True):
            if outcome is None:
                rest.append(one)
            else:
                _settle(one, outcome)
        await asyncio.gather(*map(self._single, rest))

    def _claim(
        self, workspace_id: str, group: Sequence[Waiting]
    ) -> tuple[list[Waiting], list[Waiting]]:
        """The group without those whose Idempotency-Key is worked on already: they go alone and are told so."""
        batch: list[Waiting] = []
        rest: list[Waiting] = []
        for one in group:
            flights = set(_flights(workspace_id, [one]))
            (rest if flights & self._store.in_flight else batch).append(one)
            if one in batch:
                self._store.in_flight.update(flights)
        return batch, rest

    async def _single(self, one: Waiting) -> None:
        try:
            _settle(one, await self._alone(one.append))
        except BaseException as problem:  # noqa: BLE001 - it belongs to whoever waits
            _settle(one, problem)

    async def _alone(self, one: Append) -> Answer:
        return await write(
            self._store,
            one.once,
            one.ref.workspace_id,
            one.now,
            verbs.append,
            one.ref,
            one.drafts,
            self._ids,
            one.now,
            one.expected_seq,
        )


def _flights(workspace_id: str, group: Sequence[Waiting]) -> list[tuple[str, str]]:
    return [(workspace_id, one.append.once.key) for one in group if one.append.once is not None]


def _apart(problem: Error, append: Append) -> bool:
    """Whether an append of a failed group is worth trying by itself: the fault may be another's, or its key tells the outcome."""
    return isinstance(problem, Invalid) or (
        problem.code == "outcome_unknown" and append.once is not None
    )


def _settle(one: Waiting, outcome: Answer | BaseException) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):  # whoever waited has gone
        if isinstance(outcome, BaseException):
            one.future.set_exception(outcome)
        else:
            one.future.set_result(outcome)
