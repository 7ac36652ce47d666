"""The one writer: a thread that puts everything that waits into one durable commit."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from concurrent.futures import Future
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, TypeVar

import apsw

from hansard.byte_cache import MIB, ByteCache
from hansard.errors import StoreUnavailable
from hansard.fair_threads import Job
from hansard.observer import Usage, in_this_context
from hansard.store.sqlite.connection import REFUSED, Connection, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.observer import Observer

T = TypeVar("T")
_GROUP = 256
_CHECKPOINT_PAGES = 8000
"""So long a log is moved into the file at once: a page that many appends changed is written there
once for all of them.
"""
_REST_PAGES = 1000
_LONGEST_LOG_PAGES = 24_000
"""Beyond this the writer itself moves the log, however much there is: nobody else keeps up with
it.
"""
_PATIENCE_MS = 100
_PAUSE = 0.25


class Writer:
    """Commits in groups.

    Each job has a savepoint, all share one ``fsync``, and every future is settled whatever happens.
    A job that is patient is a commit of its own, and lets one group of the others go before it.

    ``check`` raises when the store's file is not where it was: before a group is begun, and before
    it is acknowledged. ``reached`` holds the last generation of each workspace that was committed.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        waiting: int,
        check: Callable[[], None],
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer
        self.reached = ByteCache[str, int](MIB, "reached_generations")
        self._check = check
        self._connect = connect
        self._waiting = waiting
        self._jobs: deque[Job[Connection]] = deque()
        self._patient: deque[Job[Connection]] = deque()
        self._is_patient_due = False
        self._wake = Condition()
        self._stopping = False
        self._thread: Thread | None = None
        self._checkpointer: Checkpointer | None = None

    @property
    def usage(self) -> Usage:
        """How much of the queue is taken."""
        return Usage("queue", "write", self._length, self._waiting)

    @property
    def _length(self) -> int:
        return len(self._jobs) + len(self._patient)

    def start(self) -> None:
        connection = self._connect()
        self._stopping = False
        self._checkpointer = Checkpointer(self._connect())
        connection.db.set_wal_hook(self._checkpointer.grown)
        self._thread = Thread(
            target=self._work, args=(connection,), name="hansard-write", daemon=True
        )
        self._checkpointer.start()
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, then end."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        if self._checkpointer is not None:
            self._checkpointer.stop()
        self._thread = self._checkpointer = None

    async def scrub(self, *, seconds: float) -> None:
        """Empty the write-ahead log, so that deleted pages are in no file.

        Returns when it is done, at the latest after ``seconds``.
        """
        if self._checkpointer is not None:
            emptied = self._checkpointer.scrub()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.wrap_future(emptied), seconds)

    async def call(self, work: Callable[[Connection], T], *, is_patient: bool = False) -> T:
        """Run ``work`` in a transaction; returns when it is durable.

        Raises StoreUnavailable when more work waits than the queue holds.
        """
        if self._observer is not None:  # so that it sees whose statements they are
            work = in_this_context(work)
        job = Job(work, asyncio.get_running_loop())
        with self._wake:
            if self._thread is None or self._stopping:
                raise StoreUnavailable("the store is closing")
            if self._length >= self._waiting:
                raise StoreUnavailable(
                    f"{self._length} writes wait already: try again", code="store_overloaded"
                )
            (self._patient if is_patient else self._jobs).append(job)
            self._wake.notify()
        result: T = await job.future
        return result

    def _work(self, connection: Connection) -> None:
        while group := self._take():
            self._commit(connection, group)
            _settle(group)
            if self._checkpointer is not None:
                self._checkpointer.finish(connection)
        connection.close()

    def _take(self) -> list[Job[Connection]]:
        with self._wake:
            while not self._length and not self._stopping:
                self._wake.wait()
            if self._patient and (self._is_patient_due or not self._jobs):
                self._is_patient_due = False
                return [self._patient.popleft()]
            self._is_patient_due = bool(self._patient)
            return [self._jobs.popleft() for _ in range(min(_GROUP, len(self._jobs)))]

    def _commit(self, connection: Connection, group: Sequence[Job[Connection]]) -> None:
        try:
            self._check()
            connection.db.execute("begin immediate")
            taken: dict[str, int] = {}
            for job in group:
                connection.generations.clear()
                if len(group) == 1:
                    job.result = job.work(connection)
                else:
                    _attempt(connection, job)
                if job.failure is None:
                    taken |= connection.generations
            began = time.perf_counter()
            connection.db.execute("commit")
            self._check()
            for workspace_id, generation in taken.items():
                self.reached.put(workspace_id, generation)
            if self._observer is not None:
                done = sum(job.failure is None for job in group)
                self._observer.commit(done, time.perf_counter() - began)
        except BaseException as problem:  # noqa: BLE001 - whatever happened, nobody may wait for ever
            failure = (
                translate(problem, connection.path) if isinstance(problem, REFUSED) else problem
            )
            self.reached.clear()
            for job in group:
                job.failure = job.failure or failure
            with contextlib.suppress(apsw.Error):
                if connection.db.in_transaction:
                    connection.db.execute("rollback")


