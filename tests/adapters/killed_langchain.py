"""A chain that answers, then hangs in its tool, and says so, until it is killed: ``… SESSION``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.history import RunnableWithMessageHistory

from hansard.adapters.langchain import HansardChatHistory

USAGE = {"input_tokens": 12, "output_tokens": 4, "total_tokens": 16}


def chain_of(look_up: Callable[[], str]) -> RunnableWithMessageHistory:
    """A model that calls the tool where the user asks for 17, and else answers."""

    def answer(messages: list[BaseMessage]) -> list[BaseMessage]:
        if messages[-1].content != "Where is 17?":
            return [_message("Yes?")]
        call = _message("", [{"name": "look_up", "args": {"order": "17"}, "id": "c1"}])
        return [
            call,
            ToolMessage(f"17 {look_up()}", tool_call_id="c1"),
            _message("It is on its way."),
        ]

    return RunnableWithMessageHistory(RunnableLambda(answer), HansardChatHistory)


def ask(chain: RunnableWithMessageHistory, session: str, text: str) -> Any:
    config: Any = {"configurable": {"session_id": session}}
    return chain.invoke([HumanMessage(text)], config)


def _message(text: str, calls: Any = ()) -> AIMessage:
    model: Any = {"model_name": "scripted-1"}
    return AIMessage(text, tool_calls=[*calls], usage_metadata=USAGE, response_metadata=model)


def hang() -> str:
    print("in the tool", flush=True)
    time.sleep(600)
    return ""


if __name__ == "__main__":
    chain = chain_of(hang)
    ask(chain, sys.argv[1], "Hello.")
    ask(chain, sys.argv[1], "Where is 17?")
