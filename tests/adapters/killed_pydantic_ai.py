"""An agent that answers, then hangs in its tool, and says so, until it is killed: ``… SESSION``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

from pydantic_ai import Agent
from pydantic_ai.conversation import Conversation
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from hansard.adapters.pydantic_ai import HansardConversationStore


def model(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
    """It calls the tool where the user asks for 17, and else answers."""
    last = messages[-1].parts[-1]
    if isinstance(last, ToolReturnPart):
        return ModelResponse([TextPart("It is on its way.")])
    if last.content == "Where is 17?":
        return ModelResponse([ToolCallPart("look_up", {"order": "17"}, tool_call_id="c1")])
    return ModelResponse([TextPart("Yes?")])


async def turn(
    store: HansardConversationStore, session: str, look_up: Callable[[], str], prompt: str
) -> None:
    """Load the conversation, run the agent, and save what came of it."""
    agent = Agent(FunctionModel(model))

    @agent.tool_plain(name="look_up")
    def _(order: str) -> str:
        return f"{order} {look_up()}"

    conversation = await store.load(session) or Conversation(conversation_id=session)
    await store.save(await agent.run(prompt, conversation=conversation))


def hang() -> str:
    print("in the tool", flush=True)
    time.sleep(600)
    return ""


async def work(session: str) -> None:
    store = HansardConversationStore()
    await turn(store, session, hang, "Hello.")
    await turn(store, session, hang, "Where is 17?")


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
