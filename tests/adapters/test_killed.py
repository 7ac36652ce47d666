"""An agent that is killed in the middle goes on, in another process, from what Hansard has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from agents import Agent, Runner, function_tool, set_tracing_disabled

from hansard.adapters.langgraph import HansardSaver
from hansard.adapters.openai_agents import HansardSession
from hansard.client import AsyncHansard, Hansard
from tests.adapters.killed_langgraph import graph
from tests.adapters.scripted import Scripted, answer, call
from tests.support.serving import Served

ROOT = Path(__file__).resolve().parents[2]


def kill_in_the_tool(served: Served, program: str, session: str) -> None:
    """Run a program of this folder until it is in its tool, then end it with SIGKILL."""
    with subprocess.Popen(
        [sys.executable, "-m", f"tests.adapters.{program}", session],
        cwd=ROOT,
        env=os.environ | served.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "in the tool\n"
        running.kill()
    assert running.returncode == -9


def transcript(hansard: Hansard, session: str) -> list[tuple[str, str]]:
    return [(each.role, each.text) for each in hansard.messages.list(session)]


async def test_an_openai_agent_goes_on(
    served: Served, hansard: Hansard, ahansard: AsyncHansard, name: str
) -> None:
    @function_tool
    def look_up(order: str) -> str:
        """Look an order up."""
        return f"{order} is on its way"

    kill_in_the_tool(served, "killed_openai_agents", name)
    assert transcript(hansard, name)[0] == ("user", "Where is 17?")
    set_tracing_disabled(disabled=True)
    model = Scripted(call(), answer("It is on its way."))
    agent = Agent(name="desk", model=model, tools=[look_up])
    await Runner.run(agent, "Go on.", session=HansardSession(name, ahansard))
    assert model.inputs[0][0] == {"role": "user", "content": "Where is 17?"}
    messages = transcript(hansard, name)
    assert messages.count(("user", "Where is 17?")) == 1
    assert [role for role, _ in messages].count("tool") == 1
    assert messages[-1] == ("assistant", "It is on its way.")
    assert hansard.sessions.read(name).title == "Where is 17?"


def test_a_graph_goes_on_behind_its_last_checkpoint(
    served: Served, hansard: Hansard, name: str
) -> None:
    kill_in_the_tool(served, "killed_langgraph", name)
    before = [("user", "Where is 17?"), ("assistant", "")]
    assert transcript(hansard, name) == before
    config: Any = {"configurable": {"thread_id": name}}
    resumed = graph(HansardSaver(hansard), lambda: "17 is on its way")
    state = resumed.invoke(None, config)
    texts = ["Where is 17?", "", "17 is on its way", "It is on its way."]
    assert [each.content for each in state["messages"]] == texts
    assert transcript(hansard, name) == [*before, ("tool", ""), ("assistant", "It is on its way.")]
