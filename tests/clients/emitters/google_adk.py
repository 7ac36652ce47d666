"""Google's ADK; its messages are log records."""

from __future__ import annotations

import asyncio
import os

import emitting
import scripted_model

emitting.configure()
os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true"
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "true"  # or it looks for prices on the net

from google.adk.agents import LlmAgent
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.adk.telemetry.setup import maybe_set_otel_providers
from google.genai.types import Content, Part
from opentelemetry import _logs, trace

MODEL = f"openai/{scripted_model.MODEL}"
SYSTEM = f'{scripted_model.SYSTEM}\n\nYou are an agent. Your internal name is "Helper".'


async def converse(url: str) -> None:
    model = LiteLlm(MODEL, api_base=url, api_key="not-needed")
    agent = LlmAgent(
        name="Helper", model=model, instruction=scripted_model.SYSTEM, tools=[emitting.weather]
    )
    sessions = InMemorySessionService()
    await sessions.create_session(
        app_name="shop", user_id=emitting.USER, session_id=emitting.SESSION
    )
    runner = Runner(app_name="shop", agent=agent, session_service=sessions)
    for text in scripted_model.TURNS:
        async for _ in runner.run_async(
            user_id=emitting.USER,
            session_id=emitting.SESSION,
            new_message=Content(role="user", parts=[Part(text=text)]),
        ):
            pass


maybe_set_otel_providers()
with scripted_model.running() as url:
    asyncio.run(converse(url))
trace.get_tracer_provider().shutdown()
_logs.get_logger_provider().shutdown()
emitting.expect_conversation(model=MODEL, system=SYSTEM)
