"""A read begins on the event loop and goes on a thread when it takes long.

Nobody waits for it, and no workspace for another's.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hansard.errors import NotFound, StoreUnavailable
from hansard.fair_threads import FairThreads
from hansard.service import Service
from hansard.store import connect
from hansard.store.sqlite import SQLiteStore
from hansard.store.sqlite.connection import Connection, Overrun
from hansard.store.sqlite.deadline import Deadline
from hansard.store.sqlite.readers import Readers
from hansard.store.steps import Steps, composed, pause, value
from hansard.store.verbs.events import generation
from tests.support.loop import watched

COUNTING = (
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < :most) select "
    "count(*) from n"
)
LOOP = threading.main_thread().name


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    store = SQLiteStore(f"sqlite:///{tmp_path / 'hansard.db'}")
    await store.open()
    await store.migrate()
    yield store
    await store.close()


class Begun:
    """Where a verb was begun."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def counted(self, _workspace_id: str, most: int) -> Steps[int]:
        self.threads.append(threading.current_thread().name)
        return int((yield from composed(COUNTING, {"most": most}))[0][0])

    def computed(self, _workspace_id: str, seconds: float) -> Steps[str]:
        """Work in Python, between statements that are none."""
        self.threads.append(threading.current_thread().name)
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            for _ in range(1000):
                pass
            yield from pause()
        return "done"


async def test_a_short_read_is_done_on_the_loop(store: SQLiteStore) -> None:
    begun = Begun()
    assert await store.read(begun.counted, "w", 10) == 10
    assert begun.threads == [LOOP]


@pytest.mark.parametrize("verb", ["counted", "computed"])
async def test_a_long_read_is_begun_anew_on_a_thread(store: SQLiteStore, verb: str) -> None:
    """Whether the database takes long or the verb itself."""
    begun = Begun()
    async with watched() as longest:
        if verb == "counted":
            assert await store.read(begun.counted, "w", 3_000_000) == 3_000_000
        else:
            assert await store.read(begun.computed, "w", 0.4) == "done"
    assert begun.threads[0] == LOOP
    assert len(begun.threads) == 2
    assert begun.threads[1].startswith("hansard-read")
    assert longest() < 0.05, "the read takes some 400 ms, and the loop is held for a few"


async def test_many_long_reads_at_once_hold_the_loop_up_but_once(store: SQLiteStore) -> None:
    begun = Begun()
    await asyncio.gather(*(store.read(begun.computed, "w", 0.01) for _ in range(30)))
    assert begun.threads.count(LOOP) <= 4, "one, and another for each 50 ms that went by"
    assert len(begun.threads) <= 34


async def test_a_read_that_overran_is_soon_tried_on_the_loop_again(store: SQLiteStore) -> None:
    begun = Begun()
    await store.read(begun.computed, "w", 0.02)
    await store.read(begun.computed, "other", 0)
    await asyncio.sleep(0.06)
    await store.read(begun.computed, "w", 0)
    assert begun.threads[0] == begun.threads[2] == begun.threads[3] == LOOP


async def test_what_a_verb_refuses_is_refused_wherever_it_runs(store: SQLiteStore) -> None:
    def missing(_workspace_id: str, most: int) -> Steps[None]:
        yield from composed(COUNTING, {"most": most})
        raise NotFound("there is none")

    for most in (1, 3_000_000):
        with pytest.raises(NotFound):
            await store.read(missing, "w", most)
    assert await store.read(generation, "w") == 0


async def test_a_closed_store_says_so(store: SQLiteStore) -> None:
    begun = Begun()
    long = [asyncio.create_task(store.read(begun.computed, "w", 0.2)) for _ in range(6)]
    await asyncio.sleep(0.05)
    await store.close()
    results = await asyncio.gather(*long, return_exceptions=True)
    assert results.count("done") == 2, "what runs comes to its end"
    assert all(isinstance(result, StoreUnavailable) for result in results if result != "done")
    with pytest.raises(StoreUnavailable):
        await store.read(generation, "w")


@pytest.mark.parametrize("name", ["snapshot", "read"])
async def test_a_snapshot_is_of_one_state_whatever_is_written_meanwhile(
    lone_service: Service, name: str
) -> None:
    """On both databases.

    A read is one as well on SQLite; on PostgreSQL each of its statements sees what is there then.
    """
    store = lone_service.store
    other = connect(store.url)
    await other.open()
    is_written = False

    def twice(_workspace_id: str) -> Steps[tuple[int, int]]:
        before = yield from composed("select count(*) from store_facts", {})
        while not is_written:
            time.sleep(0.001)
            yield from pause()
        after = yield from composed("select count(*) from store_facts", {})
        return before[0][0], after[0][0]

    try:
        reading = asyncio.create_task(getattr(store, name)(twice, "w"))
        await asyncio.sleep(0.05)
        await other.write(value, "fact_put", name="between", value="x")
        is_written = True
        before, after = await reading
    finally:
        await other.close()
    assert (before == after) == (name == "snapshot" or store.url.startswith("sqlite"))


async def test_a_pause_lets_others_go_first(lone_service: Service) -> None:
    """On PostgreSQL a verb computes on the event loop.

    Between two of its pieces others are served.
    """
    begun = Begun()
    async with watched() as longest:
        await lone_service.store.read(begun.computed, "w", 0.3)
    assert longest() < 0.05


