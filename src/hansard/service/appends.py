"""Appends to one workspace that wait at the same time share a transaction.

An append that comes alone does not wait.
"""

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
    """One append transaction at a time per workspace.

    Each change takes the workspace's next generation, so two of them could not commit in parallel.
    """

    def __init__(self, store: Store, ids: IdSource) -> None:
        self._store = store
        self._ids = ids
        self._queues: dict[str, deque[Waiting]] = {}
        self._drains: set[asyncio.Task[None]] = set()

    async def add(self, append: Append) -> Answer:
        """Append; durable when this returns.

        Raises StoreUnavailable when too many appends wait, Busy while another request with the same
        Idempotency-Key is in progress.
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
                f"{len(queue)} appends are waiting: try again later", code="store_overloaded"
            )
        waiting = Waiting(append, asyncio.get_running_loop().create_future())
        queue.append(waiting)
        return await waiting.future

    def _go_on(self, workspace_id: str) -> None:
        """Write the appends that have queued up meanwhile, or let the next one start at once."""
        if not self._queues[workspace_id]:
            del self._queues[workspace_id]
            return
        drain = asyncio.create_task(self._drain(workspace_id))
        self._drains.add(drain)
        drain.add_done_callback(self._drains.discard)

    async def _drain(self, workspace_id: str) -> None:
        """Write group after group.

        A failed group does not stop the groups behind it. No append waits for ever.
        """
        queue = self._queues[workspace_id]
        try:
            while queue:
                await self._together(
                    workspace_id, [queue.popleft() for _ in range(min(_TOGETHER, len(queue)))]
                )
        finally:
            del self._queues[workspace_id]
            for waiting in queue:
                _settle(waiting, StoreUnavailable("the store is closing"))

    async def _together(self, workspace_id: str, group: Sequence[Waiting]) -> None:
        """Write a group; every future is settled, whatever happens."""
        batch, rest = self._claim(workspace_id, group)
        outcomes: Sequence[Answer | Exception | None]
        try:
            outcomes = (
                await self._store.write(
                    append_many, workspace_id, [waiting.append for waiting in batch], self._ids
                )
                if batch
                else []
            )
        except Error as problem:
            outcomes = [None if _apart(problem, waiting.append) else problem for waiting in batch]
        except Exception as problem:  # noqa: BLE001 - raised in each waiting caller
            outcomes = [problem] * len(batch)
        except BaseException:
            for waiting in group:
                _settle(waiting, StoreUnavailable("the store is closing"))
            raise
        finally:
            self._store.in_flight.difference_update(_flights(workspace_id, batch))
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if outcome is None:
                rest.append(waiting)
            else:
                _settle(waiting, outcome)
        await asyncio.gather(*map(self._single, rest))

    def _claim(
        self, workspace_id: str, group: Sequence[Waiting]
    ) -> tuple[list[Waiting], list[Waiting]]:
        """Split a group into a batch and the appends whose Idempotency-Key is in use.

        Those run alone and raise Busy.
        """
        batch: list[Waiting] = []
        rest: list[Waiting] = []
        for waiting in group:
            flights = set(_flights(workspace_id, [waiting]))
            (rest if flights & self._store.in_flight else batch).append(waiting)
            if waiting in batch:
                self._store.in_flight.update(flights)
        return batch, rest

    async def _single(self, waiting: Waiting) -> None:
        try:
            _settle(waiting, await self._alone(waiting.append))
        except BaseException as problem:  # noqa: BLE001 - raised in the waiting caller
            _settle(waiting, problem)

    async def _alone(self, append: Append) -> Answer:
        return await write(
            self._store,
            append.once,
            append.ref.workspace_id,
            append.now,
            verbs.append,
            append.ref,
            append.drafts,
            self._ids,
            append.now,
            append.expected_seq,
            append.start,
            append.documents,
        )


def _flights(workspace_id: str, group: Sequence[Waiting]) -> list[tuple[str, str]]:
    return [
        (workspace_id, waiting.append.once.key)
        for waiting in group
        if waiting.append.once is not None
    ]


def _apart(problem: Error, append: Append) -> bool:
    """Whether to retry an append of a failed group alone.

    The fault may lie in another append, or the Idempotency-Key tells the outcome.
    """
    return isinstance(problem, Invalid) or (
        problem.code == "outcome_unknown" and append.once is not None
    )


def _settle(waiting: Waiting, outcome: Answer | BaseException) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):  # the caller was cancelled
        if isinstance(outcome, BaseException):
            waiting.future.set_exception(outcome)
        else:
            waiting.future.set_result(outcome)
