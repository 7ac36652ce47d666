"""An agent that is killed in the middle goes on, in another process, from what Hansard has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agents import Agent, Runner, function_tool, set_tracing_disabled

from hansard.adapters.agent_framework import HansardHistory
from hansard.adapters.langgraph import HansardSaver
from hansard.adapters.openai_agents import HansardSession
from hansard.adapters.pydantic_ai import HansardConversationStore
from hansard.client import AsyncHansard, Hansard
from tests.adapters import (
    killed_agent_framework,
    killed_langchain,
    killed_pydantic_ai,
    killed_strands,
    test_agent_framework,
    test_strands,
)
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


FIRST_TURN = [("user", "Hello."), ("assistant", "Yes?")]
BEFORE_THE_KILL = [*FIRST_TURN, ("user", "Where is 17?"), ("assistant", "")]


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


async def test_a_strands_agent_goes_on_behind_its_last_message(
    served: Served, hansard: Hansard, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The framework itself tells the model that the tool was interrupted."""
    session = name.replace(" ", "-")
    kill_in_the_tool(served, "killed_strands", session)
    assert transcript(hansard, session) == BEFORE_THE_KILL
    for variable, value in served.environment.items():
        monkeypatch.setenv(variable, value)
    script = (test_strands.CALL, test_strands.text("It is on its way."))
    agent = killed_strands.agent_of(session, test_strands.look_up, *script)
    assert len(agent.messages) == len(BEFORE_THE_KILL)
    await agent.invoke_async("Go on.")
    assert transcript(hansard, session) == [
        *BEFORE_THE_KILL, ("tool", ""), ("user", "Go on."), ("assistant", ""), ("tool", ""),
        ("assistant", "It is on its way."),
    ]  # fmt: skip
    interrupted, answered = [
        each.parts[0]["response"] for each in hansard.messages.list(session) if each.role == "tool"
    ]
    assert (interrupted, answered) == ("Tool was interrupted.", "17 is on its way")


async def test_a_conversation_of_pydantic_ai_goes_on_behind_its_last_save(
    served: Served, hansard: Hansard, ahansard: AsyncHansard, name: str
) -> None:
    """What a run said is saved when it ends: the turn that was killed is asked again."""
    kill_in_the_tool(served, "killed_pydantic_ai", name)
    assert transcript(hansard, name) == FIRST_TURN
    store = HansardConversationStore(ahansard)
    await killed_pydantic_ai.turn(store, name, lambda: "is on its way", "Where is 17?")
    assert transcript(hansard, name) == [
        *BEFORE_THE_KILL,
        ("tool", ""),
        ("assistant", "It is on its way."),
    ]
    conversation = await store.load(name)
    assert conversation is not None
    assert len(conversation.messages) == len(BEFORE_THE_KILL) + 2


@pytest.mark.filterwarnings("ignore:RunnableWithMessageHistory is deprecated")  # it is still in use
def test_a_chain_goes_on_behind_its_last_turn(
    served: Served, hansard: Hansard, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A history gets what a run said at its end: the turn that was killed is asked again."""
    kill_in_the_tool(served, "killed_langchain", name)
    assert transcript(hansard, name) == FIRST_TURN
    for variable, value in served.environment.items():
        monkeypatch.setenv(variable, value)
    chain = killed_langchain.chain_of(lambda: "is on its way")
    killed_langchain.ask(chain, name, "Where is 17?")
    assert transcript(hansard, name) == [
        *BEFORE_THE_KILL,
        ("tool", ""),
        ("assistant", "It is on its way."),
    ]
    session = hansard.sessions.read(name)
    assert (session.title, session.input_tokens, session.output_tokens) == ("Hello.", 36, 12)


async def test_an_agent_of_the_agent_framework_goes_on_behind_its_last_call(
    served: Served, hansard: Hansard, ahansard: AsyncHansard, name: str
) -> None:
    kill_in_the_tool(served, "killed_agent_framework", name)
    assert transcript(hansard, name) == BEFORE_THE_KILL
    script = (killed_agent_framework.CALL, test_agent_framework.text("It is on its way."))
    agent, model = killed_agent_framework.agent_of(
        test_agent_framework.look_up, HansardHistory(ahansard), *script
    )
    await agent.run("Go on.", session=agent.create_session(session_id=name))
    assert [each.role for each in model.inputs[0]] == [
        *(role for role, _ in BEFORE_THE_KILL),
        "user",
    ]
    assert transcript(hansard, name) == [
        *BEFORE_THE_KILL, ("user", "Go on."), ("assistant", ""), ("tool", ""),
        ("assistant", "It is on its way."),
    ]  # fmt: skip
