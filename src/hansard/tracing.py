"""Requests and their statements as spans of OpenTelemetry, sent where the settings say.

A span is made when its request has ended, so that a request pays for a list of what it did. The
words are those of OpenTelemetry's conventions; no span has a body, a query or a key.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from hansard import __version__
from hansard.errors import Invalid
from hansard.observer import Observer, SeenRequest

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_STATEMENTS = 200
"""The most spans of statements of a request; later ones are left out."""
_FAILED = 500
_statements: ContextVar[list[SeenStatement] | None] = ContextVar("statements", default=None)


class SeenStatement(NamedTuple):
    """A statement of a request: its name, and when it began and ended, in nanoseconds."""

    name: str
    began: int
    ended: int


class Tracing(Observer):
    """Makes a span of each request, with the caller's span as its parent where it names one."""

    def __init__(self, provider: TracerProvider, database: str) -> None:
        self._provider = provider
        self._database = database
        self._tracer = provider.get_tracer("hansard", __version__)

    def begin(self) -> None:
        _statements.set([])

    def statement(self, name: str, seconds: float) -> None:
        seen = _statements.get()
        if seen is not None and len(seen) < _STATEMENTS:
            ended = time.time_ns()
            seen.append(SeenStatement(name, ended - int(seconds * 1e9), ended))

    def request(self, request: SeenRequest) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - an extra
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 - an extra

        ended = time.time_ns()
        caller = tracecontext.TraceContextTextMapPropagator().extract(
            {"traceparent": request.traceparent}
        )
        span = self._tracer.start_span(
            f"{request.method} {request.route}" if request.route else request.method,
            caller,
            trace.SpanKind.SERVER,
            {
                "http.request.method": request.method,
                "http.response.status_code": request.status,
                "http.route": request.route,
                "url.path": request.path,
                "hansard.api": request.api,
                "hansard.request_id": request.request_id,
                "hansard.workspace_id": request.workspace_id or "",
            },
            start_time=ended - int(request.seconds * 1e9),
        )
        if request.status >= _FAILED:
            span.set_status(trace.StatusCode.ERROR)
        inside = trace.set_span_in_context(span)
        for statement in _statements.get() or ():
            names = {"db.system.name": self._database, "db.operation.name": statement.name}
            self._tracer.start_span(
                statement.name, inside, trace.SpanKind.CLIENT, names, start_time=statement.began
            ).end(statement.ended)
        span.end(ended)

    def flush(self) -> None:
        """Send what waits, for two seconds at most."""
        self._provider.force_flush(2000)


def tracing(endpoint: str, database: str) -> Tracing:
    """An observer that sends spans to ``endpoint`` by OTLP over HTTP, in batches on its own thread.

    Raises Invalid without the extra. The queue is bounded: spans that find it full are dropped.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as problem:
        raise Invalid(
            "otlp_endpoint needs an extra: pip install 'hansard[otel]'", param="otlp_endpoint"
        ) from problem
    resource = Resource.create({"service.name": "hansard", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider, database)
