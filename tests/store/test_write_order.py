"""Which write goes first on a store with one writer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from hansard.store import Store, connect
from hansard.store.steps import Query, Steps


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = connect(f"sqlite:///{tmp_path}/hansard.db")
    await store.open()
    yield store
    await store.close()


class Held:
    """A write that holds the writer until it is told."""

    def __init__(self, order: list[str], name: str) -> None:
        self.order, self.name = order, name
        self.has_begun, self.may_end = Event(), Event()

    def verb(self) -> Steps[None]:
        self.has_begun.set()
        self.may_end.wait(30)
        yield from note(self.order, self.name)

    async def begun(self) -> None:
        assert await asyncio.to_thread(self.has_begun.wait, 30)


def note(order: list[str], name: str) -> Steps[None]:
    """A write that notes when it ran."""
    order.append(name)
    yield Query("one", sql="select 1")


def created(*writes: Coroutine[Any, Any, None]) -> Iterator[asyncio.Task[None]]:
    return map(asyncio.create_task, writes)


async def test_what_takes_long_lets_others_go_first(store: Store) -> None:
    order = list[str]()
    held = Held(order, "held")
    tasks = list(created(store.write(held.verb)))
    await held.begun()
    tasks += created(
        store.write_behind(note, order, "long 1"),
        store.write_behind(note, order, "long 2"),
        store.write(note, order, "short 1"),
        store.write(note, order, "short 2"),
    )
    await asyncio.sleep(0)
    held.may_end.set()
    await asyncio.gather(*tasks)
    assert order == ["held", "short 1", "short 2", "long 1", "long 2"]


async def test_what_takes_long_lets_one_group_go_first_and_no_more(store: Store) -> None:
    order = list[str]()
    first, second = Held(order, "long 1"), Held(order, "short 1")
    tasks = list(created(store.write_behind(first.verb)))
    await first.begun()
    tasks += created(store.write_behind(note, order, "long 2"), store.write(second.verb))
    await asyncio.sleep(0)
    first.may_end.set()
    await second.begun()
    tasks += created(store.write(note, order, "short 2"))
    await asyncio.sleep(0)
    second.may_end.set()
    await asyncio.gather(*tasks)
    assert order == ["long 1", "short 1", "long 2", "short 2"]
