"""Claude Code's transcripts: ``~/.claude/projects/*/*.jsonl``, a line an entry, tied by ``uuid`` and ``parentUuid``.

- a file is one session, unless it holds several that do not hang together; what a sub-agent said
  (``isSidechain``, or a file ``agent-*.jsonl``) is a session of its own below it;
- prompts that were taken back, with all that followed them, are branches; so is what a second window asked;
- a prompt that was typed while the agent worked is a message at its time;
- one answer of the model spans several lines and repeats its usage on each: it is counted once;
- lines that are no messages (snapshots, progress, …) are passed over; a custom title, or a summary whose leaf is
  in the session, names it;
- other agents write the same lines: those of iFlow are named so, the rest is ``claude-code-like``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from msgspec import Struct

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json, kind_of
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.queued_prompts import is_queue_operation, is_queued, queued_prompts
from hansard.interchange.records import Rules, SessionRecord, counted, guarded, own_id
from hansard.interchange.rewinds import parent_of, rewound
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Lines, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("parentUuid", "sessionId", "isSidechain", "message", "uuid", "userType")

OWN, LIKE = "claude-code", "claude-code-like"
_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle", "summary": "summary"}
_NAMES = ("type", "uuid", "parentUuid", "logicalParentUuid", "sessionId", "agentId")
_KEPT = (
    "uuid", "parentUuid", "requestId", "gitBranch", "cwd", "version", "isMeta", "isCompactSummary",
    "subtype", "level",
)  # fmt: skip
_VERSION = re.compile(r"[1-9]\d*\.\d+\.\d+")
_IFLOW = re.compile(r"session-[0-9a-f]{8}-[0-9a-f-]{27}")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    entries = shape.objects
    if any(_is_message(entry) and _is_tied(entry) for entry in entries):
        return None
    if any("display" in entry and "pastedContents" in entry for entry in entries):
        return "it is Claude Code's list of prompts, which holds no conversation"
    if not any(_is_tied(entry) for entry in entries):
        return "no line has a type with uuid, parentUuid, sessionId or leafUuid"
    if len(shape.records) > len(entries) or shape.is_array:
        return "its lines are not entries"
    return None


def _is_tied(entry: Json) -> bool:
    return "type" in entry and bool(entry.keys() & {"parentUuid", "sessionId", "leafUuid", "uuid"})


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    entries: list[Value] = []
    titles: list[Json] = []
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict) or not all(
            isinstance(item.value.get(field), str | None) for field in _NAMES
        ):
            yield Bad(item.number, "not an entry: an object whose names are text")
        elif str(item.value.get("type")) in _TITLES:
            titles.append(item.value)
        elif is_queue_operation(item.value) or _is_entry(item.value):
            entries.append(item)
    for found in _transcripts(document, entries):
        if any(_is_message(item.value) for item in found.lines):
            title = _title(titles, found)
            yield from guarded(found.lines[0].number, _session, found, title, rules)


def _is_entry(entry: Json) -> bool:
    return isinstance(entry.get("uuid"), str) or _is_message(entry)


class Transcript(Struct, frozen=True):
    """The entries of one session under its id; ``parent`` is set for a sub-agent's."""

    id: str
    parent: str | None
    lines: list[Value]
    label: str
    is_agent: bool = False


def _is_message(entry: Json) -> bool:
    kind = kind_of(entry)
    if kind in {"user", "assistant"}:
        return isinstance(entry.get("message"), dict) and "parts" not in entry["message"]
    return (kind == "system" and isinstance(entry.get("content"), str)) or is_queued(entry)


def _transcripts(document: Document, entries: list[Value]) -> Iterator[Transcript]:
    """The sessions of the file, each before its sub-agents."""
    main = [item for item in entries if item.value.get("isSidechain") is not True]
    names = _session_ids(document, main or entries)
    label = _label(document, entries)
    groups: dict[str, list[Value]] = defaultdict(list)
    for item in main:
        groups[_name(item, names)].append(item)
    agents = _agents(document, entries, names)
    for ident in dict.fromkeys([*groups, *(parent or "" for parent, _ in agents)]):
        if ident in groups:
            yield Transcript(ident, None, groups[ident], label)
        for (parent, agent), lines in agents.items():
            if (parent or "") == ident:
                own = f"{parent}:{agent}" if parent else f"agent-{agent}"
                yield Transcript(own, parent, lines, label, is_agent=True)


def _name(item: Value, names: dict[str, str]) -> str:
    return names[item.value.get("sessionId") or ""]


def _session_ids(document: Document, entries: list[Value]) -> dict[str, str]:
    """The session that each ``sessionId`` of the file belongs to.

    A resumed file begins with copies that bear the old session's id: ids whose entries hang together
    are one session, the last of them.  Entries without an id belong to the last session.
    """
    owner = {item.value.get("uuid"): item.value.get("sessionId") or "" for item in entries}
    joined: dict[str, str] = {}
    for item in entries:
        own = item.value.get("sessionId") or ""
        joined.setdefault(own, own)
        above = owner.get(parent_of(item.value))
        if above is not None and above != own and above in joined:
            joined[_root(joined, above)] = own
            joined[own] = own
    last = next((ident for ident in reversed(joined) if ident), "")
    file = PurePath(document.name).name.partition(".")[0]
    return {ident: _root(joined, ident or last) or file for ident in ["", *joined]}


