"""Spans and log records of GenAI instrumentation: what each says of a call, a session, a user.

The conventions are OpenTelemetry's, OpenInference's, OpenLLMetry's and Langfuse's. Import files and
the intake of telemetry read them here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from hansard.interchange import openai_agents
from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.moments import moment_of
from hansard.interchange.otlp_messages import answers_of, given_of, has_messages
from hansard.interchange.records import Rules
from hansard.interchange.turns import Turn
from hansard.model.model_call import CALL, WRAPPER

SESSIONS = (
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.thread_id",
)
USERS = (
    "user.id",
    "enduser.id",
    "langfuse.user.id",
    "traceloop.association.properties.user_id",
    "gen_ai.user",
)
AGENTS = ("gen_ai.agent.name", "gen_ai.agent.id")
_MODELS = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "langfuse.observation.model.name",
)
_TOKENS = {
    "input_tokens": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
    ),
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
    ),
    "cache_write_tokens": (
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
    ),
}
"""Where a span says what of each kind of token it used, by the field of a message."""
_USAGE = "langfuse.observation.usage_details"
_USAGE_TOKENS = {
    "input_tokens": ("input", "prompt_tokens"),
    "output_tokens": ("output", "completion_tokens"),
}
"""The same in the one attribute that Langfuse has for all."""
FAILED = "failed, without a reason"
_OPERATIONS = {
    "chat": CALL,
    "text_completion": CALL,
    "generate_content": CALL,
    "invoke_agent": WRAPPER,
    "invoke_workflow": WRAPPER,
    "create_agent": WRAPPER,
}
_KINDS = {"LLM": CALL, "AGENT": WRAPPER, "CHAIN": WRAPPER}


class Span(Struct, frozen=True):
    """One span, or the log record that belongs to it; times are in microseconds."""

    number: int
    trace: str
    span: str
    parent: str
    at: int | None
    ended: int | None
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    scope: str = ""
    """The instrumentation that made it."""
    error: str | None = None
    """Why it failed; None where it went well."""

    @property
    def has_messages(self) -> bool:
        return self.is_tool_answer or has_messages(self.attributes, self.events)

    @property
    def is_of_openai_agents(self) -> bool:
        """Whether it has calls of tools as Python's text, and their answers on the tools' spans."""
        return self.scope == openai_agents.SCOPE and "traceloop.span.kind" not in self.attributes

    @property
    def is_tool_answer(self) -> bool:
        operation = self.attributes.get("gen_ai.operation.name")
        return (
            operation == "execute_tool"
            and self.is_of_openai_agents
            and openai_agents.RESULT in self.attributes
        )

    @property
    def rank(self) -> int:
        """CALL for a call of a model, WRAPPER for what runs around calls, 0 for anything else."""
        operation = self.attributes.get("gen_ai.operation.name")
        if self.is_tool_answer:
            return CALL
        if operation is not None:
            return _OPERATIONS.get(str(operation), 0)
        kind = self.attributes.get("openinference.span.kind")
        if kind is not None:
            return _KINDS.get(str(kind), 0)
        return CALL if self.has_messages else 0

    @property
    def model(self) -> Any:  # noqa: ANN401 - any JSON
        return _first_of(self.attributes, _MODELS)

    @property
    def tokens(self) -> dict[str, Any]:
        """The model tokens, by the field of a message, as they were sent."""
        details = _details(self.attributes.get(_USAGE))
        numbers = {name: _first_of(details, keys) for name, keys in _USAGE_TOKENS.items()}
        own = {name: _first_of(self.attributes, keys) for name, keys in _TOKENS.items()}
        return {
            name: number for name, number in (*numbers.items(), *own.items()) if number is not None
        }

    def sent(self, rules: Rules) -> list[Turn]:
        """What the model was sent: the system's instructions, then the messages."""
        if self.is_tool_answer:
            return []
        turns = given_of(self.attributes, self.events, rules)
        return openai_agents.restored(turns) if self.is_of_openai_agents else turns

    def answers(self, rules: Rules) -> list[Turn]:
        if self.is_tool_answer:
            return [openai_agents.answer(self.attributes)]
        turns = answers_of(self.attributes, self.events, rules)
        return openai_agents.restored(turns) if self.is_of_openai_agents else turns


