"""Qwen Code's sessions: ``~/.qwen/projects/*/chats/*.jsonl``.

Lines are linked as in Claude Code's and hold Gemini's parts.

- a line's ``message`` is ``{role: user | model, parts}``; thoughts are reasoning, function
  responses the tool's;
- prompts that were taken back are branches; lines of the system are passed over unless they say
  something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json, text_or_none, words
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.rewinds import Entry, goes_on, packed, parent_of, rewound
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of, whole_output
from hansard.interchange.turns import Lines, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("uuid", "parentUuid", "sessionId", "message", "usageMetadata")

_KEPT = ("uuid", "parentUuid", "cwd", "version", "gitBranch", "subtype")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_is_message(record) and "uuid" in record for record in shape.objects):
        return None
    return "no line has a uuid and a message with parts"


def _is_message(entry: Json) -> bool:
    message = entry.get("message")
    return isinstance(message, dict) and isinstance(message.get("parts"), list)


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    by_session: dict[str, list[Entry]] = defaultdict(list)
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not a line of Qwen Code: no object")
        else:
            ident = words(item.value.get("sessionId")) or document.stem
            by_session[ident].append(_entry(item))
    for ident, entries in by_session.items():
        if any(entry.is_message for entry in entries):
            yield from guarded(entries[0].number, _session, ident, entries, rules)


def tail(before: list[Json], new: list[Json]) -> list[Json] | None:
    """New entries of the same session."""
    sessions_ = {line.get("sessionId") for line in [*before[-1:], *new]}
    entries = [[_entry(Value(0, line)) for line in lines] for lines in (before, new)]
    return new if len(sessions_) == 1 and goes_on(*entries) else None


def _entry(item: Value) -> Entry:
    line: Json = item.value
    return Entry(
        number=item.number,
        key=text_or_none(line.get("uuid")),
        parent=parent_of(line),
        session="",
        is_message=_is_message(line),
        is_prompt=_is_prompt(line),
        packed=packed(line),
    )


def _session(ident: str, entries: list[Entry], rules: Rules) -> Iterator[SessionRecord]:
    split = rewound(entries)
    first = split.line[0].value()
    draft = SessionDraft(
        id=own_id(ident, None),
        channel=rules.channel or "qwen-code",
        agent="qwen-code",
        metadata={key: first[key] for key in ("cwd", "gitBranch", "version") if first.get(key)},
    )
    branches = [(map(_turn, own), after, parent) for own, after, parent in split.branches]
    whole = Lines(turns=map(_turn, split.line), branches=branches)
    yield from sessions(entries[0].number, draft, whole, rules)


def _is_prompt(entry: Json) -> bool:
    return (
        entry.get("type") == "user"
        and _is_message(entry)
        and not any(
            isinstance(part, dict) and "functionResponse" in part
            for part in entry["message"]["parts"]
        )
    )


def _turn(packed_entry: Entry) -> Turn:
    entry = packed_entry.value()
    usage = entry["usageMetadata"] if isinstance(entry.get("usageMetadata"), dict) else {}
    return Turn(
        role="system" if entry.get("type") == "system" else entry["message"].get("role"),
        parts=parts_of(entry["message"]["parts"]),
        key=entry.get("uuid"),
        at=moment_of(entry.get("timestamp")),
        model=entry.get("model"),
        input_tokens=usage.get("promptTokenCount"),
        output_tokens=whole_output(usage, "candidatesTokenCount"),
        **details_of(usage),
        metadata={key: entry[key] for key in _KEPT if entry.get(key) is not None},
        original=entry,
    )
