"""The Agents SDK's own session over OpenAI's own client, whose base URL is Hansard's."""

from __future__ import annotations

from typing import Any

from agents import Agent, OpenAIConversationsSession, Runner, set_tracing_disabled
from openai import AsyncOpenAI

from hansard.client import Hansard
from tests.adapters.scripted import Scripted, answer, call
from tests.adapters.test_openai_agents import look_up
from tests.support.serving import Served


async def test_a_runner_goes_on_with_the_conversation_of_another(
    served: Served, hansard: Hansard
) -> None:
    set_tracing_disabled(disabled=True)
    async with AsyncOpenAI(base_url=f"{served.url}/openai/v1", api_key=served.key) as client:
        first = OpenAIConversationsSession(openai_client=client)
        agent = Agent(
            name="desk", model=Scripted(call(), answer("It is on its way.")), tools=[look_up]
        )
        await Runner.run(agent, "Where is 17?", session=first)
        id = first.session_id
        second = OpenAIConversationsSession(conversation_id=id, openai_client=client)
        model = Scripted(answer("Yes."))
        await Runner.run(Agent(name="desk", model=model), "Sure?", session=second)
        sent: list[Any] = model.inputs[0]
        assert [each.get("type", each.get("role")) for each in sent] == [
            "message", "function_call", "function_call_output", "message", "user",
        ]  # fmt: skip
        session = hansard.sessions.read(id)
        assert session.title == "Where is 17?"
        assert [(each.role, each.text) for each in hansard.messages.list(id)] == [
            ("user", "Where is 17?"), ("assistant", ""), ("tool", ""),
            ("assistant", "It is on its way."), ("user", "Sure?"), ("assistant", "Yes."),
        ]  # fmt: skip
        popped: Any = await second.pop_item()
        assert popped["content"][0]["text"] == "Yes."
        assert len(await second.get_items(limit=2)) == 2
        assert len(await second.get_items()) == 5
        await second.clear_session()
    assert [each.id for each in hansard.sessions.list() if each.id == id] == []
