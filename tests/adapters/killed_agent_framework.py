"""An agent that answers, then hangs in its tool, and says so, until it is killed: ``… SESSION``."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from agent_framework import Agent, Content, tool

from hansard.adapters.agent_framework import HansardHistory
from tests.adapters.test_agent_framework import Scripted, text

CALL = Content.from_function_call("c1", "look_up", arguments='{"order": "17"}')


def agent_of(look_up: Any, history: HansardHistory, *script: Content) -> tuple[Agent, Scripted]:
    """An agent whose messages are stored with every call of its model, and that model."""
    model = Scripted(*script)
    agent = Agent(
        client=model,
        tools=[look_up],
        context_providers=[history],
        require_per_service_call_history_persistence=True,
    )
    return agent, model


@tool(name="look_up", approval_mode="never_require")
def hang(order: str) -> str:
    """Look an order up."""
    print("in the tool", flush=True)
    time.sleep(600)
    return order


async def work(session: str) -> None:
    agent, _ = agent_of(hang, HansardHistory(), text("Yes?"), CALL)
    for prompt in ("Hello.", "Where is 17?"):
        await agent.run(prompt, session=agent.create_session(session_id=session))


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
