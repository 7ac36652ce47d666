"""LangSmith's runs, a line each: ``{id, run_type, inputs, outputs, start_time, trace_id, extra}``.

- runs of one thread (``session_id``, ``thread_id`` or ``conversation_id`` in their metadata), else
  of one trace, are one session;
- only calls of models are read (``run_type: llm``), or the runs without a parent where there are
  none;
- each call repeats the history: what was there before is not read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hansard.interchange.content.text import Json, text_or_none
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

marks = ("run_type", "inputs", "outputs", "trace_id", "parent_run_id")

_THREADS = ("session_id", "thread_id", "conversation_id")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    return shape.lacks("run_type", "inputs")


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    by_session: dict[str, list[Value]] = defaultdict(list)
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict) or "run_type" not in item.value:
            yield Bad(item.number, "not a run of LangSmith: no run_type")
        else:
            by_session[_session_id(item)].append(item)
    for ident, items in by_session.items():
        yield from guarded(items[0].number, _session, ident, items, rules)


def _metadata(run: Json) -> Json:
    extra = run["extra"] if isinstance(run.get("extra"), dict) else {}
    return extra["metadata"] if isinstance(extra.get("metadata"), dict) else {}


def _session_id(item: Value) -> str:
    run: Json = item.value
    about = _metadata(run)
    named = next((about[key] for key in _THREADS if about.get(key)), None)
    return str(named or run.get("trace_id") or run.get("id") or f"line {item.number}")


def _session(ident: str, items: list[Value], rules: Rules) -> Iterator[SessionRecord]:
    runs: list[Json] = [item.value for item in items]
    calls = [run for run in runs if run.get("run_type") == "llm"]
    calls = calls or [run for run in runs if not run.get("parent_run_id")] or runs
    names = (text_or_none(run.get("name")) for run in runs if not run.get("parent_run_id"))
    tags = [tag for run in runs for tag in run.get("tags") or [] if isinstance(tag, str)]
    draft = SessionDraft(
        id=own_id(ident, runs),
        channel=rules.channel,
        agent=next(filter(None, names), None),
        tags=list(dict.fromkeys(tags)),
    )
    turns = transcript(_call(run, rules) for run in calls)
    yield from sessions(items[0].number, draft, turns, rules)


def _call(run: Json, rules: Rules) -> ModelCall:
    answers = messages_in(run.get("outputs"), "assistant", rules)
    if answers:
        last = answers[-1]
        last.model = last.model or _metadata(run).get("ls_model_name")
        last.input_tokens = last.input_tokens or run.get("prompt_tokens")
        last.output_tokens = last.output_tokens or run.get("completion_tokens")
        for field, number in details_of(run).items():
            setattr(last, field, getattr(last, field) or number)
    return ModelCall(
        messages=messages_in(run.get("inputs"), "user", rules),
        answers=answers,
        at=moment_of(run.get("start_time"), rules.zone),
        ended=moment_of(run.get("end_time"), rules.zone),
    )
