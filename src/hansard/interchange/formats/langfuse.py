"""Langfuse's exports: traces with their observations, traces alone, or observations alone.

- traces of one ``sessionId`` are one session, a trace without one is a session of its own;
- each generation repeats the history: what was there before is not read again;
- a trace without generations is its input and its output.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hansard.interchange.content.text import Json, kind_of, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.spans import ModelCall, messages_in, transcript
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.turns import sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("observations", "sessionId", "traceId", "input", "output", "type")

_KINDS = {"GENERATION", "SPAN", "EVENT", "AGENT", "TOOL", "CHAIN"}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_is_trace(record) or _is_observation(record) for record in shape.objects):
        return None
    return "no record is a trace with observations, or an observation with a traceId"


def _is_trace(record: Json) -> bool:
    return isinstance(record.get("observations"), list) and bool(
        {"input", "output", "sessionId"} & record.keys()
    )


def _is_observation(record: Json) -> bool:
    return bool({"traceId", "trace_id"} & record.keys()) and kind_of(record) in _KINDS


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    by_session: dict[str, list[Value]] = defaultdict(list)
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not a trace of Langfuse: no object")
        else:
            by_session[_session_id(item)].append(item)
    for ident, items in by_session.items():
        yield from guarded(items[0].number, _session, ident, items, rules)


def _session_id(item: Value) -> str:
    record: Json = item.value
    names = ("sessionId", "session_id", "traceId", "trace_id", "id")
    return next((str(record[key]) for key in names if record.get(key)), f"line {item.number}")


def _session(ident: str, items: list[Value], rules: Rules) -> Iterator[SessionRecord]:
    records: list[Json] = [item.value for item in items]
    calls = [call for record in records for call in _calls(record, rules)]
    users = (text_or_none(record.get("userId") or record.get("user_id")) for record in records)
    tags = [tag for record in records for tag in record.get("tags") or [] if isinstance(tag, str)]
    draft = SessionDraft(
        id=own_id(ident, records),
        channel=rules.channel,
        agent=text_or_none(records[0].get("name")),
        user_id=next(filter(None, users), None),
        tags=list(dict.fromkeys(tags)),
        metadata={
            key: records[0][key]
            for key in ("metadata", "environment", "release", "version")
            if records[0].get(key)
        },
    )
    yield from sessions(items[0].number, draft, transcript(calls), rules)


def _calls(record: Json, rules: Rules) -> list[ModelCall]:
    """The generations of a trace, else the trace itself."""
    observations = record["observations"] if isinstance(record.get("observations"), list) else []
    generations = [
        observation
        for observation in observations
        if isinstance(observation, dict) and observation.get("type") == "GENERATION"
    ]
    return [_call(generation, rules) for generation in generations or [record]]


def _call(record: Json, rules: Rules) -> ModelCall:
    answers = messages_in(record.get("output"), "assistant", rules)
    usage = record.get("usageDetails") or record.get("usage") or {}
    if answers and isinstance(usage, dict):
        last = answers[-1]
        last.model = last.model or record.get("model") or record.get("providedModelName")
        last.input_tokens = usage.get("input", usage.get("promptTokens", 0))
        last.output_tokens = usage.get("output", usage.get("completionTokens", 0))
        for field, number in details_of(usage).items():
            setattr(last, field, number)
        last.cost_usd = record.get("calculatedTotalCost", record.get("totalCost", 0))
    times = [record.get(key) for key in ("startTime", "start_time", "timestamp", "createdAt")]
    return ModelCall(
        messages=messages_in(record.get("input"), "user", rules),
        answers=answers,
        at=next((at for time in times if (at := moment_of(time, rules.zone)) is not None), None),
        ended=moment_of(record.get("endTime", record.get("end_time")), rules.zone),
    )
