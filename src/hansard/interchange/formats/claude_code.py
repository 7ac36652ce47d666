"""Claude Code's transcripts: ``~/.claude/projects/*/*.jsonl``.

A line is an entry, linked by ``uuid`` and ``parentUuid``.

- a file is one session, unless it holds several that do not hang together; what a sub-agent said
  (``isSidechain``, or a file ``agent-*.jsonl``) is a session of its own below it;
- prompts that were taken back, with all that followed them, are branches; so is what a second
  window asked;
- what the program put in by itself (the expansion of a command, its output) is of the system,
  though its line says user; a command reads as it was typed;
- a prompt that was typed while the agent worked is a message at its time;
- one answer of the model spans several lines and repeats its usage on each: it is counted once;
- lines that are no messages (snapshots, progress, …) are passed over; a custom title, or a summary
  whose leaf is in the session, names it;
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
from hansard.interchange.formats.shape import Companion, Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.queued_prompts import is_queue_operation, is_queued, queued_prompts
from hansard.interchange.records import Rules, SessionRecord, counted, guarded, own_id
from hansard.interchange.rewinds import Entry, goes_on, packed, parent_of, rewound
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.turns import Lines, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("parentUuid", "sessionId", "isSidechain", "message", "uuid", "userType")

OWN, LIKE = "claude-code", "claude-code-like"
_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle", "summary": "summary"}
_PLACES = ("cwd", "gitBranch", "version")
_NAMES = ("type", "uuid", "parentUuid", "logicalParentUuid", "sessionId", "agentId")
_KEPT = (
    "uuid", "parentUuid", "requestId", "gitBranch", "cwd", "version", "isMeta", "isCompactSummary",
    "subtype", "level",
)  # fmt: skip
_INSERTED = re.compile(r"\s*<(?:local-command-\w+|bash-std(?:out|err)|user-memory-input)>")
_COMMAND = re.compile(r"\s*<command-(?:name|message|args)>")
_COMMAND_NAME = re.compile(r"<command-name>\s*(.*?)\s*</command-name>", re.DOTALL)
_COMMAND_ARGUMENTS = re.compile(r"<command-args>\s*(.*?)\s*</command-args>", re.DOTALL)
_VERSION = re.compile(r"[1-9]\d*\.\d+\.\d+")
_IFLOW = re.compile(r"session-[0-9a-f]{8}-[0-9a-f-]{27}")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    entries = shape.objects
    if any(_is_message(entry) and _is_tied(entry) for entry in entries):
        return None
    if any("display" in entry and "pastedContents" in entry for entry in entries):
        return Companion("it is Claude Code's list of prompts, which holds no conversation")
    if entries and all(entry.get("type") == "file-history-snapshot" for entry in entries):
        return Companion(
            "it has Claude Code's snapshots of edited files, which hold no conversation"
        )
    if not any(_is_tied(entry) for entry in entries):
        return "no line has a type with uuid, parentUuid, sessionId or leafUuid"
    if len(shape.records) > len(entries) or shape.is_array:
        return "its lines are not entries"
    return None


def _is_tied(entry: Json) -> bool:
    return "type" in entry and bool(entry.keys() & {"parentUuid", "sessionId", "leafUuid", "uuid"})


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    file = _File(document.name)
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict) or not all(
            isinstance(item.value.get(field), str | None) for field in _NAMES
        ):
            yield Bad(item.number, "not an entry: an object whose names are text")
        else:
            file.take(item)
    for transcript in file.transcripts():
        if any(entry.is_message for entry in transcript.entries):
            yield from guarded(transcript.entries[0].number, _session, transcript, file, rules)


def tail(before: list[Json], new: list[Json]) -> list[Json] | None:
    """New entries of the same session, and the last answer, which they may go on with."""
    sessions_ = {line.get("sessionId") for line in before[-1:]}
    for line in new:
        is_elsewhere = line.get("sessionId") not in sessions_ and _is_message(line)
        is_loose = line.get("isSidechain") is True and not line.get("agentId")
        if is_elsewhere or is_loose or str(line.get("type")) in _TITLES or is_queue_operation(line):
            return None
    if not goes_on(*([_entry(Value(0, line)) for line in lines] for lines in (before, new))):
        return None
    answers = [line for line in before if line.get("type") == "assistant" and _is_message(line)]
    return [*answers[-1:], *new]


class Transcript(Struct, frozen=True):
    """The entries of one session under its id; ``parent`` is set for a sub-agent's."""

    id: str
    parent: str | None
    entries: list[Entry]
    operations: list[Entry] = []
    is_agent: bool = False


