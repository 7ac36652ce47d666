"""Threads for work that would block the event loop.

Owners take turns, and no owner gets all threads.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hansard.errors import StoreUnavailable
from hansard.observer import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
C = TypeVar("C")
_IDLE_SECONDS = 1.0
"""After so long without work a connection is closed: its pages may hold what was deleted
meanwhile.
"""


class Job(Generic[C]):
    """One piece of work with a connection, and the future that waits for it."""

    __slots__ = ("failure", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[C], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.failure: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():
            return
        if self.failure is not None:
            self.future.set_exception(self.failure)
        else:
            self.future.set_result(self.result)


class FairThreads(Generic[C]):
    """Runs ``what`` on ``threads`` threads.

    Each thread opens a connection of its own when it first needs one.

    At most ``each`` threads work for one owner at a time, and the owners take turns, so that the
    work of one never keeps that of another waiting behind it. At most ``waiting`` pieces of work
    wait.
    """

    def __init__(  # noqa: PLR0913 - the limits of a pool
        self,
        what: str,
        connect: Callable[[], C],
        close: Callable[[C], None],
        *,
        threads: int,
        each: int,
        waiting: int,
    ) -> None:
        self._what = what
        self._connect, self._close = connect, close
        self._size, self._each, self._most = threads, each, waiting
        self._queues: dict[str, deque[Job[C]]] = {}
        self._waiting = 0
        self._running: Counter[str] = Counter()
        self._wake = Condition()
        self._stopping = True
        self._threads: list[Thread] = []

    def start(self) -> None:
        self._stopping = False
        self._threads = [
            Thread(target=self._work, name=f"hansard-{self._what}-{number}", daemon=True)
            for number in range(self._size)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def usage(self) -> list[Usage]:
        """How much of the queue and of the threads is taken."""
        return [
            Usage("queue", self._what, self._waiting, self._most),
            Usage("pool", self._what, self._running.total(), self._size),
        ]

    def stop(self) -> None:
        """Let what runs come to its end; what waits is refused."""
        with self._wake:
            self._stopping = True
            for queue in self._queues.values():
                for job in queue:
                    _fail(job, "the server is stopping")
            self._queues.clear()
            self._waiting = 0
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    async def run(self, owner: str, work: Callable[[C], T]) -> T:
        """Do ``work`` on a thread.

        Raises StoreUnavailable when the queue is full, and the owner's share of it is the longest.
        """
        job = Job(work, asyncio.get_running_loop())
        with self._wake:
            if self._stopping:
                raise StoreUnavailable("the store is closed")
            if self._waiting >= self._most:
                self._refuse_newest_of_longest(owner)
            self._queues.setdefault(owner, deque()).append(job)
            self._waiting += 1
            self._wake.notify()
        result: T = await job.future
        return result

    def _refuse_newest_of_longest(self, owner: str) -> None:
        """Refuse the newest job of the owner with the longest queue, which may be ``owner``."""
        longest = max(self._queues, key=lambda workspace_id: len(self._queues[workspace_id]))
        full = f"{self._waiting} of this kind ({self._what}) wait already: try again"
        if len(self._queues[longest]) <= len(self._queues.get(owner, ())) + 1:
            raise StoreUnavailable(full, code="store_overloaded")
        _fail(self._queues[longest].pop(), full, code="store_overloaded")
        self._waiting -= 1

    def _work(self) -> None:
        connection: C | None = None
        while True:
            taken = self._take(_IDLE_SECONDS if connection is not None else None)
            if taken is None:
                if connection is None:
                    return
                self._close(connection)
                connection = None
                continue
            owner, job = taken
            try:
                connection = connection or self._connect()
                job.result = job.work(connection)
            except BaseException as problem:  # noqa: BLE001 - whatever happened, nobody may wait for ever
                job.failure = problem
            _settle(job)
            del taken, job  # a thread that waits keeps no body and no answer in memory
            with self._wake:
                self._running[owner] -= 1
                if not self._running[owner]:
                    del self._running[owner]
                self._wake.notify()

    def _take(self, patience: float | None) -> tuple[str, Job[C]] | None:
        """The next job of the next owner in turn that has a thread left.

        None at the end, and when there was none for ``patience`` seconds.
        """
        with self._wake:
            while not self._stopping:
                for owner, queue in self._queues.items():
                    if self._running[owner] < self._each:
                        return owner, self._taken(owner, queue)
                if not self._wake.wait(patience):
                    return None
        return None

    def _taken(self, owner: str, queue: deque[Job[C]]) -> Job[C]:
        job = queue.popleft()
        self._waiting -= 1
        self._running[owner] += 1
        del self._queues[owner]
        if queue:
            self._queues[owner] = queue  # behind all others
        return job


def _fail(job: Job[Any], message: str, code: str | None = None) -> None:
    job.failure = StoreUnavailable(message, code=code)
    _settle(job)


def _settle(job: Job[Any]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
        job.loop.call_soon_threadsafe(job.settle)
