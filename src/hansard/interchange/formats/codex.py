"""Codex CLI's sessions: ``~/.codex/sessions/Y/M/D/rollout-*.jsonl``, after a week ``.jsonl.zst``.

- lines are ``{timestamp, type, payload}``; older ones are bare items; the oldest are one
  ``{session, items}``;
- ``response_item`` is what was said; ``event_msg`` repeats it and is read only where there is no
  such item; its ``token_count`` is the usage of the answer before it;
- the first lines of the user that are context (``<environment_context>`` and the like) are system
  messages;
- ``compacted`` is not replayed, what it says is kept as a system message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from msgspec import Struct, field

from hansard.interchange.content import parts_of
from hansard.interchange.content.responses import ITEMS
from hansard.interchange.content.text import Json, kind_of, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, content_key, guarded, own_id
from hansard.interchange.response_items import turn_of_item
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, values
from hansard.model import SessionDraft

marks = ("timestamp", "type", "payload")

shaping = (b'"session_meta"', b'"turn_context"')

_ENVELOPES = {"session_meta", "response_item", "event_msg", "turn_context", "compacted"}
_CONTEXT = re.compile(
    r"\s*(?:<(?:environment_context|user_instructions|permissions "
    r"instructions|turn_aborted|INSTRUCTIONS|collaboration_mode)\b"
    r"|# AGENTS\.md instructions)"
)
_SPOKEN = {"user_message": "user", "agent_message": "assistant", "agent_reasoning": "assistant"}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Rollout(Struct):
    """What the lines of one file have said so far."""

    meta: Json = field(default_factory=dict)
    model: str | None = None
    turns: list[Turn] = field(default_factory=list)
    spoken: list[Turn] = field(default_factory=list)


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    for record in shape.objects:
        if kind_of(record) in _ENVELOPES and isinstance(record.get("payload"), dict):
            return None
        if isinstance(record.get("session"), dict) and isinstance(record.get("items"), list):
            return None
    if not shape.is_array and _is_bare(shape):
        return None
    return "no line has a type such as session_meta or response_item with a payload"


def _is_bare(shape: Shape) -> bool:
    """The older lines: a header with an id and a timestamp, then items."""
    first, *others = shape.objects or [{}]
    header = {"id", "timestamp"} <= first.keys() and not first.keys() & {"type", "role", "messages"}
    kinds = {*ITEMS, "message"}
    return header and any(kind_of(other) in kinds or "record_type" in other for other in others)


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    rollout = _Rollout()
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not a line of Codex: no object")
        else:
            _take(rollout, item.value)
    if rollout.turns or rollout.spoken:
        yield from guarded(1, _session, document, rollout, rules)


def tail(before: list[Json], new: list[Json]) -> list[Json] | None:
    """New items, with the file's head and the model; None where events may say more than items."""
    if not any(kind_of(line) == "response_item" for line in before):
        return None
    kinds = {"session_meta", "turn_context"}  # those of the ``shaping`` marks
    shapes = [line for line in before if kind_of(line) in kinds]
    return [*shapes, *(line for line in new if not _repeats(line))]


def _repeats(line: Json) -> bool:
    """Whether an event says again what an item says."""
    payload = line.get("payload")
    return (
        kind_of(line) == "event_msg"
        and isinstance(payload, dict)
        and payload.get("type") != "token_count"
    )


def _take(rollout: _Rollout, line: Json) -> None:
    at = moment_of(line.get("timestamp"))
    kind, payload = kind_of(line), line.get("payload")
    if isinstance(line.get("items"), list):
        rollout.meta = line["session"] if isinstance(line.get("session"), dict) else {}
        for item in line["items"]:
            if isinstance(item, dict):
                _item(rollout, item, moment_of(item.get("timestamp")))
    elif kind not in _ENVELOPES or not isinstance(payload, dict):
        _bare(rollout, line, at)
    elif kind == "session_meta":
        rollout.meta = rollout.meta or payload
    elif kind == "turn_context":
        rollout.model = text_or_none(payload.get("model")) or rollout.model
    elif kind == "response_item":
        _item(rollout, payload, at, None if payload.get("id") else content_key(line))
    elif kind == "compacted":
        summary = parts_of(payload.get("message"))
        rollout.turns += (
            [Turn(role="system", parts=summary, at=at, metadata={"compacted": True})]
            if summary
            else []
        )
    else:
        _event(rollout, payload, at)


def _bare(rollout: _Rollout, line: Json, at: int | None) -> None:
    if kind_of(line) in {*ITEMS, "message"} or "role" in line:
        _item(rollout, line, at)
    elif "id" in line and not rollout.meta:
        rollout.meta = line


def _item(rollout: _Rollout, item: Json, at: int | None, key: str | None = None) -> None:
    """Add an item; ``key`` is the name of one without an id, wherever in the file it stands."""
    turn = turn_of_item(item, at)
    turn.key = turn.key or key
    text = turn.parts[0].get("content") if turn.parts else None
    if turn.role == "user" and isinstance(text, str) and _CONTEXT.match(text):
        turn.role = "system"
    if turn.role == "assistant":
        turn.model = rollout.model
    rollout.turns.append(turn)


def _event(rollout: _Rollout, event: Json, at: int | None) -> None:
    kind = str(event.get("type"))
    if kind == "token_count":
        _usage(rollout.turns, event)
    elif kind in _SPOKEN:
        text = event.get("message", event.get("text"))
        parts = (
            [{"type": "reasoning", "content": text}]
            if kind == "agent_reasoning" and isinstance(text, str)
            else parts_of(text)
        )
        rollout.spoken.append(Turn(role=_SPOKEN[kind], parts=parts, at=at, original=event))


def _usage(turns: list[Turn], event: Json) -> None:
    """The tokens of the last request belong to the last message of the assistant."""
    info = event["info"] if isinstance(event.get("info"), dict) else {}
    usage = info.get("last_token_usage")
    last = next((turn for turn in reversed(turns) if turn.role == "assistant"), None)
    if isinstance(usage, dict) and last is not None and not last.output_tokens:
        last.input_tokens, last.output_tokens = (
            usage.get("input_tokens"),
            usage.get("output_tokens"),
        )
        for field, number in details_of(usage).items():
            setattr(last, field, number)


def _session(document: Document, rollout: _Rollout, rules: Rules) -> Iterator[SessionRecord]:
    meta = rollout.meta
    turns = rollout.turns
    if not any(turn.role in {"user", "assistant"} and turn.parts for turn in turns):
        turns = [*turns, *rollout.spoken]
    git = meta["git"] if isinstance(meta.get("git"), dict) else {}
    parent = text_or_none(meta.get("forked_from_id")) or text_or_none(meta.get("parent_thread_id"))
    draft = SessionDraft(
        id=own_id(meta.get("id") or _id_of(document), None),
        channel=rules.channel or "codex",
        agent="codex",
        model=rollout.model,
        kind="task"
        if isinstance(meta.get("source"), dict) and "subagent" in meta["source"]
        else "session",
        parent=parent,
        metadata={
            key: meta[key]
            for key in ("cwd", "originator", "cli_version", "source", "model_provider")
            if meta.get(key)
        }
        | ({"git": git} if git else {}),
    )
    started = moment_of(meta.get("timestamp"))
    yield from sessions(1, draft, turns, rules, Span(started=started))


def _id_of(document: Document) -> str:
    """The session's id as the file's name ends with it."""
    stem = PurePath(document.name).name
    uuid = _UUID.search(stem)
    return uuid[0] if uuid else stem.partition(".")[0]
