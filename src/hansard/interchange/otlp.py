"""OTLP requests, as protobuf or JSON, read into what each trace tells of a session."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from msgspec import Struct

from hansard import ids
from hansard.errors import Invalid
from hansard.interchange.genai import (
    AGENTS,
    FAILED,
    SESSIONS,
    USERS,
    Span,
    first,
    records_in,
    spans_in,
)
from hansard.interchange.otlp_marks import Messages
from hansard.interchange.records import Rules, Unreadable, counted
from hansard.model.model_call import ModelCall, TraceFacts, TraceRecord

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Signal = Literal["traces", "logs"]
_DETAILS = "gen_ai.client.inference.operation.details"
_ABOUT = (*SESSIONS, *USERS, *AGENTS)
_ID = re.compile("[0-9A-Fa-f]{2,64}")
_LONGEST, _LONGEST_ERROR = 256, 2000
_ERROR = 2
"""The status of a span that failed."""
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    Unreadable,
    ValueError,
)
"""What a span may raise whose attributes are not of the shape that its convention promises."""


class Batch(Struct, frozen=True):
    """What a request brings: the traces that tell of sessions, and how many records do not."""

    traces: list[TraceRecord]
    dropped: int


def read(data: bytes, *, is_json: bool, signal: Signal, now: int) -> Batch:
    """What the body of a request brings; Invalid where it is no OTLP.

    ``now`` stands for missing times, in microseconds.
    """
    spans, dropped = (_in_json if is_json else _in_protobuf)(data, signal)
    by_trace: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        if _ID.fullmatch(span.trace) and _ID.fullmatch(span.span) and _tells(span):
            by_trace[span.trace.lower()].append(span)
    messages = Messages(Rules(now=now))
    traces, taken = list[TraceRecord](), 0
    for trace, own in by_trace.items():
        try:
            traces.append(_trace(trace, own, messages))
        except _UNREADABLE:
            continue
        taken += len(own)
    messages.prepare()
    return Batch(traces, dropped + len(spans) - taken)


def _tells(span: Span) -> bool:
    """Whether a span is one of a conversation: a call with or without messages, or an id of one."""
    return bool(span.rank) or any(name in span.attributes for name in SESSIONS)


def _session(span: Span) -> str | None:
    """The id of the session that a span names, as a session can have it."""
    named = first([span], SESSIONS)
    if named is None or ids.is_own_id(named):
        return named
    quoted = quote(named, safe="", errors="replace")
    if ids.is_own_id(quoted):
        return quoted
    return "otel_" + hashlib.blake2b(quoted.encode(), digest_size=16).hexdigest()


def _short(text: str | None) -> str | None:
    """The text as a column of a session can have it."""
    return text.replace("\x00", "")[:_LONGEST] or None if text else None


def _model(span: Span) -> str | None:
    return _short(span.model if isinstance(span.model, str) else None)


def _trace(trace: str, spans: Sequence[Span], messages: Messages) -> TraceRecord:
    calls = [_call(span, messages) for span in spans if span.rank]
    facts = TraceFacts()
    for span in spans:
        of_span = TraceFacts(
            session=_session(span),
            user_id=_short(first([span], USERS)),
            agent=_short(first([span], AGENTS)),
            model=_model(span) if span.rank else None,
        )
        facts = facts.joined(of_span)
    return TraceRecord(trace=trace, facts=facts, calls=calls, draft=messages.draft)


def _call(span: Span, messages: Messages) -> ModelCall:
    session = _session(span)
    name = session or span.trace
    has_messages = span.has_messages
    return ModelCall(
        trace=span.trace.lower(),
        span=span.span.lower(),
        at=span.at or messages.rules.now,
        ended=span.ended,
        rank=span.rank,
        session=session,
        model=_model(span),
        tokens={name: counted(number) for name, number in span.tokens.items()},
        error=span.error.replace("\x00", "")[:_LONGEST_ERROR] if span.error else None,
        sent=messages.marks(span, name, answers=False) if has_messages else (),
        answers=messages.marks(span, name, answers=True) if has_messages else (),
    )


def _in_json(data: bytes, signal: Signal) -> tuple[list[Span], int]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise Invalid(f"the body is not valid JSON: {problem}", code="bad_json") from problem
    wanted = "resourceSpans" if signal == "traces" else "resourceLogs"
    if not isinstance(value, dict):
        raise Invalid(f"the body is not OTLP JSON: expected an object with {wanted}")
    if signal == "traces":
        return list(spans_in(0, value)), 0
    records = list(records_in(0, value))
    kept = [span for event, span in records if event == _DETAILS]
    return kept, len(records) - len(kept)


def _in_protobuf(data: bytes, signal: Signal) -> tuple[list[Span], int]:
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - loaded by the first request

    try:
        return (_traces if signal == "traces" else _logs)(data)
    except DecodeError as problem:
        raise Invalid(
            f"the body is not an OTLP request in protobuf: {problem}", code="bad_protobuf"
        ) from problem


def _traces(data: bytes) -> tuple[list[Span], int]:
    from opentelemetry.proto.collector.trace.v1 import (  # noqa: PLC0415 - as above
        trace_service_pb2 as service,
    )

    spans, dropped = [], 0
    for resource in service.ExportTraceServiceRequest.FromString(data).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                if _is_foreign(span.attributes) and not span.events:
                    dropped += 1
                    continue
                events = [(event.name, _attributes(event.attributes)) for event in span.events]
                spans.append(
                    Span(
                        number=0,
                        trace=span.trace_id.hex(),
                        span=span.span_id.hex(),
                        parent=span.parent_span_id.hex(),
                        at=span.start_time_unix_nano // 1000 or None,
                        ended=span.end_time_unix_nano // 1000 or None,
                        attributes=_attributes(span.attributes),
                        events=events,
                        scope=scope.scope.name,
                        error=(span.status.message or FAILED)
                        if span.status.code == _ERROR
                        else None,
                    )
                )
    return spans, dropped


def _logs(data: bytes) -> tuple[list[Span], int]:
    from opentelemetry.proto.collector.logs.v1 import (  # noqa: PLC0415 - as above
        logs_service_pb2 as service,
    )

    spans, dropped = [], 0
    for resource in service.ExportLogsServiceRequest.FromString(data).resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                attributes = _attributes(record.attributes)
                if (record.event_name or attributes.get("event.name")) != _DETAILS:
                    dropped += 1
                    continue
                nanos = record.time_unix_nano or record.observed_time_unix_nano
                spans.append(
                    Span(
                        number=0,
                        trace=record.trace_id.hex(),
                        span=record.span_id.hex(),
                        parent="",
                        at=nanos // 1000 or None,
                        ended=None,
                        attributes=attributes,
                        events=[],
                    )
                )
    return spans, dropped


_PREFIXES = ("gen_ai.", "llm.", "langfuse.", "openinference.", "traceloop.")


def _is_foreign(attributes: Iterable[KeyValue]) -> bool:
    """Whether no attribute is one of the conventions that are read here."""
    return not any(
        attribute.key.startswith(_PREFIXES) or attribute.key in _ABOUT for attribute in attributes
    )


def _attributes(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {attribute.key: _value(attribute.value) for attribute in attributes}


def _value(value: AnyValue) -> Any:  # noqa: ANN401 - any JSON
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    return getattr(value, kind) if kind else None
