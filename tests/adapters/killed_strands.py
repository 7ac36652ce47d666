"""An agent that answers, then hangs in its tool, and says so, until it is killed: ``… SESSION``."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from strands import Agent, tool
from strands.session import SnapshotSessionManager

from hansard.adapters.strands import HansardStorage
from tests.adapters.test_strands import CALL, Scripted, text


def agent_of(session: str, look_up: Any, *script: Any) -> Agent:
    """An agent whose session is saved with every message."""
    manager = SnapshotSessionManager(session, storage=HansardStorage(), save_latest_on="message")
    return Agent(
        model=Scripted(*script), tools=[look_up], session_manager=manager, agent_id="desk",
        callback_handler=None,
    )  # fmt: skip


@tool(name="look_up")
def hang(order: str) -> str:
    """Look an order up."""
    print("in the tool", flush=True)
    time.sleep(600)
    return order


async def work(session: str) -> None:
    agent = agent_of(session, hang, text("Yes?"), CALL)
    await agent.invoke_async("Hello.")
    await agent.invoke_async("Where is 17?")


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
