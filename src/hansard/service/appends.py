"""Appends to one workspace that wait at the same time share a transaction.

An append that comes alone does not wait.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.errors import Error, Invalid, StoreUnavailable
from hansard.service.rules import write
from hansard.store.verbs import appends as verbs
from hansard.store.verbs import known_appends
from hansard.store.verbs.append_batch import Answer, Append, append_many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hansard.ids import IdSource
    from hansard.store import Store
    from hansard.store.verbs.session_lookup import AppendHead

    Outcomes = Sequence[Answer | Exception | None]

_TOGETHER = 128
_WAITING = 2048
_HEAD_BYTES = 4 * MIB


class QueuedAppend:
    """An append and the future of its answer."""

    __slots__ = ("append", "future")

    def __init__(self, append: Append, future: asyncio.Future[Answer]) -> None:
        self.append = append
        self.future = future


class KnownHeads:
    """How sessions stand that this process has appended to, by the names that were used.

    Another process may have changed them: a plan made of them is carried out as far as they stand.
    """

    def __init__(self) -> None:
        self._heads = WorkspaceCache[str, "AppendHead"](_HEAD_BYTES, "append_heads")

    def of(self, workspace_id: str, appends: Sequence[Append]) -> dict[str, AppendHead] | None:
        """Those of all the sessions, or None."""
        heads: dict[str, AppendHead] = {}
        for append in appends:
            head = self._heads.get(append.ref.name, group=workspace_id)
            if head is None:
                return None
            heads[append.ref.name] = head
        return heads

    def keep(self, workspace_id: str, heads: Mapping[str, AppendHead], since: int) -> None:
        """Note heads that were read when ``clearings`` was ``since``."""
        for name, head in heads.items():
            self._heads.put(name, head, workspace_id, size=_size(head), since=since)

    def drop(self, workspace_id: str, heads: Mapping[str, AppendHead]) -> None:
        for name in heads:
            self._heads.pop(name, workspace_id)

    @property
    def clearings(self) -> int:
        return self._heads.clearings


def _size(head: AppendHead) -> int:
    """About what a head takes, without looking at each of its fields."""
    return 900 + len(head.title_folded) + len(head.tools)


class Appends:
    """One append transaction at a time per workspace.

    Each change takes the workspace's next generation, so two of them could not commit in parallel.
    """

    def __init__(self, store: Store, ids: IdSource) -> None:
        self._store = store
        self._ids = ids
        self._heads = KnownHeads()
        self._queues: dict[str, deque[QueuedAppend]] = {}
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
                return await self._first(append)
            finally:
                self._go_on(workspace_id)
        if len(queue) >= _WAITING:
            raise StoreUnavailable(
                f"{len(queue)} appends are waiting: try again later", code="store_overloaded"
            )
        waiting = QueuedAppend(append, asyncio.get_running_loop().create_future())
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

    async def _together(self, workspace_id: str, group: Sequence[QueuedAppend]) -> None:
        """Write a group; every future is settled, whatever happens."""
        batch, rest = self._claim(workspace_id, group)
        outcomes: Outcomes
        try:
            outcomes = await self._written(workspace_id, [waiting.append for waiting in batch])
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

    async def _written(self, workspace_id: str, batch: Sequence[Append]) -> Outcomes:
        """Write a batch; None stands for an append that it does not decide."""
        outcomes = await self._guessed(workspace_id, batch)
        if outcomes is None and batch:
            since = self._heads.clearings
            outcomes, heads = await self._store.write(append_many, workspace_id, batch, self._ids)
            if self._store.saves_trips:
                self._heads.keep(workspace_id, heads, since)
        return outcomes or []

    async def _guessed(self, workspace_id: str, batch: Sequence[Append]) -> Outcomes | None:
        """Write a batch by one statement, if all of its sessions are known.

        None stands for an append to a session that had changed meanwhile.
        """
        heads = self._heads.of(workspace_id, batch) if self._store.saves_trips else None
        planned = known_appends.plan(workspace_id, batch, heads, self._ids) if heads else None
        if heads is None or planned is None:
            return None
        since = self._heads.clearings
        self._heads.drop(workspace_id, heads)
        done = await self._store.write_single(known_appends.write, planned)
        stand = {tail.head.id: tail.head for tail in planned.tails if tail.head.id in done}
        new = {name: stand.get(head.id, head) for name, head in heads.items()}
        moved_on = planned.ends.keys() - done
        kept = {name: head for name, head in new.items() if head.id not in moved_on}
        self._heads.keep(workspace_id, kept, since)
        return [
            None if heads[append.ref.name].id in moved_on else outcome
            for append, outcome in zip(batch, planned.outcomes, strict=True)
        ]

    def _claim(
        self, workspace_id: str, group: Sequence[QueuedAppend]
    ) -> tuple[list[QueuedAppend], list[QueuedAppend]]:
        """Split a group into a batch and the appends whose Idempotency-Key is in use.

        Those run alone and raise Busy.
        """
        batch: list[QueuedAppend] = []
        rest: list[QueuedAppend] = []
        for waiting in group:
            flights = set(_flights(workspace_id, [waiting]))
            (rest if flights & self._store.in_flight else batch).append(waiting)
            if waiting in batch:
                self._store.in_flight.update(flights)
        return batch, rest

    async def _single(self, waiting: QueuedAppend) -> None:
        try:
            _settle(waiting, await self._alone(waiting.append))
        except BaseException as problem:  # noqa: BLE001 - raised in the waiting caller
            _settle(waiting, problem)

    async def _first(self, append: Append) -> Answer:
        """Append where nobody waits."""
        outcomes = await self._guessed(append.ref.workspace_id, [append])
        if outcomes is None or outcomes[0] is None:
            return await self._alone(append)
        if isinstance(outcomes[0], Exception):
            raise outcomes[0]
        return outcomes[0]

    async def _alone(self, append: Append) -> Answer:
        if append.once is None and self._store.saves_trips:
            return await self._read_first(append)
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

    async def _read_first(self, append: Append) -> Answer:
        """Append by itself, and know the session from then on."""
        workspace_id, since = append.ref.workspace_id, self._heads.clearings
        before, messages, head = await self._store.write(
            verbs.append_head,
            append.ref,
            append.drafts,
            self._ids,
            append.now,
            append.expected_seq,
            append.start,
            append.documents,
        )
        self._heads.keep(workspace_id, {append.ref.name: head}, since)
        return before, messages


def _flights(workspace_id: str, group: Sequence[QueuedAppend]) -> list[tuple[str, str]]:
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


def _settle(waiting: QueuedAppend, outcome: Answer | BaseException) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):  # the caller was cancelled
        if isinstance(outcome, BaseException):
            waiting.future.set_exception(outcome)
        else:
            waiting.future.set_result(outcome)
