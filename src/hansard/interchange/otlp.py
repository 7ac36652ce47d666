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
from hansard.byte_cache import MIB, ByteCache
from hansard.errors import Invalid, TooLarge
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
from hansard.interchange.otlp_messages import message_texts
from hansard.interchange.records import Rules, Unreadable, counted
from hansard.interchange.spans import mark, messages_in
from hansard.interchange.turns import Turn, draft_of, pieces
from hansard.model import MessageDraft
from hansard.model.bounds import check_imported
from hansard.model.model_call import ModelCall, TraceFacts, TraceRecord

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Signal = Literal["traces", "logs"]
_DETAILS = "gen_ai.client.inference.operation.details"
_ABOUT = (*SESSIONS, *USERS, *AGENTS)
_MARK_BYTES, _KEY_BYTES = 8, 16
_SIDES, _NAMES_ROLE = (b"sent", b"answered"), (b'{"role":"', b'{"role": "')
"""Who says a message that names no role depends on the side of the call that it is on."""
_known: ByteCache[bytes, tuple[str, ...]] = ByteCache(8 * MIB, "telemetry_marks")
"""The marks of the messages in a text, by its digest: every call repeats the texts before it."""
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
    messages = _Messages(Rules(now=now))
    traces, taken = list[TraceRecord](), 0
    for trace, own in by_trace.items():
        try:
            traces.append(_trace(trace, own, messages))
        except _UNREADABLE:
            continue
        taken += len(own)
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


def _trace(trace: str, spans: Sequence[Span], messages: _Messages) -> TraceRecord:
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


def _call(span: Span, messages: _Messages) -> ModelCall:
    return ModelCall(
        trace=span.trace.lower(),
        span=span.span.lower(),
        at=span.at or messages.rules.now,
        ended=span.ended,
        rank=span.rank,
        session=_session(span),
        model=_model(span),
        tokens={name: counted(number) for name, number in span.tokens.items()},
        error=span.error.replace("\x00", "")[:_LONGEST_ERROR] if span.error else None,
        sent=messages.marks(span, answers=False),
        answers=messages.marks(span, answers=True),
    )


class _Messages:
    """The messages of a request by their marks. What spans repeat is read when it is asked for."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._turns: dict[str, Turn] = {}
        self._texts: dict[str, tuple[bytes, bool]] = {}

    def draft(self, name: str) -> MessageDraft | None:
        """The message of a mark; None where it did not come, or no session may have it."""
        if name not in self._turns and name in self._texts:
            text, answers = self._texts[name]
            self._read_text(text, answers=answers)
        turn = self._turns.get(name)
        if turn is None:
            return None
        try:
            draft = draft_of(turn, self.rules)
            check_imported(draft, "message", self.rules.now)
        except (Invalid, TooLarge, Unreadable):
            return None
        return draft

    def marks(self, span: Span, *, answers: bool) -> list[str]:
        if not span.has_messages:
            return []
        texts = None
        if not span.is_of_openai_agents:
            texts = message_texts(span.attributes, answers=answers)
        if texts is None:
            return self._read(span.answers(self.rules) if answers else span.sent(self.rules))
        return [name for text in texts for name in self._of_text(text, answers=answers)]

    def _of_text(self, text: bytes, *, answers: bool) -> tuple[str, ...]:
        side = b"" if text.startswith(_NAMES_ROLE) else _SIDES[answers]
        key = hashlib.blake2b(text, digest_size=_KEY_BYTES, person=side).digest()
        known = _known.get(key)
        if known is None:
            known = tuple(self._read_text(text, answers=answers))
            _known.put(key, known)
        for name in known:
            self._texts.setdefault(name, (text, answers))
        return known

    def _read_text(self, text: bytes, *, answers: bool) -> list[str]:
        role = "assistant" if answers else "user"
        spelled = text.decode("utf-8", "surrogatepass")
        return self._read(messages_in(spelled, role, self.rules))

    def _read(self, turns: Iterable[Turn]) -> list[str]:
        """The marks of the messages that these turns make."""
        marks = []
        for turn in pieces(turns):
            digest = hashlib.blake2b(mark(turn).encode("utf-8", "replace"), digest_size=_MARK_BYTES)
            marks.append(digest.hexdigest())
            self._turns.setdefault(marks[-1], turn)
        return marks


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
