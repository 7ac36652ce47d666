"""LangGraph's checkpointer over a real server: its own contract, and real graphs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, interrupt

from hansard.adapters.langchain_messages import draft
from hansard.adapters.langgraph import HansardSaver
from hansard.client import AsyncHansard, Hansard
from tests.support.serving import serving


async def test_it_passes_the_contract_of_checkpointers(tmp_path: Path) -> None:
    with serving(tmp_path) as served:

        @checkpointer_test(name="HansardSaver")
        async def saver() -> AsyncIterator[HansardSaver]:
            async with AsyncHansard(served.url, served.key) as client:
                yield HansardSaver(async_client=client)

        report = await validate(saver)
    failures = [each for result in report.results.values() for each in result.failures or []]
    assert failures == []
    assert sum(result.tests_passed for result in report.results.values()) >= 66
    assert [name for name, result in report.results.items() if not result.passed] == []


def answer(state: MessagesState) -> dict[str, Any]:
    text = f"You said {len(state['messages'])}."
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    return {"messages": [AIMessage(text, usage_metadata=usage)]}


def confirm(_: MessagesState) -> dict[str, Any]:
    return {"messages": [AIMessage(f"Confirmed: {interrupt('Really?')}")]}


def graph(saver: HansardSaver) -> Any:
    builder = StateGraph(MessagesState)
    builder.add_node("answer", answer)
    builder.add_node("confirm", confirm)
    builder.add_edge(START, "answer")
    builder.add_edge("answer", "confirm")
    return builder.compile(checkpointer=saver)


@pytest.fixture
def config(name: str) -> Any:
    return {"configurable": {"thread_id": name}}


def test_a_graph_is_interrupted_and_resumed_by_another_process(
    hansard: Hansard, name: str, config: Any
) -> None:
    state = graph(HansardSaver(hansard)).invoke({"messages": [HumanMessage("Hello")]}, config)
    assert state["__interrupt__"][0].value == "Really?"
    later = graph(HansardSaver(hansard))
    state = later.invoke(Command(resume="yes"), config)
    texts = ["Hello", "You said 1.", "Confirmed: yes"]
    assert [message.content for message in state["messages"]] == texts
    messages = list(hansard.messages.list(name))
    assert [message.text for message in messages] == texts
    assert [message.role for message in messages] == ["user", "assistant", "assistant"]
    assert messages[1].usage.output_tokens == 2
    steps = [each.metadata["step"] for each in later.get_state_history(config)]
    assert steps == sorted(steps, reverse=True)


async def test_the_async_methods_do_the_same(
    ahansard: AsyncHansard, name: str, config: Any
) -> None:
    saver = HansardSaver(async_client=ahansard, start={"user": "ada"})
    await graph(saver).ainvoke({"messages": [HumanMessage("Hello")]}, config)
    state = await graph(saver).ainvoke(Command(resume="yes"), config)
    assert len(state["messages"]) == 3
    assert (await ahansard.messages.list(name).first(1))[0].text == "Hello"
    assert (await ahansard.sessions.read(name)).user == "ada"
    matches = [each async for each in saver.alist(config, filter={"source": "input"}, limit=1)]
    assert [each.metadata["source"] for each in matches] == ["input"]
    assert [each async for each in saver.alist(config, limit=0)] == []
    await saver.adelete_thread(name)
    assert await saver.aget_tuple(config) is None


def test_a_branch_does_not_change_the_values_of_the_other(
    hansard: Hansard, name: str, config: Any
) -> None:
    app = graph(HansardSaver(hansard))
    app.invoke({"messages": [HumanMessage("Hello")]}, config)
    before = app.get_state(config)
    app.update_state(before.config, {"messages": [AIMessage("left")]}, as_node="answer")
    app.update_state(before.config, {"messages": [AIMessage("right")]}, as_node="answer")
    newest = islice(app.get_state_history(config), 2)
    last = [each.values["messages"][-1].content for each in newest]
    assert last == ["right", "left"]


def test_threads_are_copied_pruned_and_deleted(hansard: Hansard, name: str, config: Any) -> None:
    saver = HansardSaver(hansard)
    graph(saver).invoke({"messages": [HumanMessage("Hello")]}, config)
    saver.copy_thread(name, f"{name}/copy")
    copied = {"configurable": {"thread_id": f"{name}/copy"}}
    assert len(list(saver.list(copied))) == len(list(saver.list(config))) > 1
    saver.prune([name])
    assert len(list(saver.list(config))) == 1
    saver.prune([name], strategy="delete")
    assert saver.get_tuple(config) is None
    assert list(saver.list(config)) == []
    threads = {each.config["configurable"]["thread_id"] for each in saver.list(None)}
    assert f"{name}/copy" in threads


def test_messages_of_langchain_are_readable() -> None:
    blocks: list[Any] = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hi"}]
    calls: list[Any] = [{"name": "f", "args": {"a": 1}, "id": "c"}]
    assert draft(AIMessage(blocks, tool_calls=calls))["parts"] == [
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "Hi"},
        {"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}},
    ]
    response = {"type": "tool_call_response", "id": "c", "response": "ok"}
    assert draft(ToolMessage("ok", tool_call_id="c")) == {"role": "tool", "parts": [response]}
