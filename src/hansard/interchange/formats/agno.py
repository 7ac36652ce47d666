"""Sessions of agno.

``{session_id, agent_id, user_id, runs: [{run_id, messages}]}``; older ones have ``memory: {runs}``.

Every run repeats the system message and some of the history; what was there before is not read
again.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.message_lists import turn_of
from hansard.interchange.moments import CREATED, UPDATED, first_time
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_each
from hansard.interchange.spans import ModelCall, messages_in, transcript
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("session_id", "runs", "agent_id", "team_id", "session_data", "run_id")

_PLACED = {
    "session_id",
    "user_id",
    "agent_id",
    "team_id",
    "runs",
    "memory",
    "created_at",
    "updated_at",
    "id",
}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_runs(record) for record in shape.objects):
        return None
    return "no record has runs with messages"


def _runs(record: Json) -> list[Json]:
    """The runs that hold messages, wherever this version keeps them."""
    memory = record["memory"] if isinstance(record.get("memory"), dict) else {}
    listed = record.get("runs") or memory.get("runs")
    runs = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return [run for run in runs if _messages(run) or "content" in run]


def _messages(run: Json) -> list[Json]:
    response = run["response"] if isinstance(run.get("response"), dict) else {}
    listed = run.get("messages") or response.get("messages")
    return (
        [item for item in listed if isinstance(item, dict) and "role" in item]
        if isinstance(listed, list)
        else []
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_each(values(stream, apart=True), lambda item: _session(item, rules))


def _session(item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record = item.value
    if not isinstance(record, dict) or not (runs := _runs(record)):
        message = "no runs with messages: not a session of agno"
        raise Unreadable(message)
    agent = record.get("agent_id") or record.get("team_id") or record.get("workflow_id")
    draft = SessionDraft(
        id=own_id(record.get("session_id"), record),
        channel=rules.channel,
        agent=text_or_none(agent),
        user_id=text_or_none(record.get("user_id")),
        metadata={
            key: value
            for key, value in record.items()
            if key not in _PLACED and value not in (None, "", [], {})
        },
    )
    started, updated = (first_time(record, names, rules.zone) for names in (CREATED, UPDATED))
    turns = transcript(_call(run, rules) for run in runs)
    yield from sessions(item.number, draft, turns, rules, Span(started=started, updated=updated))


def _call(run: Json, rules: Rules) -> ModelCall:
    """A run as a call: its messages without those of the history, or its input and its answer."""
    at = first_time(run, CREATED, rules.zone)
    messages = [message for message in _messages(run) if message.get("from_history") is not True]
    messages_ = [_turn(message, rules) for message in messages] or messages_in(
        run.get("input"), "user", rules
    )
    answers = [] if messages else messages_in(run.get("content"), "assistant", rules)
    return ModelCall(messages=messages_, answers=answers, at=at)


def _turn(message: Json, rules: Rules) -> Turn:
    turn = turn_of(message, rules)
    metrics = message["metrics"] if isinstance(message.get("metrics"), dict) else {}
    turn.input_tokens = turn.input_tokens or metrics.get("input_tokens")
    turn.output_tokens = turn.output_tokens or metrics.get("output_tokens")
    for field, number in details_of(metrics).items():
        setattr(turn, field, getattr(turn, field) or number)
    return turn