def speaking(spans: Sequence[Span]) -> list[Span]:
    """The spans whose messages count: calls of models, in a trace without any what wraps them."""
    spoken = [span for span in spans if span.rank and span.has_messages]
    called = {span.trace for span in spoken if span.rank == CALL}
    return [span for span in spoken if span.rank == CALL or span.trace not in called]


def first(spans: Iterable[Span], names: tuple[str, ...]) -> str | None:
    """The first text under one of the names; an earlier name counts more than an earlier span."""
    spans = list(spans)
    texts = (text_or_none(span.attributes.get(key)) for key in names for span in spans)
    return next(filter(None, texts), None)


def _first_of(holder: Json, names: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    return next((holder[key] for key in names if holder.get(key) is not None), None)


def _details(value: object) -> Json:
    try:
        details = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}


def spans_in(number: int, value: Json) -> Iterable[Span]:
    """The spans of an OTLP JSON document."""
    for resource in _listed(value, "resourceSpans", "resource_spans"):
        for scope in _listed(resource, "scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
            name = str((scope.get("scope") or {}).get("name") or "")
            for span in _listed(scope, "spans"):
                yield _span(number, span, name)


def records_in(number: int, value: Json) -> Iterable[tuple[str, Span]]:
    """The log records of an OTLP JSON document, each with the name of its event."""
    for resource in _listed(value, "resourceLogs", "resource_logs"):
        for scope in _listed(resource, "scopeLogs", "scope_logs"):
            for record in _listed(scope, "logRecords", "log_records"):
                at = record.get("timeUnixNano") or record.get("observedTimeUnixNano")
                span = _span(number, record | {"startTimeUnixNano": at})
                event = record.get("eventName") or span.attributes.get("event.name")
                yield str(event or ""), span


def _span(number: int, span: Json, scope: str = "") -> Span:
    return Span(
        number=number,
        trace=str(span.get("traceId") or ""),
        span=str(span.get("spanId") or ""),
        parent=str(span.get("parentSpanId") or ""),
        at=moment_of(span.get("startTimeUnixNano")),
        ended=moment_of(span.get("endTimeUnixNano")),
        attributes=_attributes(span),
        events=[(str(event.get("name")), _attributes(event)) for event in _listed(span, "events")],
        scope=scope,
        error=_error(span.get("status")),
    )


def _error(status: object) -> str | None:
    if not isinstance(status, dict) or status.get("code") not in (2, "STATUS_CODE_ERROR"):
        return None
    return str(status.get("message") or FAILED)


def _listed(value: Json, *keys: str) -> list[Json]:
    listed: list[Any] = next((value[key] for key in keys if isinstance(value.get(key), list)), [])
    return [item for item in listed if isinstance(item, dict)]


def _attributes(holder: Json) -> dict[str, Any]:
    attributes = holder.get("attributes")
    if isinstance(attributes, dict):
        return attributes
    return {
        str(item.get("key")): _value(item.get("value")) for item in _listed(holder, "attributes")
    }


def _value(value: object) -> Any:  # noqa: ANN401 - any JSON
    """What an ``AnyValue`` holds."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    kind, inner = next(iter(value.items()))
    if kind == "intValue":
        return int(inner) if str(inner).lstrip("-").isdigit() else inner
    if kind == "arrayValue":
        return (
            [_value(item) for item in inner.get("values", [])] if isinstance(inner, dict) else inner
        )
    if kind == "kvlistValue":
        return (
            {item.get("key"): _value(item.get("value")) for item in inner.get("values", [])}
            if isinstance(inner, dict)
            else inner
        )
    return inner if kind.endswith("Value") else value
