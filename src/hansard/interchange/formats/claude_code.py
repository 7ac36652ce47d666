"""Claude Code's transcripts: ``~/.claude/projects/*/*.jsonl``, a line an entry, tied by ``uuid`` and ``parentUuid``.

- a file is one session; what a sub-agent said (``isSidechain``) is a session of its own below it;
- prompts that were taken back, with all that followed them, are left out and counted in the metadata;
  parallel tool calls also make branches in the tree, and those stay;
- one answer of the model spans several lines and repeats its usage on each: it is counted once;
- lines that are no messages (snapshots, queue operations, …) are passed over; a summary or a custom title names the session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.records import (
    Rules,
    SessionRecord,
    client_ids,
    counted,
    encoded,
    filled,
    guarded,
    moment_of,
    own_id,
    raw_json,
)
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad, Value, values
from hansard.model import MessageDraft, SessionDraft
from hansard.model.message import Role

name = "claude-code"

Json = dict[str, Any]

_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle", "summary": "summary"}
_NAMES = ("type", "uuid", "parentUuid", "logicalParentUuid", "sessionId", "agentId")
_KEPT = (
    "uuid",
    "parentUuid",
    "requestId",
    "gitBranch",
    "cwd",
    "version",
    "isMeta",
    "isCompactSummary",
    "subtype",
    "level",
)


def sniff(document: Document, shape: Shape) -> bool:
    del document
    return (
        not shape.is_array
        and "type" in shape.keys
        and bool(shape.keys & {"parentUuid", "sessionId", "leafUuid"})
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    entries: list[Value] = []
    titles: dict[str, str] = {}
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict) or not all(
            isinstance(item.value.get(field), str | None) for field in _NAMES
        ):
            yield Bad(item.number, "not an entry: an object whose names are text")
        elif (kind := str(item.value.get("type"))) in _TITLES and isinstance(
            title := item.value.get(_TITLES[kind]), str
        ):
            titles[kind] = title
        elif _is_message(item.value) or isinstance(item.value.get("uuid"), str):
            entries.append(item)
    title = next((titles[kind] for kind in _TITLES if kind in titles), None)
    for session, lines in _sessions(document, entries).items():
        if any(_is_message(item.value) for item in lines):
            yield _read_one(session, lines, title, rules)


def _is_message(entry: Json) -> bool:
    kind = entry.get("type")
    return (kind in {"user", "assistant"} and isinstance(entry.get("message"), dict)) or (
        kind == "system" and isinstance(entry.get("content"), str)
    )


def _sessions(
    document: Document, entries: list[Value]
) -> dict[tuple[str, str | None], list[Value]]:
    """The entries of each session under its id and its parent's: the main one first, then the sub-agents'."""
    main = _main_id(document, entries)
    roots: dict[object, str] = {}
    found: dict[tuple[str, str | None], list[Value]] = defaultdict(list)
    for item in entries:
        entry = item.value
        if entry.get("isSidechain") is not True:
            found[main, None].append(item)
            continue
        chain = (
            entry.get("agentId")
            or roots.get(entry.get("parentUuid"))
            or entry.get("uuid")
            or item.number
        )
        roots[entry.get("uuid")] = str(chain)
        found[f"{main}:{chain}", main].append(item)
    return dict(sorted(found.items(), key=lambda pair: pair[0][1] is not None))


def _main_id(document: Document, entries: list[Value]) -> str:
    """The session of the last entry: a resumed file begins with copies that bear the old session's id."""
    named = (item.value.get("sessionId") for item in reversed(entries))
    return next(
        (value for value in named if isinstance(value, str) and value),
        Path(document.name).name.partition(".")[0],
    )


def _read_one(
    session: tuple[str, str | None], lines: list[Value], title: str | None, rules: Rules
) -> SessionRecord | Bad:
    return guarded(lines[0].number, lambda: _session(session, lines, title, rules))


def _session(
    session: tuple[str, str | None], lines: list[Value], title: str | None, rules: Rules
) -> SessionRecord:
    name, parent = session
    kept = _current(lines)
    times = filled([moment_of(item.value.get("timestamp")) for item in kept], None, rules.now)
    names = client_ids([item.value.get("uuid") for item in kept])
    seen: set[str] = set()
    messages = [
        _message(item, at, known, seen) for item, at, known in zip(kept, times, names, strict=True)
    ]
    taken_back = sum(_is_message(item.value) for item in lines) - len(kept)
    first = kept[0].value
    places = {
        key: first[key]
        for key in ("cwd", "gitBranch", "version")
        if isinstance(first.get(key), str)
    }
    return SessionRecord(
        number=lines[0].number,
        draft=SessionDraft(
            id=own_id(name, None),
            title=title if parent is None else None,
            title_by="import" if title and parent is None else None,
            kind="session" if parent is None else "task",
            channel=rules.channel or "claude-code",
            agent="claude-code",
            model=next((message.model for message in reversed(messages) if message.model), None),
            parent=parent,
            created_at=times[0],
            metadata=places | ({"messages_taken_back": taken_back} if taken_back else {}),
        ),
        messages=messages,
    )


