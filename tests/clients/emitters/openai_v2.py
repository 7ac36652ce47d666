"""OpenAI's SDK under OpenTelemetry's own instrumentation; messages are log records."""

from __future__ import annotations

import os

import emitting
import scripted_model

emitting.configure()
os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_ONLY"

import openai
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider, logs = TracerProvider(), LoggerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
OpenAIInstrumentor().instrument(tracer_provider=provider, logger_provider=logs)
with (
    scripted_model.running() as url,
    provider.get_tracer("shop").start_as_current_span("POST /chat") as span,
):
    span.set_attributes({"session.id": emitting.SESSION, "user.id": emitting.USER})
    emitting.converse(openai.OpenAI(base_url=url))
provider.shutdown()
logs.shutdown()
emitting.expect_conversation()
