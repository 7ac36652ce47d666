"""How many requests each operation of a framework takes, through its adapter."""

from __future__ import annotations

from typing import Any

from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.base import empty_checkpoint
from pydantic_ai.conversation import Conversation

from hansard.adapters.claude_agent_sdk import HansardStore
from hansard.adapters.google_adk import HansardSessionService
from hansard.adapters.langchain import HansardChatHistory
from hansard.adapters.langgraph import HansardSaver
from hansard.adapters.openai_agents import HansardSession
from hansard.adapters.pydantic_ai import HansardConversationStore
from hansard.client import AsyncHansard
from tests.adapters.conftest import Counting
from tests.adapters.test_pydantic_ai import agent


async def test_openai_agents_adds_items_to_a_new_session_and_pops_in_one_each(
    counted: AsyncHansard, transport: Counting, name: str
) -> None:
    session = HansardSession(name, counted)
    await session.add_items([{"role": "user", "content": text} for text in ("one", "two")])
    assert transport.requests == 1
    assert await session.pop_item() == {"role": "user", "content": "two"}
    assert transport.requests == 2


async def test_adk_appends_with_three_scopes_in_one_and_lists_200_sessions_in_three(
    counted: AsyncHansard, transport: Counting, name: str
) -> None:
    service = HansardSessionService(counted)
    session = await service.create_session(app_name=name, user_id="u")
    for number in range(199):
        await service.create_session(app_name=name, user_id=f"u{number % 7}")
    before = transport.requests
    state = {"own": 1, "user:u": 1, "app:a": 1}
    actions = EventActions(state_delta=state)
    await service.append_event(session, Event(author="desk", invocation_id="i", actions=actions))
    assert transport.requests - before == 1
    listed = (await service.list_sessions(app_name=name)).sessions
    assert transport.requests - before == 4
    assert len(listed) == 200
    (changed,) = [each for each in listed if each.id == session.id]
    assert changed.state == state


async def test_claude_appends_with_its_summary_in_one(
    counted: AsyncHansard, transport: Counting, name: str
) -> None:
    store = HansardStore(counted)
    key: Any = {"project_key": name, "session_id": "s"}
    for number in range(1, 4):
        entry: Any = {"type": "user", "uuid": f"u{number}", "message": {"content": "hi"}}
        await store.append(key, [entry])
        assert transport.requests == number
    (summary,) = await store.list_session_summaries(name)
    assert (summary["session_id"], transport.requests) == ("s", 4)


async def test_langgraph_puts_on_a_new_thread_and_reads_the_latest_in_one_each(
    counted: AsyncHansard, transport: Counting, name: str
) -> None:
    saver = HansardSaver(async_client=counted)
    config: Any = {"configurable": {"thread_id": name, "checkpoint_ns": ""}}
    for number in range(1, 4):
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"messages": [HumanMessage(f"number {number}")]}
        versions: Any = {"messages": str(number)}
        checkpoint["channel_versions"] = versions
        config = await saver.aput(config, checkpoint, {"step": number}, versions)
        assert transport.requests == number
    latest = await saver.aget_tuple({"configurable": {"thread_id": name}})
    assert transport.requests == 4
    assert latest is not None
    assert latest.checkpoint["channel_values"]["messages"][0].content == "number 3"


async def test_pydantic_ai_saves_in_two(
    counted: AsyncHansard, transport: Counting, name: str
) -> None:
    store = HansardConversationStore(counted)
    for prompt in ("one", "two"):
        conversation = await store.load(name) or Conversation(conversation_id=name)
        result = await agent().run(prompt, conversation=conversation)
        before = transport.requests
        await store.save(result)
        assert transport.requests - before == 2


async def test_langchain_adds_messages_to_a_new_session_in_one(
    counted: AsyncHansard, transport: Counting, name: str
) -> None:
    await HansardChatHistory(name, async_client=counted).aadd_messages([HumanMessage("hi")])
    assert transport.requests == 1
