"""What Chainlit's data layer keeps, over a real server; this needs no Chainlit."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import pytest

from hansard.adapters.chainlit_threads import Threads
from hansard.client import AsyncHansard, Hansard
from tests.adapters.conftest import Counting

START: Any = {"channel": "chainlit", "app": "chainlit"}


@pytest.fixture
def threads(ahansard: AsyncHansard) -> Threads:
    return Threads(ahansard, START)


@pytest.fixture
def thread() -> str:
    return str(uuid.uuid4())


async def read(threads: Threads, thread: str) -> dict[str, Any]:
    stored = await threads.thread(thread)
    assert stored is not None
    return stored


def step(thread: str, id: str, **fields: Any) -> dict[str, Any]:
    body = {"type": "user_message", "name": "ada", "input": "", "output": f"Hello {id}"}
    return {"id": f"{thread}-{id}", "threadId": thread, "metadata": {}, **body, **fields}


async def test_a_user_is_kept_and_changed(threads: Threads, name: str) -> None:
    user = await threads.put_user(name, {"display_name": "Ada", "metadata": {"plan": "pro"}})
    assert await threads.user(name) == user
    again = await threads.put_user(name, {"display_name": "Ada", "metadata": {}})
    assert again == {**user, "metadata": {}}
    assert (again["id"], again["identifier"]) == (name, name)
    assert await threads.user(f"{name}x") is None


async def test_steps_are_stored_in_the_order_of_their_tasks(threads: Threads, thread: str) -> None:
    written: list[Any] = []
    for number in range(10):
        draft = step(thread, str(number), type="tool", output="")
        written += [
            threads.create_step(draft),
            threads.update_step({**draft, "output": f"{number}"}),
        ]
    await asyncio.gather(*written)
    steps = (await read(threads, thread))["steps"]
    assert [each["output"] for each in steps] == [str(number) for number in range(10)]


async def test_a_step_is_replaced_and_deleted(threads: Threads, thread: str) -> None:
    first, second = step(thread, "1"), step(thread, "2", generation={"model": "m"})
    await threads.update_step(first)
    await threads.create_step(second)
    await threads.create_step({**first, "output": "Hello again"})
    steps = (await read(threads, thread))["steps"]
    assert steps == [
        {**first, "output": "Hello again", "feedback": None},
        {**second, "feedback": None},
    ]
    for _ in range(2):
        await threads.delete_step(second["id"])
    assert len((await read(threads, thread))["steps"]) == 1


async def test_a_step_is_one_request(
    counted: AsyncHansard, transport: Counting, thread: str
) -> None:
    threads = Threads(counted, START)
    await threads.create_step(step(thread, "1"))
    await threads.update_step(step(thread, "1", output="Bye"))
    assert transport.requests == 2


async def test_a_thread_has_its_author_and_what_it_was_given(
    threads: Threads, thread: str, name: str
) -> None:
    await threads.create_step(step(thread, "1"))
    assert await threads.author(thread) is None
    fields = {"title": "A parcel", "user": name, "tags": ["late"]}
    await threads.update(thread, fields, {"a": 1, "b": {"c": None, "d": 1}})
    await threads.update(thread, {}, {"a": None, "b": {"c": None}, "e": True})
    await threads.update(thread, {}, None)
    assert await threads.author(thread) == name
    stored = await read(threads, thread)
    assert (stored["name"], stored["tags"], stored["userId"]) == ("A parcel", ["late"], name)
    assert stored["metadata"] == {"b": {"c": None}, "e": True}
    for _ in range(2):
        await threads.delete(thread)
    assert await threads.thread(thread) is None
    assert await threads.author(thread) is None


async def test_threads_are_listed_by_pages(threads: Threads, name: str) -> None:
    ids = [str(uuid.uuid4()) for _ in range(5)]
    for number, id in enumerate(ids):
        await threads.update(id, {"title": f"Thread {number}", "user": name}, {"number": number})
    page, has_more = await threads.page(name, 3, None, None, None)
    assert [each["metadata"]["number"] for each in page] == [4, 3, 2]
    rest, has_last = await threads.page(name, 3, page[-1]["id"], None, None)
    assert [each["id"] for each in rest] == ids[1::-1]
    assert (has_more, has_last) == (True, False)
    assert await threads.page("nobody", 3, None, None, None) == ([], False)


async def test_threads_are_searched(threads: Threads, name: str, thread: str) -> None:
    for id, text in ((thread, "a broken samovar"), (str(uuid.uuid4()), "nothing")):
        await threads.update(id, {"user": name}, {"text": text})
        await threads.create_step(step(id, "1", output=text))
    until = time.monotonic() + 20
    while not (page := (await threads.page(name, 3, None, "samovar", None))[0]):
        assert time.monotonic() < until  # the index is made in the background
    assert [(each["id"], each["metadata"]) for each in page] == [
        (thread, {"text": "a broken samovar"})
    ]


async def test_feedback_is_changed_found_and_taken_back(
    threads: Threads, hansard: Hansard, thread: str, name: str
) -> None:
    answer = step(thread, "1", type="assistant_message")
    await threads.create_step(answer)
    await threads.update(thread, {"user": name}, None)
    id = await threads.rate(answer["id"], 1, None, None)
    await threads.rate(answer["id"], 0, "late", id)
    feedback = (await read(threads, thread))["steps"][0]["feedback"]
    assert (feedback["value"], feedback["comment"]) == (0, "late")
    assert [each.name for each in hansard.scores.list(thread)] == ["disliked"]
    pages = [await threads.page(name, 3, None, None, value) for value in (0, 1)]
    assert [len(page) for page, _ in pages] == [1, 0]
    for _ in range(2):
        await threads.unrate(feedback["id"])
    assert (await read(threads, thread))["steps"][0]["feedback"] is None
    with pytest.raises(ValueError, match="no step 'absent' is stored"):
        await threads.rate("absent", 1, None, None)


async def test_an_element_is_kept_with_its_thread(threads: Threads, thread: str) -> None:
    element = {"id": "e1", "threadId": thread, "name": "a.txt", "url": "data:,hello"}
    for _ in range(2):
        await threads.put_element(element)
    assert await threads.element(thread, "e1") == element
    assert (await read(threads, thread))["elements"] == [element]
    assert await threads.elements(thread) == [element]
    for _ in range(2):
        await threads.delete_element(thread, "e1")
    assert await threads.element(thread, "e1") is None
    assert await threads.elements("absent") == []


async def test_a_marked_step_is_found_by_its_user(threads: Threads, thread: str, name: str) -> None:
    await threads.create_step(step(thread, "1"))
    await threads.mark(name, f"{thread}-1", favorite=True)
    assert [each["id"] for each in await threads.favorites(name)] == [f"{thread}-1"]
    for _ in range(2):
        await threads.mark(name, f"{thread}-1", favorite=False)
    assert await threads.favorites(name) == []
