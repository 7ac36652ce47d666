"""pydantic-ai with its own instrumentation."""

from __future__ import annotations

import emitting
import scripted_model

emitting.configure()

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import set_tracer_provider
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
set_tracer_provider(provider)
Agent.instrument_all()

with scripted_model.running() as url:
    model = OpenAIChatModel(scripted_model.MODEL, provider=OpenAIProvider(base_url=url))
    agent = Agent(
        model, name="Helper", instructions=scripted_model.SYSTEM, tools=[emitting.weather]
    )
    history = None
    for text in scripted_model.TURNS:
        with provider.get_tracer("shop").start_as_current_span("POST /chat") as span:
            span.set_attributes({"session.id": emitting.SESSION, "user.id": emitting.USER})
            result = agent.run_sync(text, message_history=history, conversation_id=emitting.SESSION)
        history = result.all_messages()
provider.shutdown()
emitting.expect_conversation()
