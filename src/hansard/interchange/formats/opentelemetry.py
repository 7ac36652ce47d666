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

from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.genai import AGENTS, SESSIONS, USERS, Span, first, spans_in, speaking
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.spans import ModelCall, transcript
from hansard.interchange.streams import Stream
from hansard.interchange.turns import sessions
from hansard.interchange.values import Bad, values
from hansard.model import SessionDraft

marks = ("resourceSpans", "scopeSpans", "spans", "traceId", "spanId")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    reason = shape.lacks("resourceSpans")
    return None if reason is None else shape.lacks("resource_spans") and reason


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    traces: dict[str, list[Span]] = defaultdict(list)
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not OTLP JSON: no object")
        else:
            for span in spans_in(item.number, item.value):
                traces[span.trace].append(span)
    by_session: dict[str, list[Span]] = defaultdict(list)
    for trace, spans in traces.items():
        by_session[first(spans, SESSIONS) or trace] += spans
    for ident, spans in by_session.items():
        if speaking(spans):
            yield from guarded(spans[0].number, _session, ident, spans, rules)


def _session(ident: str, spans: list[Span], rules: Rules) -> Iterator[SessionRecord]:
    draft = SessionDraft(
        id=own_id(ident, None),
        channel=rules.channel,
        agent=first(spans, AGENTS),
        user_id=first(spans, USERS),
    )
    turns = transcript(_call(span, rules) for span in speaking(spans))
    yield from sessions(spans[0].number, draft, turns, rules)


def _call(span: Span, rules: Rules) -> ModelCall:
    answers = span.answers(rules)
    if answers:
        last = answers[-1]
        last.model = span.model
        for name, number in span.tokens.items():
            setattr(last, name, number)
    return ModelCall(messages=span.sent(rules), answers=answers, at=span.at, ended=span.ended)
