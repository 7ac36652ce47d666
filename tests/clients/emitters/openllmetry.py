"""OpenAI's SDK under OpenLLMetry, with the session that the application names."""

from __future__ import annotations

import os

import emitting
import scripted_model

emitting.configure()
os.environ["TRACELOOP_BASE_URL"] = emitting.URL
os.environ["TRACELOOP_HEADERS"] = f"Authorization=Bearer%20{emitting.KEY}"

import openai
from traceloop.sdk import Traceloop
from traceloop.sdk.tracing.tracing import TracerWrapper

Traceloop.init(app_name="shop", telemetry_enabled=False)
Traceloop.set_association_properties({"session_id": emitting.SESSION, "user_id": emitting.USER})
with scripted_model.running() as url:
    emitting.converse(openai.OpenAI(base_url=url))
TracerWrapper().flush()
emitting.expect_conversation()
