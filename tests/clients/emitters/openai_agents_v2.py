"""The OpenAI Agents SDK under OpenTelemetry's own instrumentation, over OpenAI's responses."""

from __future__ import annotations

import asyncio
import os

import emitting
import scripted_model

emitting.configure()
os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true"

import openai
from agents import Agent, OpenAIResponsesModel, Runner, SQLiteSession, function_tool
from agents.tracing import set_trace_processors
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
set_trace_processors([])  # OpenAI's own, which would send to OpenAI
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)


async def converse(url: str) -> None:
    client = openai.AsyncOpenAI(base_url=url)
    agent = Agent(
        "Helper",
        instructions=scripted_model.SYSTEM,
        tools=[function_tool(emitting.weather)],
        model=OpenAIResponsesModel(scripted_model.MODEL, client),
    )
    session = SQLiteSession("local")
    for text in scripted_model.TURNS:
        with provider.get_tracer("shop").start_as_current_span("POST /chat") as span:
            span.set_attributes({"session.id": emitting.SESSION, "user.id": emitting.USER})
            await Runner.run(agent, text, session=session)


with scripted_model.running() as url:
    asyncio.run(converse(url))
provider.shutdown()
emitting.expect_conversation(system=None)  # it sends none
