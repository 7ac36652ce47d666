"""Whatever text a framework holds is stored, and large messages are no obstacle to others."""

from __future__ import annotations

import math
from typing import Any

from agent_framework import Message
from google.adk.events.event import Event
from google.genai import types
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import START, MessagesState, StateGraph

from hansard.adapters.agent_framework import HansardHistory
from hansard.adapters.chainlit_threads import Threads
from hansard.adapters.google_adk import HansardSessionService
from hansard.adapters.langchain import HansardChatHistory
from hansard.adapters.langgraph import HansardSaver
from hansard.adapters.openai_agents import HansardSession
from hansard.client import AsyncHansard, Hansard

HALF, READABLE = "half \ud83d end", "half ? end"


def texts(hansard: Hansard, name: str) -> list[str]:
    return [each.text for each in hansard.messages.list(name)]


async def test_openai_agents_keeps_half_a_surrogate_pair_and_no_number(
    ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    session = HansardSession(name, ahansard)
    items: list[Any] = [
        {"role": "user", "content": HALF},
        {"type": "function_call_output", "call_id": "c", "output": {"score": math.inf}},
    ]
    await session.add_items(items)
    assert await session.get_items() == items
    assert texts(hansard, name)[0] == READABLE
    answer = [*hansard.messages.list(name)][1].parts[0]["response"]
    assert answer == {"score": "Infinity"}


async def test_langchain_keeps_half_a_surrogate_pair(
    ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    history = HansardChatHistory(name, async_client=ahansard)
    await history.aadd_messages([HumanMessage(HALF)])
    assert [each.content for each in await history.aget_messages()] == [HALF]
    assert texts(hansard, name) == [READABLE]


async def test_the_agent_framework_keeps_half_a_surrogate_pair(
    ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    history = HansardHistory(ahansard)
    await history.save_messages(name, [Message("user", [HALF])])
    assert [each.text for each in await history.get_messages(name)] == [HALF]
    assert texts(hansard, name) == [READABLE]


async def test_chainlit_keeps_half_a_surrogate_pair(
    ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    threads = Threads(ahansard, {})
    step = {"id": f"{name}-1", "threadId": name, "type": "user_message", "output": HALF}
    await threads.create_step(step)
    await threads.update_step(step)
    stored = await threads.thread(name)
    assert stored is not None
    assert [each["output"] for each in stored["steps"]] == [HALF]
    assert texts(hansard, name) == [READABLE]


async def test_adk_reads_what_people_read_in_place_of_half_a_surrogate_pair(
    ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    service = HansardSessionService(ahansard)
    session = await service.create_session(app_name=name, user_id="ada", session_id="s")
    content = types.Content(role="user", parts=[types.Part(text=HALF)])
    await service.append_event(session, Event(author="user", invocation_id="i", content=content))
    stored = await service.get_session(app_name=name, user_id="ada", session_id="s")
    assert stored is not None
    assert [each.content.parts[0].text for each in stored.events] == [READABLE]


def test_the_transcript_of_a_graph_has_what_people_read(hansard: Hansard, name: str) -> None:
    def answer(_: MessagesState) -> Any:
        return {"messages": [AIMessage(HALF)]}

    builder = StateGraph(MessagesState)
    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    graph = builder.compile(checkpointer=HansardSaver(hansard))
    config: Any = {"configurable": {"thread_id": name}}
    graph.invoke({"messages": [HumanMessage("Hello")]}, config)
    assert len(graph.get_state(config).values["messages"]) == 2
    assert texts(hansard, name) == ["Hello", READABLE]


async def test_many_large_items_are_several_requests(
    ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    session = HansardSession(name, ahansard)
    items: list[Any] = [{"role": "user", "content": f"{n} " + "x" * 150_000} for n in range(60)]
    await session.add_items(items)
    assert await session.get_items() == items
    assert [each.seq for each in hansard.messages.list(name)] == [*range(1, 61)]


async def test_an_item_of_three_mebibytes_is_kept(ahansard: AsyncHansard, name: str) -> None:
    session = HansardSession(name, ahansard)
    await session.add_items([{"role": "user", "content": "x" * (3 << 20)}])
    (item,) = await session.get_items()
    assert item == {"role": "user", "content": "x" * (3 << 20)}