class _File:
    """What the lines of one file have said."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._main: list[Entry] = []
        self._operations: list[Entry] = []
        self._agents: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        self._roots: dict[str | None, str] = {}
        self._is_own = self._is_iflow = False
        self.titles: list[Json] = []

    def take(self, item: Value) -> None:
        line: Json = item.value
        if str(line.get("type")) in _TITLES:
            self.titles.append(line)
            return
        entry = _entry(item)
        if is_queue_operation(line):
            self._operations.append(entry)
        elif entry.key is None and not entry.is_message:
            return
        elif line.get("isSidechain") is True:
            chain = line.get("agentId") or self._roots.get(entry.parent)
            chain = str(chain or entry.key or entry.number)
            self._roots[entry.key] = chain
            self._agents[entry.session, chain].append(entry)
        else:
            self._main.append(entry)
        self._judge(line)

    def _judge(self, line: Json) -> None:
        """Whether it was Claude Code that wrote it."""
        message = line["message"] if isinstance(line.get("message"), dict) else {}
        by_claude = str(message.get("model")).startswith("claude")
        self._is_own |= by_claude or bool(_VERSION.match(str(line.get("version"))))
        self._is_iflow |= bool(_IFLOW.fullmatch(str(line.get("sessionId"))))

    @property
    def label(self) -> str:
        """Which agent wrote the file."""
        if "/.iflow/" in self._name or self._is_iflow:
            return "iflow"
        return OWN if self._is_own else LIKE

    def transcripts(self) -> Iterator[Transcript]:
        """The sessions of the file, each before its sub-agents."""
        entries = self._main or [entry for own in self._agents.values() for entry in own]
        names = self._session_ids(entries)
        groups: dict[str, list[Entry]] = defaultdict(list)
        for entry in self._main:
            groups[names[entry.session]].append(entry)
        self._main.clear()
        agents = [(self._parent(*key, names), key[1], own) for key, own in self._agents.items()]
        for ident in dict.fromkeys([*groups, *(parent or "" for parent, _, _ in agents)]):
            if ident in groups:
                queue = [
                    operation
                    for operation in self._operations
                    if names.get(operation.session) == ident
                ]
                yield Transcript(ident, None, groups[ident], queue)
            for parent, agent, own in agents:
                if (parent or "") == ident:
                    name = f"{parent}:{agent}" if parent else f"agent-{agent}"
                    yield Transcript(name, parent, own, is_agent=True)

    def _parent(self, session: str, agent: str, names: dict[str, str]) -> str | None:
        """The session of a sub-agent: that of its folder, else that of its lines.

        Some name themselves there.
        """
        folder = re.search(r"([^/\\!]+)[/\\]subagents[/\\]", self._name)
        parent = folder[1] if folder else names.get(session, session)
        return parent if parent and parent != f"agent-{agent}" else None

    def _session_ids(self, entries: list[Entry]) -> dict[str, str]:
        """The session that each ``sessionId`` of the file belongs to.

        A resumed file begins with copies that bear the old session's id: ids whose entries hang
        together are one session, the last of them.  Entries without an id belong to the last
        session.
        """
        owners = {entry.key: entry.session for entry in entries}
        joined: dict[str, str] = {}
        for entry in entries:
            own = entry.session
            joined.setdefault(own, own)
            above = owners.get(entry.parent) if entry.parent is not None else None
            if above is not None and above != own and above in joined:
                joined[_root(joined, above)] = own
                joined[own] = own
        last = next((ident for ident in reversed(joined) if ident), "")
        file = PurePath(self._name).name.partition(".")[0]
        return {ident: _root(joined, ident or last) or file for ident in ["", *joined]}


def _entry(item: Value) -> Entry:
    line: Json = item.value
    key = line.get("uuid")
    return Entry(
        number=item.number,
        key=key if isinstance(key, str) else None,
        parent=parent_of(line),
        session=line.get("sessionId") or "",
        is_message=_is_message(line),
        is_prompt=_is_prompt(line),
        packed=packed(line),
    )


def _root(joined: dict[str, str], ident: str) -> str:
    seen = {ident}
    while (above := joined.get(ident, ident)) not in seen:
        seen.add(above)
        ident = above
    return ident


def _is_message(entry: Json) -> bool:
    kind = kind_of(entry)
    if kind in {"user", "assistant"}:
        return isinstance(entry.get("message"), dict) and "parts" not in entry["message"]
    return (kind == "system" and isinstance(entry.get("content"), str)) or is_queued(entry)


def _title(titles: list[Json], transcript: Transcript) -> str | None:
    """The session's title: given by the user, generated, or the summary of one of its leaves."""
    if transcript.is_agent or not titles:
        return None
    keys = {entry.key for entry in transcript.entries}
    ids = {entry.session for entry in transcript.entries} | {transcript.id, None}
    for kind, field in _TITLES.items():
        own = [
            entry[field]
            for entry in titles
            if entry.get("type") == kind
            and isinstance(entry.get(field), str)
            and (
                entry.get("leafUuid") in keys
                if kind == "summary"
                else entry.get("sessionId") in ids
            )
        ]
        if own:
            return str(own[-1])
    return None


