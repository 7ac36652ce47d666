"""Chainlit's data layer over a real server; Chainlit has an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from hansard.client import AsyncHansard, Hansard
from tests.docs.blocks import Runner, blocks
from tests.support.serving import Served

pytest.importorskip("chainlit", reason="it admits no mcp 2: `make conformance` runs this file")

from chainlit.context import init_http_context
from chainlit.element import Text
from chainlit.types import Feedback, Pagination, ThreadFilter
from chainlit.user import PersistedUser, User

from hansard.adapters.chainlit import HansardDataLayer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def layer(ahansard: AsyncHansard) -> HansardDataLayer:
    return HansardDataLayer(ahansard)


@pytest.fixture
async def user(layer: HansardDataLayer, name: str) -> PersistedUser:
    return await layer.create_user(User(identifier=name, metadata={"plan": "pro"}))


@pytest.fixture
async def thread() -> str:
    id = str(uuid.uuid4())
    init_http_context(thread_id=id)
    return id


async def read(layer: HansardDataLayer, thread: str) -> Any:
    return await layer.get_thread(thread)


def step(thread: str, id: str, **fields: Any) -> Any:
    message = {"type": "user_message", "name": "ada", "input": "", "output": "Hello"}
    return {"id": f"{thread}-{id}", "threadId": thread, "metadata": {}, **message, **fields}


async def test_a_user_is_kept_and_changed(layer: HansardDataLayer, user: PersistedUser) -> None:
    assert user.id == user.identifier
    assert await layer.get_user(user.identifier) == user
    again = await layer.create_user(User(identifier=user.identifier, metadata={"plan": "free"}))
    assert (again.id, again.createdAt) == (user.id, user.createdAt)
    assert again.metadata == {"plan": "free"}
    assert await layer.get_user(user.identifier) == again
    assert await layer.get_user(user.identifier + "x") is None


async def test_steps_come_back_in_their_order_as_they_were_last(
    layer: HansardDataLayer, thread: str
) -> None:
    first, second = step(thread, "1"), step(thread, "2", type="tool", name="look_up", output="")
    await layer.create_step(first)
    await layer.create_step(second)
    await layer.update_step({**second, "output": "found"})
    await layer.update_step(step(thread, "3", type="assistant_message"))
    await layer.create_step({**first, "output": "Hello again"})
    stored = await read(layer, thread)
    assert [each["output"] for each in stored["steps"]] == ["Hello again", "found", "Hello"]
    assert stored["steps"][1] == {**second, "output": "found", "feedback": None}
    await layer.delete_step(second["id"])
    await layer.delete_step(second["id"])
    assert len((await read(layer, thread))["steps"]) == 2


async def test_a_thread_has_its_author_and_what_it_was_given(
    layer: HansardDataLayer, user: PersistedUser, thread: str
) -> None:
    await layer.create_step(step(thread, "1"))
    with pytest.raises(ValueError, match="Author not found"):
        await layer.get_thread_author(thread)
    await layer.update_thread(thread, "A parcel", user.id, {"a": 1, "b": {"c": None}}, ["late"])
    await layer.update_thread(thread, metadata={"a": None, "d": True})
    await layer.update_thread(thread)
    assert await layer.get_thread_author(thread) == user.identifier
    stored = await read(layer, thread)
    assert (stored["name"], stored["tags"], stored["userId"]) == ("A parcel", ["late"], user.id)
    assert stored["metadata"] == {"b": {"c": None}, "d": True}
    await layer.delete_thread(thread)
    await layer.delete_thread(thread)
    assert await layer.get_thread(thread) is None


async def test_threads_are_listed_by_pages_searched_and_filtered(
    layer: HansardDataLayer, ahansard: AsyncHansard, user: PersistedUser
) -> None:
    threads = [str(uuid.uuid4()) for _ in range(5)]
    for number, thread in enumerate(threads):
        await layer.update_thread(thread, f"Thread {number}", user.id)
    fresh = HansardDataLayer(ahansard)
    where = ThreadFilter(userId=user.id)
    page = await fresh.list_threads(Pagination(first=3), where)
    assert [each["name"] for each in page.data] == ["Thread 4", "Thread 3", "Thread 2"]
    assert page.pageInfo.hasNextPage
    rest = await fresh.list_threads(Pagination(first=3, cursor=page.pageInfo.endCursor), where)
    assert [each["id"] for each in rest.data] == threads[1::-1]
    assert not rest.pageInfo.hasNextPage
    with pytest.raises(ValueError, match="userId is required"):
        await layer.list_threads(Pagination(first=3), ThreadFilter())
    nobody = await layer.list_threads(Pagination(first=3), ThreadFilter(userId="nobody"))
    assert nobody.data == []


async def test_feedback_is_changed_found_and_taken_back(
    layer: HansardDataLayer, hansard: Hansard, user: PersistedUser, thread: str
) -> None:
    answer = step(thread, "1", type="assistant_message")
    await layer.create_step(answer)
    await layer.update_thread(thread, "One", user.id)
    id = await layer.upsert_feedback(Feedback(forId=answer["id"], value=1))
    feedback = {"forId": answer["id"], "value": 0, "comment": "late"}
    id = await layer.upsert_feedback(Feedback(**feedback, id=id))
    stored = await read(layer, thread)
    assert stored["steps"][0]["feedback"].items() >= feedback.items()
    assert [each.name for each in hansard.scores.list(thread)] == ["disliked"]
    for value in (0, 1):
        where = ThreadFilter(userId=user.id, feedback=value)
        threads = await layer.list_threads(Pagination(first=3), where)
        assert len(threads.data) == 1 - value
    assert await layer.delete_feedback(stored["steps"][0]["feedback"]["id"])
    assert await layer.delete_feedback(id)
    assert (await read(layer, thread))["steps"][0]["feedback"] is None


async def test_an_element_is_kept_with_its_file(layer: HansardDataLayer, thread: str) -> None:
    element = Text(thread_id=thread, name="a.txt", content="hello", for_id="s", mime="text/plain")
    await layer.create_element(element)
    kept = await layer.get_element(thread, element.id)
    assert kept is not None
    assert (kept["name"], kept["url"]) == ("a.txt", "data:text/plain;base64,aGVsbG8=")
    stored = await read(layer, thread)
    assert [each["id"] for each in stored["elements"]] == [element.id]
    await layer.delete_element(element.id, thread)
    await layer.delete_element(element.id)
    assert await layer.get_element(thread, element.id) is None


async def test_a_step_that_is_marked_is_found_by_its_user(
    layer: HansardDataLayer, user: PersistedUser, thread: str
) -> None:
    await layer.update_thread(thread, "One", user.id)
    await layer.create_step(step(thread, "1"))
    marked = await layer.set_step_favorite(step(thread, "1"), favorite=True)
    assert [each["id"] for each in await layer.get_favorite_steps(user.id)] == [marked["id"]]
    await layer.set_step_favorite(marked, favorite=False)
    assert await layer.get_favorite_steps(user.id) == []


def test_the_guide_runs(served: Served, tmp_path: Path) -> None:
    with Runner(tmp_path, {}) as runner:
        for block in blocks(ROOT / "docs" / "guides" / "chainlit.md"):
            if block.kind == "python":
                runner.run(block, served.environment)


def test_a_chat_that_is_killed_goes_on_from_what_is_stored(
    served: Served, hansard: Hansard
) -> None:
    user, thread = f"ada-{uuid.uuid4()}", str(uuid.uuid4())
    program = [sys.executable, "-m", "tests.adapters.chainlit_agent", user, thread]
    environment = {**os.environ, **served.environment}
    killed = subprocess.run([*program, "die"], cwd=ROOT, env=environment, check=False)
    assert killed.returncode == -9
    resumed = subprocess.run(
        program, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert "user_message: Where is order 17?\ntool: \n" in resumed.stdout
    messages = list(hansard.messages.list(thread))
    assert [each.role for each in messages] == ["user", "tool", "tool", "assistant"]
    assert messages[2].parts[0]["name"] == "look_up"
    assert messages[3].text == "It says: 17 is on its way."
    session = hansard.sessions.read(thread)
    assert (session.title, session.user) == ("Where is order 17?", user)
