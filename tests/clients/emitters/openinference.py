"""OpenAI's SDK under OpenInference."""

from __future__ import annotations

import emitting
import scripted_model

emitting.configure()

import openai
from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
OpenAIInstrumentor().instrument(tracer_provider=provider)
with (
    scripted_model.running() as url,
    using_attributes(session_id=emitting.SESSION, user_id=emitting.USER),
):
    emitting.converse(openai.OpenAI(base_url=url))
provider.shutdown()
emitting.expect_conversation()
