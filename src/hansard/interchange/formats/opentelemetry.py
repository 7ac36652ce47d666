"""OpenTelemetry spans of calls to models, as OTLP JSON.

``{resourceSpans: [{scopeSpans: [{spans}]}]}``.

- messages are read from the attributes of the GenAI conventions, of OpenInference, of OpenLLMetry
  and of Langfuse, or from span events;
- the session is ``gen_ai.conversation.id``, ``session.id`` or one of their relatives on any span of
  the trace, else the trace;
- each call repeats the history: what was there before is not read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.otlp_messages import answers_of, given_of, has_messages
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.spans import ModelCall, transcript
from hansard.interchange.streams import Stream
from hansard.interchange.turns import sessions
from hansard.interchange.values import Bad, values
from hansard.model import SessionDraft

marks = ("resourceSpans", "scopeSpans", "spans", "traceId", "spanId")

_SESSIONS = (
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.thread_id",
)
_USERS = ("user.id", "enduser.id", "langfuse.user.id", "traceloop.association.properties.user_id")
_AGENTS = ("gen_ai.agent.name", "gen_ai.agent.id")
_MODELS = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "langfuse.observation.model.name",
)
_WRAPPERS = ("invoke_agent", "create_agent")
_INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
_OUTPUT = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
)
_CACHE_READ = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
)
_CACHE_WRITE = (
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
)
_REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
)


class _Span(Struct, frozen=True):
    number: int
    trace: str
    span: str
    parent: str
    at: int | None
    ended: int | None
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    reason = shape.lacks("resourceSpans")
    return None if reason is None else shape.lacks("resource_spans") and reason


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    traces: dict[str, list[_Span]] = defaultdict(list)
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not OTLP JSON: no object")
        else:
            for span in _spans(item.number, item.value):
                traces[span.trace].append(span)
    by_session: dict[str, list[_Span]] = defaultdict(list)
    for trace, spans in traces.items():
        by_session[_first(spans, _SESSIONS) or trace] += spans
    for ident, spans in by_session.items():
        if any(has_messages(span.attributes, span.events) for span in spans):
            yield from guarded(spans[0].number, _session, ident, spans, rules)


def _spans(number: int, value: Json) -> Iterator[_Span]:
    for resource in _listed(value, "resourceSpans", "resource_spans"):
        for scope in _listed(resource, "scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
            for span in _listed(scope, "spans"):
                events = [
                    (str(item.get("name")), _attributes(item)) for item in _listed(span, "events")
                ]
                yield _Span(
                    number=number,
                    trace=str(span.get("traceId") or ""),
                    span=str(span.get("spanId") or ""),
                    parent=str(span.get("parentSpanId") or ""),
                    at=moment_of(span.get("startTimeUnixNano")),
                    ended=moment_of(span.get("endTimeUnixNano")),
                    attributes=_attributes(span),
                    events=events,
                )


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


def _first(spans: list[_Span], names: tuple[str, ...]) -> str | None:
    values_ = (text_or_none(span.attributes.get(key)) for key in names for span in spans)
    return next(filter(None, values_), None)


def _session(ident: str, spans: list[_Span], rules: Rules) -> Iterator[SessionRecord]:
    spoken = [span for span in spans if has_messages(span.attributes, span.events)]
    parents = {span.parent for span in spoken}
    calls = [span for span in spoken if not (span.span in parents and _wraps(span))]
    draft = SessionDraft(
        id=own_id(ident, None),
        channel=rules.channel,
        agent=_first(spans, _AGENTS),
        user_id=_first(spans, _USERS),
    )
    turns = transcript(_call(span, rules) for span in calls)
    yield from sessions(spans[0].number, draft, turns, rules)


def _wraps(span: _Span) -> bool:
    """Whether a span only repeats what the calls below it say."""
    operation = span.attributes.get("gen_ai.operation.name")
    return operation in _WRAPPERS or operation not in {
        "chat",
        "text_completion",
        "generate_content",
    }


def _call(span: _Span, rules: Rules) -> ModelCall:
    answers = answers_of(span.attributes, span.events, rules)
    if answers:
        last = answers[-1]
        last.model = _first_of(span, _MODELS)
        last.input_tokens, last.output_tokens = _first_of(span, _INPUT), _first_of(span, _OUTPUT)
        last.cache_read_tokens = _first_of(span, _CACHE_READ)
        last.cache_write_tokens = _first_of(span, _CACHE_WRITE)
        last.reasoning_tokens = _first_of(span, _REASONING)
    messages = given_of(span.attributes, span.events, rules)
    return ModelCall(messages=messages, answers=answers, at=span.at, ended=span.ended)


def _first_of(span: _Span, names: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    return next(
        (span.attributes[key] for key in names if span.attributes.get(key) is not None), None
    )