def _root(joined: dict[str, str], ident: str) -> str:
    seen = {ident}
    while (above := joined.get(ident, ident)) not in seen:
        seen.add(above)
        ident = above
    return ident


def _agents(
    document: Document, entries: list[Value], names: dict[str, str]
) -> dict[tuple[str | None, str], list[Value]]:
    """The entries of each sub-agent, under its parent's id and its own."""
    folder = re.search(r"([^/\\!]+)[/\\]subagents[/\\]", document.name)
    roots: dict[object, str] = {}
    found: dict[tuple[str | None, str], list[Value]] = defaultdict(list)
    for item in entries:
        entry = item.value
        if entry.get("isSidechain") is not True:
            continue
        chain = entry.get("agentId") or roots.get(entry.get("parentUuid"))
        chain = str(chain or entry.get("uuid") or item.number)
        roots[entry.get("uuid")] = chain
        own = entry.get("sessionId") or ""
        parent: str | None = folder[1] if folder else names.get(own, own) or None
        found[None if parent == f"agent-{chain}" else parent, chain].append(item)
    return found


def _label(document: Document, entries: list[Value]) -> str:
    """Which agent wrote the file."""
    models = (
        str(item.value["message"].get("model"))
        for item in entries
        if isinstance(item.value.get("message"), dict)
    )
    if "/.iflow/" in document.name or any(
        _IFLOW.fullmatch(str(item.value.get("sessionId"))) for item in entries[:1]
    ):
        return "iflow"
    if any(_VERSION.match(str(item.value.get("version"))) for item in entries):
        return OWN
    return OWN if any(model.startswith("claude") for model in models) else LIKE


def _title(titles: list[Json], found: Transcript) -> str | None:
    """What names the session: a title that somebody gave, one that was made, the summary of one of its leaves."""
    uuids = {item.value.get("uuid") for item in found.lines}
    ids = {item.value.get("sessionId") for item in found.lines} | {found.id, None}
    for kind, field in _TITLES.items():
        own = [
            entry[field]
            for entry in titles
            if entry.get("type") == kind
            and isinstance(entry.get(field), str)
            and (
                entry.get("leafUuid") in uuids
                if kind == "summary"
                else entry.get("sessionId") in ids
            )
        ]
        if own and not found.is_agent:
            return str(own[-1])
    return None


def _session(found: Transcript, title: str | None, rules: Rules) -> Iterator[SessionRecord]:
    seen: set[str] = set()
    entries = [item for item in found.lines if not is_queue_operation(item.value)]
    split = rewound(entries, _is_message, _is_prompt)
    line = [_turn(item, seen) for item in split.line]
    first = split.line[0].value
    places = {
        key: first[key]
        for key in ("cwd", "gitBranch", "version")
        if isinstance(first.get(key), str)
    }
    draft = SessionDraft(
        id=own_id(found.id, None),
        title=title,
        kind="task" if found.is_agent else "session",
        channel=rules.channel or found.label,
        agent=found.label,
        parent=found.parent,
        metadata=places,
    )
    branches = [
        ([_turn(item, seen) for item in lines], after, parent)
        for lines, after, parent in split.branches
    ]
    with_queued = queued_prompts(found.lines, split.line, line)
    for record in sessions(
        found.lines[0].number, draft, Lines(turns=with_queued, branches=branches), rules
    ):
        if found.label == LIKE and record.draft.kind != "branch":
            record.remarks["written like Claude Code, by another agent"] += 1
        yield record


def _is_prompt(entry: Json) -> bool:
    if entry.get("type") != "user" or entry.get("isMeta") is True or not _is_message(entry):
        return False
    content = entry["message"].get("content")
    return isinstance(content, str) or not any(
        isinstance(block, dict) and block.get("type") == "tool_result" for block in content or []
    )


def _turn(item: Value, seen: set[str]) -> Turn:
    entry = item.value
    message = _message(entry)
    usage = _usage(message, seen)
    model = message.get("model")
    inputs = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    content = message.get("content")
    return Turn(
        role={"user": "user", "assistant": "assistant", "attachment": "user"}.get(
            str(entry.get("type")), "system"
        ),
        parts=parts_of(content),
        key=entry.get("uuid"),
        at=moment_of(entry.get("timestamp")),
        model=None if model == "<synthetic>" else model,
        input_tokens=sum(counted(usage.get(key)) for key in inputs),
        output_tokens=usage.get("output_tokens"),
        metadata={key: entry[key] for key in _KEPT if entry.get(key) is not None},
        original=entry,
    )


def _message(entry: Json) -> Json:
    if isinstance(entry.get("message"), dict):
        return dict[str, Any](entry["message"])
    if is_queued(entry):
        return {"role": "user", "content": entry["attachment"].get("prompt")}
    return {"role": "system", "content": entry.get("content")}


def _usage(message: Json, seen: set[str]) -> Json:
    """The usage of an answer at its first line, nothing at its others."""
    answer = message.get("id")
    if isinstance(answer, str):
        if answer in seen:
            return {}
        seen.add(answer)
    return message["usage"] if isinstance(message.get("usage"), dict) else {}
