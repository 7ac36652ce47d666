"""opencode's sessions: exports, the database since 1.2, and the folder of JSON files before.

Of the database also the tables of opencode 2 are read; there a session may be in both.

- ``opencode export`` is ``{info, messages: [{info, parts}]}``, one session a document;
- a ``tool`` part is the call and its result; reasoning is reasoning; files are files; bookkeeping
  (steps, snapshots, patches) is left out;
- input tokens include those read from the cache; the cost is kept;
- a session with a ``parentID`` is a task below that one.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json, kind_of, text_or_none, tool_call, tool_response
from hansard.interchange.databases import CLOSED
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.opencode_stores import in_database, in_folder, is_session, lacking
from hansard.interchange.records import (
    Rules,
    SessionRecord,
    Unreadable,
    counted,
    guarded,
    own_id,
    read_each,
)
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("info", "messages", "parts")

_BOOKKEEPING = {"step-start", "step-finish", "snapshot", "patch"}
_KEPT = ("agent", "mode", "providerID", "error", "finish", "parentID", "summary")


def sniff(document: Document, shape: Shape) -> str | None:
    if document.is_database:
        with document.database() as database:
            return lacking(database)
    if any(_is_export(record) for record in shape.objects):
        return None
    if is_session(document, shape.objects):
        return None
    return "no record has info and messages with parts"


def _is_export(record: Json) -> bool:
    messages = record.get("messages")
    return (
        isinstance(record.get("info"), dict)
        and isinstance(messages, list)
        and all(isinstance(message, dict) and "parts" in message for message in messages[:1])
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    if document.is_database:
        yield from _in_database(document, rules)
        return
    yield from read_each(values(stream, apart=True), lambda item: _session(document, item, rules))


def _in_database(document: Document, rules: Rules) -> Iterator[SessionRecord | Bad]:
    try:
        with document.database() as database:
            if database is None:
                yield Bad(0, CLOSED)
                return
            for number, stored in enumerate(in_database(database), 1):
                yield from guarded(number, exported, number, *stored, rules)
    except Unreadable as problem:
        yield Bad(0, str(problem))


def _session(document: Document, item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record = item.value
    if isinstance(record, dict) and is_session(document, [record]):
        yield from exported(item.number, record, in_folder(document, record), rules)
        return
    if not isinstance(record, dict) or not isinstance(record.get("info"), dict):
        message = "no info: not a session of opencode"
        raise Unreadable(message)
    yield from exported(item.number, record["info"], record.get("messages") or [], rules)


def exported(
    number: int, info: Json, messages: list[Json], rules: Rules
) -> Iterator[SessionRecord]:
    """The session of ``info`` with its messages, each with its parts."""
    time = info["time"] if isinstance(info.get("time"), dict) else {}
    parent = text_or_none(info.get("parentID"))
    draft = SessionDraft(
        id=own_id(info.get("id"), info),
        title=text_or_none(info.get("title")),
        kind="task" if parent else "session",
        parent=parent,
        channel=rules.channel or "opencode",
        agent="opencode",
        metadata={
            key: info[key]
            for key in ("directory", "version", "projectID", "share")
            if info.get(key)
        },
    )
    archived = moment_of(time.get("archived"))
    span = Span(
        started=moment_of(time.get("created")),
        updated=moment_of(time.get("updated")),
        archived_at=archived,
    )
    yield from sessions(number, draft, [_turn(message) for message in messages], rules, span)


def _turn(message: Json) -> Turn:
    info = message["info"] if isinstance(message.get("info"), dict) else {}
    time = info["time"] if isinstance(info.get("time"), dict) else {}
    tokens = info["tokens"] if isinstance(info.get("tokens"), dict) else {}
    cache = tokens["cache"] if isinstance(tokens.get("cache"), dict) else {}
    listed = message["parts"] if isinstance(message.get("parts"), list) else []
    inputs = (tokens.get("input"), cache.get("read"), cache.get("write"))
    return Turn(
        role=info.get("role"),
        parts=[part for piece in listed if isinstance(piece, dict) for part in _part(piece)],
        key=info.get("id"),
        at=moment_of(time.get("created")),
        model=info.get("modelID"),
        input_tokens=sum(map(counted, inputs)),
        output_tokens=counted(tokens.get("output")) + counted(tokens.get("reasoning")),
        **details_of(tokens),
        cost_usd=info.get("cost"),
        metadata={key: info[key] for key in _KEPT if info.get(key)},
        original=message,
    )


def _part(piece: Json) -> list[Json]:
    kind = kind_of(piece)
    if kind in _BOOKKEEPING:
        return []
    if kind == "tool":
        return _tool(piece)
    if kind in {"text", "reasoning"}:
        parts = parts_of(piece.get("text"))
        return [part | {"type": kind} for part in parts]
    return parts_of([piece])


def _tool(piece: Json) -> list[Json]:
    state = piece["state"] if isinstance(piece.get("state"), dict) else {}
    ident, tool = piece.get("callID"), piece.get("tool")
    call = tool_call(ident, tool, state.get("input"))
    if state.get("error") is not None:
        return [call, tool_response(ident, state["error"], tool, is_error=True)]
    return [call, tool_response(ident, state["output"], tool)] if "output" in state else [call]
