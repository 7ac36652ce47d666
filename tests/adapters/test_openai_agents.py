"""The session of the OpenAI Agents SDK, over a real server."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any
from unittest import mock

import httpx
import pytest
from agents import Agent, Runner, function_tool, set_tracing_disabled

from hansard.adapters.clients import shared_async_client
from hansard.adapters.openai_agents import HansardSession
from hansard.client import AsyncHansard, Hansard, NewMessage
from tests.adapters.scripted import Scripted, answer, call
from tests.support.serving import Served


@function_tool
def look_up(order: str) -> str:
    """Look an order up."""
    return f"{order} is on its way"


@pytest.fixture
def session(ahansard: AsyncHansard, name: str) -> HansardSession:
    return HansardSession(name, ahansard)


def user(text: str) -> Any:
    return {"role": "user", "content": text}


async def test_items_come_back_as_they_were_added(session: HansardSession) -> None:
    items: list[Any] = [
        user("one"),
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": None},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"b":1, "a":2}'},
        {"type": "function_call_output", "call_id": "c", "output": "ok"},
        {"type": "item_of_tomorrow", "z": 1, "a": [None]},
        user("one"),
    ]
    await session.add_items(items)
    read = await session.get_items()
    assert read == items
    assert [list(item) for item in read] == [list(item) for item in items]
    assert await session.get_items(2) == items[-2:]
    assert await session.get_items(0) == []


async def test_an_item_is_popped_once_and_a_session_cleared(session: HansardSession) -> None:
    assert await session.pop_item() is None
    assert await session.get_items() == []
    await session.add_items([])
    await session.add_items([user(str(number)) for number in range(120)])
    popped: list[Any] = await asyncio.gather(*(session.pop_item() for _ in range(50)))
    assert sorted(int(item["content"]) for item in popped) == list(range(70, 120))
    assert len(await session.get_items()) == 70
    await session.clear_session()
    await session.clear_session()
    assert await session.get_items() == []


async def test_the_limit_of_the_settings_holds(ahansard: AsyncHansard, name: str) -> None:
    session = HansardSession(name, ahansard, session_settings={"limit": 3})
    await session.add_items([user(str(number)) for number in range(5)])
    assert await session.get_items() == [user("2"), user("3"), user("4")]
    assert await session.get_items(1) == [user("4")]


async def test_an_agent_goes_on_where_another_process_stopped(
    ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    set_tracing_disabled(disabled=True)
    first = Scripted(call(), answer("It is on its way."))
    agent = Agent(name="desk", model=first, tools=[look_up])
    await Runner.run(agent, "Where is 17?", session=HansardSession(name, ahansard))
    second = Scripted(answer("Yes."))
    agent = Agent(name="desk", model=second, tools=[look_up])
    await Runner.run(agent, "Sure?", session=HansardSession(name, ahansard))
    assert [item.get("type", item.get("role")) for item in second.inputs[0]] == [
        "user", "function_call", "function_call_output", "message", "user",
    ]  # fmt: skip
    messages = list(hansard.messages.list(name))
    assert [message.role for message in messages] == [
        "user", "assistant", "tool", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert messages[1].parts[0]["arguments"] == {"order": "17"}
    assert messages[2].parts[0]["response"] == "17 is on its way"
    assert hansard.sessions.read(name).channel == "openai-agents"


async def test_messages_of_other_apis_are_items_too(
    session: HansardSession, hansard: Hansard, name: str
) -> None:
    call: dict[str, Any] = {"type": "tool_call", "id": "c", "name": "f", "arguments": {}}
    texts: list[NewMessage] = [{"role": "user", "text": "hello"}, {"role": "tool", "text": "done"}]
    hansard.messages.append(name, *texts, {"role": "assistant", "parts": [call]}, start={})
    assert await session.get_items() == [user("hello"), {"role": "assistant", "content": "done"}]


async def test_openais_own_api_shows_the_same_items(
    session: HansardSession, served: Served, name: str
) -> None:
    item: Any = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    await session.add_items([item, user("half \ud83d end")])
    url = f"{served.url}/openai/v1/conversations/{name}/items"
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {served.key}"}) as http:
        half, shown = (await http.get(url)).json()["data"]
    assert item.items() <= shown.items()
    assert half["content"][0]["text"] == "half ? end"


async def test_ids_that_no_path_can_carry_name_sessions(ahansard: AsyncHansard, name: str) -> None:
    for id in (f"{name}/a", f"{name}%2Fa", name + "x" * 300):
        session = HansardSession(id, ahansard, start={"user": "ada"})
        await session.add_items([user(id)])
        assert await session.get_items() == [user(id)]
    assert (await ahansard.sessions.read(f"{name}%2Fa")).user == "ada"


async def test_a_patched_uuid4_doubles_and_loses_nothing(session: HansardSession) -> None:
    with mock.patch("uuid.uuid4", return_value=uuid.UUID(int=0)):
        await session.add_items([user("one")])
        await session.add_items([user("two")])
    assert await session.get_items() == [user("one"), user("two")]


def test_each_event_loop_has_a_client_of_its_own(
    served: Served, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in served.environment.items():
        monkeypatch.setenv(variable, value)
    session = HansardSession(name)

    async def add() -> int:
        await session.add_items([user("x")])
        assert shared_async_client() is shared_async_client()
        count = len(await HansardSession(name).get_items())
        await shared_async_client().close()
        return count

    assert [asyncio.run(add()) for _ in range(2)] == [1, 2]
