"""An agent of Google's ADK with a scripted model, which is killed and goes on.

    python -m tests.adapters.google_adk_agent USER

The model calls the tool ``look_up`` and then answers. A first process is killed in the tool; a
second one, which knows nothing of it, resumes the invocation.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.apps import App, ResumabilityConfig
from google.adk.models import BaseLlm, LlmRequest, LlmResponse
from google.adk.runners import Runner
from google.adk.tools import ToolContext
from google.genai import types

from hansard.adapters.google_adk import HansardSessionService

APP, SESSION = "desk", "order-17"
SECOND = os.getpid()


class Scripted(BaseLlm):
    """It calls ``look_up`` until it has been answered, then says what it was told."""

    async def generate_content_async(
        self,
        llm_request: LlmRequest,
        stream: bool = False,  # noqa: ARG002 - as ADK calls it
    ) -> AsyncIterator[LlmResponse]:
        last = (llm_request.contents[-1].parts or [])[-1]
        answer = last.function_response
        part = types.Part.from_function_call(name="look_up", args={"order": "17"})
        if answer is not None:
            part = types.Part(text=f"It is {(answer.response or {})['status']}.")
        yield LlmResponse(
            content=types.Content(role="model", parts=[part]),
            model_version="scripted-1",
            usage_metadata=types.GenerateContentResponseUsageMetadata(
                prompt_token_count=20, candidates_token_count=4, thoughts_token_count=3
            ),
        )


def look_up(order: str, tool_context: ToolContext) -> dict[str, Any]:
    """Look an order up."""
    if os.getpid() != SECOND:
        os.kill(os.getpid(), signal.SIGKILL)
    tool_context.state["user:orders"] = [order]
    tool_context.state["temp:asked"] = True
    return {"status": "on its way"}


def runner(service: HansardSessionService) -> Runner:
    agent = LlmAgent(name="desk", model=Scripted(model="scripted"), tools=[look_up])
    app = App(name=APP, root_agent=agent, resumability_config=ResumabilityConfig(is_resumable=True))
    return Runner(app=app, session_service=service)


async def main(user: str) -> None:
    service = HansardSessionService()
    where: dict[str, Any] = {"app_name": APP, "user_id": user, "session_id": SESSION}
    session = await service.get_session(**where)
    again: dict[str, Any] = {}
    if session is None:
        await service.create_session(**where)
        question = types.Content(role="user", parts=[types.Part(text="Where is order 17?")])
        again = {"new_message": question}
    else:
        again = {"invocation_id": session.events[-1].invocation_id}
    running = runner(service).run_async(user_id=user, session_id=SESSION, **again)
    async for event in running:
        if event.is_final_response() and event.content and event.content.parts:
            print(event.content.parts[0].text)


if __name__ == "__main__":
    if (first := os.fork()) == 0:
        asyncio.run(main(sys.argv[1]))
        os._exit(0)
    print("signal", os.WTERMSIG(os.waitpid(first, 0)[1]), flush=True)
    asyncio.run(main(sys.argv[1]))