def _current(lines: list[Value]) -> list[Value]:
    """The messages without the prompts that were taken back and what followed them.

    A prompt that hangs beside the current line was taken back; what hangs there without a
    prompt is a parallel tool call; what hangs nowhere is kept.
    """
    last = next(
        (item.value.get("uuid") for item in reversed(lines) if _is_message(item.value)), None
    )
    current = _ancestors(last, lines)
    places: dict[object, str] = {}
    kept = []
    for item in lines:
        entry = item.value
        above = places.get(_parent(entry), "loose")
        beside = "taken back" if _is_prompt(entry) else "beside"
        place = (
            "current"
            if entry.get("uuid") in current
            else above
            if above in {"loose", "taken back"}
            else beside
        )
        places[entry.get("uuid")] = place
        if place != "taken back" and _is_message(entry):
            kept.append(item)
    return kept


def _ancestors(last: object, lines: list[Value]) -> set[object]:
    parents = {item.value.get("uuid"): _parent(item.value) for item in lines}
    found: set[object] = set()
    while last in parents and last not in found:
        found.add(last)
        last = parents[last]
    return found


def _parent(entry: Json) -> object:
    return entry.get("parentUuid") or entry.get("logicalParentUuid")


def _is_prompt(entry: Json) -> bool:
    if entry.get("type") != "user" or entry.get("isMeta") is True or not _is_message(entry):
        return False
    content = entry["message"].get("content")
    return isinstance(content, str) or not any(
        isinstance(block, dict) and block.get("type") == "tool_result" for block in content or []
    )


def _message(item: Value, at: int, known_as: str, seen: set[str]) -> MessageDraft:
    entry, where = item.value, f"line {item.number}"
    said = (
        entry["message"]
        if isinstance(entry.get("message"), dict)
        else {"role": "system", "content": entry.get("content")}
    )
    blocks = [_part(block) for block in _blocks(said.get("content"))] or [
        {"type": "text", "content": ""}
    ]
    parts, text = encoded(blocks, where)
    usage = _usage(said, seen)
    return MessageDraft(
        role=_role(entry, blocks),
        parts=parts,
        text=text,
        client_id=known_as,
        model=said["model"]
        if isinstance(said.get("model"), str) and said["model"] != "<synthetic>"
        else None,
        input_tokens=sum(
            counted(usage.get(key))
            for key in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        ),
        output_tokens=counted(usage.get("output_tokens")),
        created_at=at,
        metadata=raw_json({key: entry[key] for key in _KEPT if entry.get(key) is not None}, where),
    )


def _role(entry: Json, blocks: list[Json]) -> Role:
    if all(block["type"] == "tool_call_response" for block in blocks):
        return "tool"
    return {"user": "user", "assistant": "assistant"}.get(str(entry.get("type")), "system")  # type: ignore[return-value]  # one of the two, or system


def _usage(said: Json, seen: set[str]) -> Json:
    """The usage of an answer at its first line, nothing at its others."""
    answer = said.get("id")
    if isinstance(answer, str):
        if answer in seen:
            return {}
        seen.add(answer)
    return said["usage"] if isinstance(said.get("usage"), dict) else {}


def _blocks(content: object) -> list[Any]:
    return content if isinstance(content, list) else [content] if isinstance(content, str) else []


def _part(block: object) -> Json:
    if not isinstance(block, dict):
        return {"type": "text", "content": str(block)}
    convert = _BLOCKS.get(str(block.get("type")))
    return convert(block) if convert else {**block, "type": str(block.get("type") or "unknown")}


def _thinking(block: Json) -> Json:
    signature = {"signature": block["signature"]} if block.get("signature") else {}
    return {"type": "reasoning", "content": str(block.get("thinking") or "")} | signature


def _tool_use(block: Json) -> Json:
    return {
        "type": "tool_call",
        "id": block.get("id"),
        "name": str(block.get("name") or ""),
        "arguments": block.get("input"),
    }


def _tool_result(block: Json) -> Json:
    failed = {"is_error": True} if block.get("is_error") is True else {}
    return {
        "type": "tool_call_response",
        "id": block.get("tool_use_id"),
        "response": block.get("content"),
    } | failed


def _media(modality: str) -> Callable[[Json], Json]:
    def convert(block: Json) -> Json:
        match block.get("source"):
            case {"type": "base64", "media_type": mime_type, "data": str(data)}:
                return {
                    "type": "blob",
                    "modality": modality,
                    "mime_type": mime_type,
                    "content": data,
                }
            case {"type": "url", "url": str(url)}:
                return {"type": "uri", "modality": modality, "uri": url}
            case _:
                return block

    return convert


_BLOCKS: dict[str, Callable[[Json], Json]] = {
    "text": lambda block: {"type": "text", "content": str(block.get("text") or "")},
    "thinking": _thinking,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "image": _media("image"),
    "document": _media("document"),
}
