"""LangChain's chat history over a real server."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.history import RunnableWithMessageHistory

from hansard.adapters.langchain import HansardChatHistory
from hansard.client import AsyncHansard, Hansard

MESSAGES: list[BaseMessage] = [
    SystemMessage("Be kind."),
    HumanMessage(
        [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "u"}}]
    ),
    AIMessage(
        "",
        id="a",
        tool_calls=[{"name": "f", "args": {"a": None}, "id": "c"}],
        usage_metadata={"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
        response_metadata={"model_name": "m"},
    ),
    ToolMessage("ok", tool_call_id="c", artifact={"rows": [1]}),
]


@pytest.fixture
def history(hansard: Hansard, ahansard: AsyncHansard, name: str) -> HansardChatHistory:
    return HansardChatHistory(name, hansard, ahansard, start={"user": "ada"})


def test_messages_come_back_as_they_were_added(
    history: HansardChatHistory, hansard: Hansard, name: str
) -> None:
    assert history.messages == []
    history.add_messages(MESSAGES)
    assert history.messages == MESSAGES
    session = hansard.sessions.read(name)
    assert (session.user, session.channel, session.output_tokens) == ("ada", "langchain", 2)
    roles = [message.role for message in hansard.messages.list(name)]
    assert roles == ["system", "user", "assistant", "tool"]
    history.clear()
    history.clear()
    assert history.messages == []


async def test_the_async_methods_do_the_same(history: HansardChatHistory) -> None:
    assert await history.aget_messages() == []
    await history.aadd_messages(MESSAGES * 30)
    assert await history.aget_messages() == MESSAGES * 30
    await history.aclear()
    await history.aclear()
    assert await history.aget_messages() == []


@pytest.mark.filterwarnings("ignore:RunnableWithMessageHistory is deprecated")  # it is still in use
def test_a_runnable_sees_what_was_said_before(hansard: Hansard, name: str) -> None:
    def answer(messages: Any) -> AIMessage:
        return AIMessage(f"You said {len(messages)}.")

    for count in (1, 3):
        runnable = RunnableWithMessageHistory(
            RunnableLambda(answer), lambda session_id: HansardChatHistory(session_id, hansard)
        )
        config: Any = {"configurable": {"session_id": name}}
        answered = runnable.invoke([HumanMessage("Hello")], config)
        assert answered.content == f"You said {count}."


def test_messages_of_other_apis_are_given_as_their_text(
    history: HansardChatHistory, hansard: Hansard, name: str
) -> None:
    hansard.messages.append(
        name, {"role": "user", "text": "a"}, {"role": "assistant", "text": "b"}, start={}
    )
    assert [(each.type, each.content) for each in history.messages] == [("human", "a"), ("ai", "b")]
