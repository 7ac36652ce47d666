"""Threads for reads that take long: one workspace after the other, and never all threads for one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from threading import Condition, Thread
from typing import TYPE_CHECKING, TypeVar

from hansard.errors import StoreUnavailable
from hansard.store.sqlite.writer import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.store.sqlite.connection import Connection

T = TypeVar("T")
THREADS, THREADS_EACH = 3, 2
WAITING = 128
PAUSE = 0.05
"""Seconds for which a verb that ran over on the event loop is sent to a thread at once."""
_REMEMBERED = 512
_IDLE_SECONDS = 1.0
"""After so long without work a connection is closed: its pages may hold what was deleted meanwhile."""


class Readers:
    """Runs reads on ``threads`` threads, each with a connection of its own that it opens when it needs it.

    At most ``each`` threads work for one owner at a time, and the owners take turns, so that the reads of one never
    keep those of another waiting behind them. At most ``waiting`` reads wait.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        threads: int = THREADS,
        each: int = THREADS_EACH,
        waiting: int = WAITING,
    ) -> None:
        self._connect = connect
        self._size, self._each, self._most = threads, each, waiting
        self._queues: dict[str, deque[Job]] = {}
        self._waiting = 0
        self._running: Counter[str] = Counter()
        self._wake = Condition()
        self._stopping = True
        self._threads: list[Thread] = []
        self._overruns: dict[tuple[str, object], float] = {}

    def start(self) -> None:
        self._stopping = False
        self._threads = [
            Thread(target=self._work, name=f"hansard-read-{number}", daemon=True)
            for number in range(self._size)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let what runs come to its end; what waits is refused."""
        with self._wake:
            self._stopping = True
            for queue in self._queues.values():
                for job in queue:
                    _fail(job, "the store is closed")
            self._queues.clear()
            self._waiting = 0
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def ran_over(self, owner: str, verb: object) -> None:
        """Note that a verb used up its budget on the event loop."""
        if len(self._overruns) >= _REMEMBERED:
            self._overruns.clear()
        self._overruns[owner, verb] = time.monotonic()

    def ran_over_lately(self, owner: str, verb: object) -> bool:
        """Whether it would do so again, most likely: many such reads at once hold the event loop up but once."""
        at = self._overruns.get((owner, verb))
        return at is not None and time.monotonic() - at < PAUSE

    async def run(self, owner: str, work: Callable[[Connection], T]) -> T:
        """Do ``work`` on a thread. Raises StoreUnavailable when the queue is full, and the owner's share of it is the longest."""
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
        """Make room in a full queue: whoever waits for most gives way, the newcomer included."""
        longest = max(self._queues, key=lambda one: len(self._queues[one]))
        full = f"{self._waiting} long reads wait already: try again"
        if len(self._queues[longest]) <= len(self._queues.get(owner, ())) + 1:
            raise StoreUnavailable(full, code="store_overloaded")
        _fail(self._queues[longest].pop(), full, code="store_overloaded")
        self._waiting -= 1

    def _work(self) -> None:
        connection: Connection | None = None

        def let_go() -> None:
            nonlocal connection
            if connection is not None:
                connection.close()
                connection = None

        while taken := self._take(let_go):
            owner, job = taken
            try:
                connection = connection or self._connect()
                job.result = job.work(connection)
            except BaseException as problem:  # noqa: BLE001 - whatever happened, nobody may wait for ever
                job.failure = problem
            _settle(job)
            with self._wake:
                self._running[owner] -= 1
                if not self._running[owner]:
                    del self._running[owner]
                self._wake.notify()
        let_go()

    def _take(self, idle: Callable[[], None]) -> tuple[str, Job] | None:
        """The next job of the next owner in turn that has a thread left; None at the end. Calls ``idle`` while there is none."""
        with self._wake:
            while not self._stopping:
                for owner, queue in self._queues.items():
                    if self._running[owner] < self._each:
                        return owner, self._taken(owner, queue)
                if not self._wake.wait(_IDLE_SECONDS):
                    idle()
        return None

    def _taken(self, owner: str, queue: deque[Job]) -> Job:
        job = queue.popleft()
        self._waiting -= 1
        self._running[owner] += 1
        del self._queues[owner]
        if queue:
            self._queues[owner] = queue  # behind all others
        return job


def _fail(job: Job, message: str, code: str | None = None) -> None:
    job.failure = StoreUnavailable(message, code=code)
    _settle(job)


def _settle(job: Job) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
        job.loop.call_soon_threadsafe(job.settle)