def _attempt(connection: Connection, job: Job[Connection]) -> None:
    """Do one job in a savepoint, so that its failure is its own.

    An error that ended the transaction is everybody's.

    A job that is alone goes without: within a savepoint each statement costs SQLite a walk over all
    pages that the job has changed so far.
    """
    db = connection.db
    db.execute("savepoint job")
    try:
        job.result = job.work(connection)
    except BaseException as problem:
        if not db.in_transaction:
            raise
        db.execute("rollback to job")
        job.failure = (
            translate(problem, connection.path) if isinstance(problem, REFUSED) else problem
        )
    db.execute("release job")


def _settle(group: Sequence[Job[Connection]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[Job[Connection]]] = {}
    for job in group:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle_all, jobs)


def _settle_all(jobs: Sequence[Job[Connection]]) -> None:
    for job in jobs:
        job.settle()


class Checkpointer:
    """Moves the write-ahead log into the file on its own thread.

    No append waits for it.

    The log's file keeps its length and is written over from its beginning: that makes a commit
    cheaper than one that lets a file grow.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._connection.db.set_busy_timeout(
            _PATIENCE_MS
        )  # emptying the log holds writers up while it waits for readers
        self._due = Event()
        self._pages = self._moved = 0
        self._next_try = _CHECKPOINT_PAGES
        self._scrubs: deque[Future[None]] = deque()
        self._stopping = False
        self._thread = Thread(target=self._work, name="hansard-checkpoint", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._due.set()
        self._thread.join()

    def grown(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        """The writer's hook after each commit, with the length of the log in pages."""
        if pages < self._pages:
            self._moved, self._next_try = 0, _CHECKPOINT_PAGES
        self._pages = pages
        if pages - self._moved >= _CHECKPOINT_PAGES:
            self._due.set()
        return apsw.SQLITE_OK

    def finish(self, writer: Connection) -> None:
        """Between two commits, move what little the thread left.

        The next commit then starts the log anew.

        While a reader still needs the log it goes on where it is, and is tried again when it has
        grown.
        """
        if self._pages < self._next_try or (
            self._pages - self._moved > _REST_PAGES and self._pages < _LONGEST_LOG_PAGES
        ):
            return
        self._next_try = self._pages + _REST_PAGES
        with contextlib.suppress(apsw.Error):
            self._move(writer)

    def scrub(self) -> Future[None]:
        """Ask for an empty log; tried until no reader needs it any more."""
        scrubbed: Future[None] = Future()
        self._scrubs.append(scrubbed)
        self._due.set()
        return scrubbed

    def _work(self) -> None:
        while not self._stopping:
            self._due.wait(_PAUSE if self._scrubs else None)
            self._due.clear()
            waiting = len(self._scrubs)
            with contextlib.suppress(
                apsw.Error
            ):  # busy or full: the log stays, and is asked for again
                if waiting:
                    self._connection.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                else:
                    self._catch_up()
                for _ in range(waiting):
                    _finish(self._scrubs.popleft())
        while self._scrubs:
            _finish(self._scrubs.popleft())
        self._connection.close()

    def _catch_up(self) -> None:
        """Move the log, and what was added meanwhile.

        It ends when little is left or a reader holds the rest.
        """
        before = -1
        while before < self._moved < self._pages - _REST_PAGES and not self._stopping:
            before = self._moved
            self._move(self._connection)

    def _move(self, connection: Connection) -> None:
        _, self._moved = connection.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)


def _finish(scrubbed: Future[None]) -> None:
    if scrubbed.set_running_or_notify_cancel():
        scrubbed.set_result(None)
