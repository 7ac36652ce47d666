"""The Microsoft Agent Framework with local history."""

from __future__ import annotations

import asyncio
import os

import emitting
import scripted_model

emitting.configure()
os.environ["ENABLE_INSTRUMENTATION"] = os.environ["ENABLE_SENSITIVE_DATA"] = "true"

from agent_framework import Agent
from agent_framework.observability import configure_otel_providers, get_tracer
from agent_framework.openai import OpenAIChatCompletionClient
from opentelemetry import _logs, trace


async def converse(url: str) -> None:
    client = OpenAIChatCompletionClient(model=scripted_model.MODEL, base_url=url)
    agent = Agent(
        client,
        instructions=scripted_model.SYSTEM,
        name="Helper",
        tools=[emitting.weather],
    )
    session = agent.create_session()
    for text in scripted_model.TURNS:
        with get_tracer().start_as_current_span("POST /chat") as span:
            span.set_attributes({"session.id": emitting.SESSION, "user.id": emitting.USER})
            await agent.run(text, session=session)


configure_otel_providers()
with scripted_model.running() as url:
    asyncio.run(converse(url))
trace.get_tracer_provider().shutdown()
_logs.get_logger_provider().shutdown()
emitting.expect_conversation()
