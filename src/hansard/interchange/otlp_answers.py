"""What OTLP answers: how much was not taken, and why."""

from __future__ import annotations

import msgspec

from hansard.interchange.otlp import Signal

_NO_METRICS = "metrics are not kept: only traces and logs become sessions"


def partial_success(signal: Signal, dropped: int, message: str, *, is_json: bool) -> bytes:
    """The answer of OTLP, which tells how many records were not taken and why."""
    field = "rejectedSpans" if signal == "traces" else "rejectedLogRecords"
    if is_json:
        # 64-bit numbers are texts in JSON of protobuf.
        partial = {"partialSuccess": {field: str(dropped), "errorMessage": message}}
        return msgspec.json.encode(partial if dropped else {})
    if signal == "traces":
        from opentelemetry.proto.collector.trace.v1 import (  # noqa: PLC0415 - loaded by the first request
            trace_service_pb2 as traces,
        )

        spans = traces.ExportTracePartialSuccess(rejected_spans=dropped, error_message=message)
        answer = traces.ExportTraceServiceResponse(partial_success=spans if dropped else None)
        return bytes(answer.SerializeToString())
    from opentelemetry.proto.collector.logs.v1 import (  # noqa: PLC0415 - as above
        logs_service_pb2 as logs,
    )

    records = logs.ExportLogsPartialSuccess(rejected_log_records=dropped, error_message=message)
    answer_of_logs = logs.ExportLogsServiceResponse(partial_success=records if dropped else None)
    return bytes(answer_of_logs.SerializeToString())


def metrics_dropped(*, is_json: bool) -> bytes:
    """The answer to metrics, none of which is kept; OTLP reads it as a warning."""
    if is_json:
        return msgspec.json.encode({"partialSuccess": {"errorMessage": _NO_METRICS}})
    from opentelemetry.proto.collector.metrics.v1 import (  # noqa: PLC0415 - as above
        metrics_service_pb2 as service,
    )

    partial = service.ExportMetricsPartialSuccess(error_message=_NO_METRICS)
    return bytes(service.ExportMetricsServiceResponse(partial_success=partial).SerializeToString())
