"""Strands Agents with its own telemetry."""

from __future__ import annotations

import emitting
import scripted_model

emitting.configure()

from strands import Agent, tool
from strands.models.openai import OpenAIModel
from strands.telemetry import StrandsTelemetry

telemetry = StrandsTelemetry()
telemetry.setup_otlp_exporter()
with scripted_model.running() as url:
    agent = Agent(
        OpenAIModel(client_args={"base_url": url}, model_id=scripted_model.MODEL),
        name="Helper",
        system_prompt=scripted_model.SYSTEM,
        tools=[tool(emitting.weather)],
        trace_attributes={"session.id": emitting.SESSION, "user.id": emitting.USER},
        callback_handler=None,
    )
    for text in scripted_model.TURNS:
        agent(text)
telemetry.tracer_provider.shutdown()
emitting.expect_conversation()
