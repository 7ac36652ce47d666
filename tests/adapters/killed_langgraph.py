"""A graph that hangs in its tool, and says so, until it is killed: ``… THREAD``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.graph import START, MessagesState, StateGraph

from hansard.adapters.langgraph import HansardSaver


def hang() -> str:
    print("in the tool", flush=True)
    time.sleep(600)
    return ""


def graph(saver: HansardSaver, look_up: Callable[[], str]) -> Any:
    """A model that calls a tool, and then answers."""

    def model(_: MessagesState) -> dict[str, Any]:
        calls = [{"name": "look_up", "args": {"order": "17"}, "id": "c1"}]
        return {"messages": [AIMessage("", tool_calls=calls)]}

    def tool(_: MessagesState) -> dict[str, Any]:
        return {"messages": [ToolMessage(look_up(), tool_call_id="c1")]}

    def answer(_: MessagesState) -> dict[str, Any]:
        return {"messages": [AIMessage("It is on its way.")]}

    builder = StateGraph(MessagesState)
    before = START
    for name, node in (("model", model), ("tool", tool), ("answer", answer)):
        builder.add_node(name, node)
        builder.add_edge(before, name)
        before = name
    return builder.compile(checkpointer=saver)


if __name__ == "__main__":
    config: Any = {"configurable": {"thread_id": sys.argv[1]}}
    question = {"messages": [HumanMessage("Where is 17?")]}
    graph(HansardSaver(), hang).invoke(question, config, durability="sync")