def _session(transcript: Transcript, file: _File, rules: Rules) -> Iterator[SessionRecord]:
    seen: set[str] = set()
    number, title = transcript.entries[0].number, _title(file.titles, transcript)
    split = rewound(transcript.entries)
    transcript.entries.clear()
    first = split.line[0].value()
    draft = SessionDraft(
        id=own_id(transcript.id, None),
        title=title,
        kind="task" if transcript.is_agent else "session",
        channel=rules.channel or file.label,
        agent=file.label,
        parent=transcript.parent,
        metadata={key: first[key] for key in _PLACES if isinstance(first.get(key), str)},
    )
    numbers = [entry.number for entry in split.line] if transcript.operations else []
    line = queued_prompts(transcript.operations, numbers, _turns(split.line, seen))
    branches = [(_turns(own, seen), after, parent) for own, after, parent in split.branches]
    for record in sessions(number, draft, Lines(turns=line, branches=branches), rules):
        if file.label == LIKE and record.draft.kind != "branch":
            record.remarks["written like Claude Code, by another agent"] += 1
        yield record


def _turns(entries: list[Entry], seen: set[str]) -> Iterator[Turn]:
    """The turns of the entries, which are let go one by one: a long session lies in memory once."""
    entries.reverse()
    while entries:
        yield _turn(entries.pop(), seen)


def _is_prompt(entry: Json) -> bool:
    if entry.get("type") != "user" or entry.get("isMeta") is True or not _is_message(entry):
        return False
    content = entry["message"].get("content")
    return not isinstance(content, list) or not any(
        isinstance(block, dict) and block.get("type") == "tool_result" for block in content
    )


def _turn(packed_entry: Entry, seen: set[str]) -> Turn:
    entry = packed_entry.value()
    message = _message(entry)
    usage = _usage(message, seen)
    model = message.get("model")
    inputs = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    role, content = _spoken(entry, message.get("content"))
    return Turn(
        role=role,
        parts=parts_of(content),
        key=entry.get("uuid"),
        at=moment_of(entry.get("timestamp")),
        model=None if model == "<synthetic>" else model,
        input_tokens=sum(counted(usage.get(key)) for key in inputs),
        output_tokens=usage.get("output_tokens"),
        **details_of(usage),
        metadata={key: entry[key] for key in _KEPT if entry.get(key) is not None},
        original=entry,
    )


def _spoken(entry: Json, content: Any) -> tuple[str, Any]:  # noqa: ANN401 - any JSON
    """Whose an entry is, and what it says: a command of the user as it was typed."""
    kind = str(entry.get("type"))
    role = {"user": "user", "assistant": "assistant", "attachment": "user"}.get(kind, "system")
    if role != "user":
        return role, content
    text = content if isinstance(content, str) else ""
    if entry.get("isMeta") is True or _INSERTED.match(text):
        return "system", content
    name = _COMMAND_NAME.search(text) if _COMMAND.match(text) else None
    if name is None:
        return role, content
    arguments = _COMMAND_ARGUMENTS.search(text)
    typed = arguments[1] if arguments is not None else ""
    return "user" if typed else "system", f"{name[1]} {typed}".strip()


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
