"""An agent that hangs in its tool, and says so, until it is killed: ``… SESSION``."""

from __future__ import annotations

import asyncio
import sys
import time

from agents import Agent, Runner, function_tool, set_tracing_disabled

from hansard.adapters.openai_agents import HansardSession
from tests.adapters.scripted import Scripted, answer, call


@function_tool
def look_up(order: str) -> str:
    """Look an order up."""
    print("in the tool", flush=True)
    time.sleep(600)
    return order


if __name__ == "__main__":
    set_tracing_disabled(disabled=True)
    agent = Agent(name="desk", model=Scripted(call(), answer("No.")), tools=[look_up])
    asyncio.run(Runner.run(agent, "Where is 17?", session=HansardSession(sys.argv[1])))