def readers(path: Path, **limits: int) -> Readers:
    Connection(path, {}, 30).close()  # a store's file is there, with its log, before its readers
    return Readers(lambda: Connection(path, {}, 30), **limits)


@contextlib.asynccontextmanager
async def running(pool: Readers) -> AsyncIterator[Readers]:
    pool.start()
    try:
        yield pool
    finally:
        await asyncio.to_thread(pool.stop)


class Gate:
    """Work that waits until it is let through, and the owners whose work was begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.open = threading.Event()

    def work(self, name: str) -> Callable[[Connection], str]:
        def wait(_: Connection) -> str:
            self.begun.append(name)
            self.open.wait(10)
            return name

        return wait

    async def until_begun(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.begun) < count:  # noqa: ASYNC110 - other threads count, and know no loop
                await asyncio.sleep(0.001)


async def test_one_workspace_never_has_all_threads(tmp_path: Path) -> None:
    gate = Gate()
    async with running(readers(tmp_path / "r.db", threads=3, each=2)) as pool:
        greedy = [asyncio.create_task(pool.run("greedy", gate.work("greedy"))) for _ in range(9)]
        await gate.until_begun(2)
        other = asyncio.create_task(pool.run("other", gate.work("other")))
        await gate.until_begun(3)
        assert gate.begun == ["greedy", "greedy", "other"]
        gate.open.set()
        assert await asyncio.gather(*greedy, other) == [*["greedy"] * 9, "other"]


async def test_workspaces_take_turns(tmp_path: Path) -> None:
    gate = Gate()
    async with running(readers(tmp_path / "r.db", threads=1, each=1)) as pool:
        first = asyncio.create_task(pool.run("first", gate.work("first")))
        await gate.until_begun(1)
        waiting = [
            asyncio.create_task(pool.run(name, gate.work(name)))
            for name in ("greedy", "greedy", "greedy", "b", "c")
        ]
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(first, *waiting)
    assert gate.begun == ["first", "greedy", "b", "c", "greedy", "greedy"]


async def test_a_full_queue_refuses_whoever_waits_for_most(tmp_path: Path) -> None:
    gate = Gate()
    async with running(readers(tmp_path / "r.db", threads=1, each=1, waiting=4)) as pool:
        first = asyncio.create_task(pool.run("first", gate.work("first")))
        await gate.until_begun(1)
        greedy = [asyncio.create_task(pool.run("greedy", gate.work("greedy"))) for _ in range(6)]
        await asyncio.sleep(0)
        others = [asyncio.create_task(pool.run(name, gate.work(name))) for name in ("b", "c", "d")]
        await asyncio.sleep(0)
        gate.open.set()
        results = await asyncio.gather(*greedy, *others, return_exceptions=True)
        await first
    refused = [isinstance(result, StoreUnavailable) for result in results]
    assert refused == [False, True, True, True, True, True, False, False, False]
    codes = {result.code for result in results if isinstance(result, StoreUnavailable)}
    assert codes == {"store_overloaded"}


async def test_nobody_waits_for_a_connection_that_is_closed_as_it_is_idle() -> None:
    gate = Gate()
    closing, closed = threading.Event(), threading.Event()

    def close(_: object) -> None:
        closing.set()
        gate.open.wait(10)
        closed.set()

    pool = FairThreads("idle", object, close, threads=2, each=2, waiting=2)
    pool.start()
    try:
        await pool.run("one", id)
        assert await asyncio.to_thread(closing.wait, 10)
        await pool.run("one", id)
        assert not closed.is_set()
    finally:
        gate.open.set()
        pool.stop()


class Rows(list[int]):
    """An answer that can be watched."""


async def test_a_thread_that_waits_holds_no_answer(tmp_path: Path) -> None:
    async with running(readers(tmp_path / "held.db", threads=1)) as pool:
        gone, answer = threading.Event(), await pool.run("one", lambda _: Rows([1]))
        weakref.finalize(answer, gone.set)
        del answer
        assert await asyncio.to_thread(gone.wait, 5)


def test_a_read_that_only_waits_for_the_processor_is_given_more_time() -> None:
    times = iter((0.0, 0.0, 0.003, 0.005, 0.025))
    deadline = Deadline(lambda: next(times), lambda: 0.0001)
    deadline.begin(30.0, 0.002)
    assert not deadline.has_passed()
    assert not deadline.has_passed(), "it slept: hardly any time of the processor's"
    assert not deadline.has_passed()
    assert deadline.has_passed(), "waiting has an end"


def test_a_read_that_works_is_out_of_time_soon() -> None:
    deadline = Deadline()
    began = time.thread_time()
    deadline.begin(30.0, 0.002)
    while not deadline.has_passed():
        pass
    assert time.thread_time() - began < 0.02
    deadline.end()
    assert not deadline.has_passed()


def test_a_read_whose_time_is_up_before_it_begins_leaves_no_transaction_open(
    tmp_path: Path,
) -> None:
    """SQLite may break off a begin that has taken effect: it looks at the time every few steps."""
    connection = Connection(tmp_path / "store.db", {}, seconds=5.0)
    connection.db.set_progress_handler(connection._deadline.has_passed, 7)
    connection.script("create table numbers (n integer)")

    def count() -> Steps[int]:
        rows = yield from composed("select count(*) from numbers", {})
        return int(rows[0][0])

    for _ in range(200):
        with contextlib.suppress(Overrun):
            connection.read(count(), budget=1e-9)
        assert not connection.db.in_transaction
    assert connection.read(count()) == 0
    connection.close()
