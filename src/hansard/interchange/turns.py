"""Foreign turns made into session records.

Roles, times, ids, branches, and warnings.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any

import msgspec
from msgspec import Raw, Struct

from hansard import ids
from hansard.errors import Invalid
from hansard.interchange.content import KNOWN
from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.moments import filled
from hansard.interchange.records import ClientIds, Rules, SessionRecord, Unreadable, counted
from hansard.interchange.trees import Branch
from hansard.model import MessageDraft, SessionDraft, parts
from hansard.model.message import MOST_USD, Role
from hansard.model.session import TIME_UNKNOWN

EMPTY, REPLACED, DROPPED = (
    "messages without content",
    "lone surrogates replaced",
    "messages on dropped branches",
)
_UNKNOWN, _ROLE = "unknown content: ", "unknown role: "
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_KIND = 64

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "customer": "user",
    "prompter": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "claude": "assistant",
    "gemini": "assistant",
    "agent": "assistant",
    "tool": "tool",
    "function": "tool",
    "ipython": "tool",
    "observation": "tool",
    "function_response": "tool",
    "tool_response": "tool",
    "toolresult": "tool",
}
"""The roles of all products, in lower case."""


class Turn(Struct, kw_only=True):
    """One message of a foreign session.

    ``role`` is the foreign one, ``key`` its own id, ``at`` in microseconds.  ``original`` is kept
    in the metadata of a message that has no parts.
    """

    role: object
    parts: list[Json]
    key: object = None
    at: int | None = None
    model: object = None
    input_tokens: object = 0
    output_tokens: object = 0
    cache_read_tokens: object = 0
    cache_write_tokens: object = 0
    reasoning_tokens: object = 0
    cost_usd: object = 0
    metadata: Json = {}
    original: object = None


class Lines(Struct, kw_only=True):
    """The current line of a conversation, and its branches: their turns, as in ``Branch``.

    Turns are taken once and one at a time, so that a long session does not lie in memory twice.
    """

    turns: Iterable[Turn]
    branches: Sequence[tuple[Iterable[Turn], str | None, int | None]] = []


class Span(Struct, frozen=True, kw_only=True):
    """What a file says of a session's times, in microseconds.

    ``end`` is assumed where it says nothing, and so is the beginning where ``is_assumed``.

    A ``settled`` session ended with its last message.
    """

    started: int | None = None
    is_assumed: bool = False
    updated: int | None = None
    settled: bool = False
    archived_at: int | None = None
    end: int | None = None


def role_of(role: object) -> Role | None:
    return ROLES.get(role.strip().lower()) if isinstance(role, str) else None


def lines(turns: dict[str, Turn], line: Sequence[str], branches: Sequence[Branch]) -> Lines:
    """The turns of a tree that was split."""
    return Lines(
        turns=[turns[key] for key in line],
        branches=[
            ([turns[key] for key in branch.keys], branch.after, branch.parent)
            for branch in branches
        ],
    )


def sessions(
    number: int,
    draft: SessionDraft,
    turns: Lines | Iterable[Turn],
    rules: Rules,
    span: Span | None = None,
) -> Iterator[SessionRecord]:
    """The session, and one of kind ``branch`` below it for each branch.

    Or their count if they are to be dropped.

    Raises Unreadable where a message cannot be stored.
    """
    whole = turns if isinstance(turns, Lines) else Lines(turns=turns)
    span = span or Span()
    if whole.branches and rules.keep_branches:
        yield from _with_branches(number, draft, whole, rules, span)
        return
    dropped = sum(len(list(own)) for own, _, _ in whole.branches)
    if dropped:
        metadata = draft.metadata | {"messages_on_other_branches": dropped}
        draft = msgspec.structs.replace(draft, metadata=metadata)
    record = _Builder(number, draft, rules).record(whole.turns, span)
    record.remarks.update({DROPPED: dropped} if dropped else {})
    yield record


def _with_branches(
    number: int, draft: SessionDraft, whole: Lines, rules: Rules, span: Span
) -> Iterator[SessionRecord]:
    """The line, then the branches."""
    main = _Builder(number, draft, rules)
    built = [(main.record(whole.turns, span), main)]
    for turns, after, parent in whole.branches:
        above, builder = built[0 if parent is None else parent + 1]
        fork = builder.last_message(above, after)
        own = list(turns)
        branch = _Builder(number, _branch_draft(built[0][0].draft, above.draft, own[0].key), rules)
        started = fork.created_at if fork else above.draft.created_at
        is_assumed = TIME_UNKNOWN in above.draft.metadata
        record = branch.record(own, Span(started=started, is_assumed=is_assumed))
        record = msgspec.structs.replace(record, forked_after=fork.client_id if fork else None)
        built.append((record, branch))
    yield from (record for record, _ in built)


def _branch_draft(main: SessionDraft, above: SessionDraft, key: object) -> SessionDraft:
    return msgspec.structs.replace(
        main,
        id=branch_id(main.id or "", key),
        kind="branch",
        parent=above.id,
        created_at=None,
        resolution="open",
        trail=[],
        intent=None,
        metadata={},
    )


def pieces(turns: Iterable[Turn]) -> Iterator[Turn]:
    """The turns with one message each, as ``_pieces`` parts them."""
    return chain.from_iterable(map(_pieces, turns))


def draft_of(piece: Turn, rules: Rules) -> MessageDraft:
    """The message of one of the ``pieces``, without a session around it, and so without an id."""
    return _Builder(0, SessionDraft(), rules).message(piece, 0, None)


def _pieces(turn: Turn) -> Iterable[Turn]:
    """A turn without tools' answers inside the assistant's turn.

    They become messages of their own.
    """
    answers = [part["type"] == _RESPONSE for part in turn.parts]
    if not any(answers):
        return (turn,)
    if all(answers):
        return (msgspec.structs.replace(turn, role="tool"),)
    return _separated(turn) if role_of(turn.role) == "assistant" else (turn,)


def _separated(turn: Turn) -> Iterator[Turn]:
    groups = groupby(turn.parts, lambda part: bool(part["type"] == _RESPONSE))
    for index, (is_answer, parts_) in enumerate(groups):
        role = "tool" if is_answer else turn.role
        piece = msgspec.structs.replace(turn, parts=list(parts_), role=role)
        if index:
            piece.input_tokens = piece.output_tokens = piece.cost_usd = 0
            piece.cache_read_tokens = piece.cache_write_tokens = piece.reasoning_tokens = 0
            piece.metadata = {}
        yield piece


_RESPONSE = "tool_call_response"


def branch_id(session_id: str, key: object) -> str:
    """The id of a branch: its session's and its first message's."""
    name = f"{session_id}:{key}"
    if ids.is_own_id(name):
        return name
    return "branch_" + hashlib.blake2b(
        name.encode("utf-8", "replace"), digest_size=16
    ).hexdigest()  # fmt: skip


def _nanos(usd: object) -> int:
    """Billionths of a US dollar; 0 for what cannot be a price."""
    if not usd or not isinstance(usd, int | float) or not 0 <= usd <= MOST_USD:
        return 0
    return round(usd * 1e9)


class _Builder:
    """Makes one record, and counts what is noticed."""

    def __init__(self, number: int, draft: SessionDraft, rules: Rules) -> None:
        self._number = number
        self._draft = draft
        self._rules = rules
        self._remarks: Counter[str] = Counter()
        self._places: dict[str, int] = {}

    def record(self, turns: Iterable[Turn], span: Span) -> SessionRecord:
        names = ClientIds()
        messages: list[MessageDraft] = []
        for piece in pieces(turns):
            self._places[str(piece.key)] = len(messages)
            messages.append(self.message(piece, len(messages), names.next(piece.key)))
        timed = [span.updated, None if span.is_assumed else span.started]
        unknown = all(at is None for at in [*timed, *(each.created_at for each in messages)])
        self._fill_times(messages, span)
        return SessionRecord(
            number=self._number,
            draft=self._dated(messages, span, unknown=unknown),
            messages=messages,
            ended_at=messages[-1].created_at if span.settled and messages else None,
            archived_at=span.archived_at,
            remarks=self._remarks,
        )

    def last_message(self, record: SessionRecord, key: str | None) -> MessageDraft | None:
        """The last message of the record that came of the turn with this key."""
        index = None if key is None else self._places.get(key)
        return None if index is None else record.messages[index]

    def _fill_times(self, messages: list[MessageDraft], span: Span) -> None:
        known = [message.created_at for message in messages]
        if None not in known:
            return
        end = span.end if span.end is not None else self._rules.now
        times = filled(known, span.started, span.updated if span.updated is not None else end)
        for index, (at, before) in enumerate(zip(times, known, strict=True)):
            if before is None:
                messages[index] = msgspec.structs.replace(messages[index], created_at=at)

    def _dated(self, messages: list[MessageDraft], span: Span, *, unknown: bool) -> SessionDraft:
        draft = self._draft
        first = messages[0].created_at if messages else span.updated or span.end or self._rules.now
        models = (message.model for message in reversed(messages) if message.model)
        dated = msgspec.structs.replace(
            draft,
            created_at=span.started if span.started is not None else first,
            model=draft.model or next(models, None),
            title_by=(draft.title_by or "import") if draft.title else None,
            metadata=draft.metadata | ({TIME_UNKNOWN: True} if unknown else {}),
        )
        return self._clean_draft(dated)

    def _clean_draft(self, draft: SessionDraft) -> SessionDraft:
        """A draft that can be written as JSON."""
        try:
            msgspec.json.encode(draft)
        except UnicodeEncodeError:
            return msgspec.convert(self._cleaned(msgspec.to_builtins(draft)), SessionDraft)
        except (OverflowError, RecursionError, msgspec.EncodeError) as problem:
            message = f"the session cannot be written as JSON: {problem}"
            raise Unreadable(message) from problem
        return draft

    def message(self, turn: Turn, index: int, name: str | None) -> MessageDraft:
        where = f"messages[{index}]"
        metadata = turn.metadata
        items = turn.parts
        if not items:
            self._remarks[EMPTY] += 1
            items = [{"type": "text", "content": ""}]
            metadata = metadata | ({"original": turn.original} if turn.original else {})
        role = role_of(turn.role)
        if role is None:
            self._remarks[f"{_ROLE}{str(turn.role)[:_LONGEST_KIND]}"] += 1
            metadata = {"role": turn.role} | metadata
        raw, text = self._parts(items, where)
        return MessageDraft(
            role=role or "system",
            parts=raw,
            text=text,
            client_id=name,
            model=self._text(turn.model),
            input_tokens=counted(turn.input_tokens),
            output_tokens=counted(turn.output_tokens),
            cache_read_tokens=counted(turn.cache_read_tokens),
            cache_write_tokens=counted(turn.cache_write_tokens),
            reasoning_tokens=counted(turn.reasoning_tokens),
            cost_nanos=_nanos(turn.cost_usd),
            created_at=turn.at,
            metadata=self._json(metadata, where),
        )

    def _text(self, value: object) -> str | None:
        text = text_or_none(value)
        return text if text is None or text.isascii() else str(self._cleaned(text))

    def _parts(self, items: list[Json], where: str) -> tuple[Raw, str]:
        """Parts as they are stored, and what they say.

        A part that breaks a rule of ours is kept inside another.
        """
        if len(items) == 1 and items[0]["type"] == "text" and isinstance(items[0]["content"], str):
            return self._plain(items, where)
        for item in items:
            if item["type"] not in KNOWN:
                self._remarks[f"{_UNKNOWN}{str(item['type'])[:_LONGEST_KIND]}"] += 1
        raw = self._json(items, where)
        try:
            return raw, parts.check(raw, where)
        except Invalid:
            raw = self._json([self._sound(item, where) for item in items], where)
            return raw, parts.check(raw, where)

    def _plain(self, items: list[Json], where: str) -> tuple[Raw, str]:
        """The same for a single text, which breaks no rule."""
        try:
            return Raw(msgspec.json.encode(items)), items[0]["content"]
        except UnicodeEncodeError:
            items = self._cleaned(items)
            return self._json(items, where), items[0]["content"]

    def _sound(self, item: Json, where: str) -> Json:
        try:
            parts.check(self._json([item], where), where)
        except Invalid:
            kind = item["type"] if isinstance(item.get("type"), str) else "unknown"
            if kind in KNOWN:
                self._remarks[f"{_UNKNOWN}{kind}"] += 1
            return {"type": "unknown" if kind in KNOWN else kind, "original": item}
        return item

    def _json(self, value: object, where: str) -> Raw:
        try:
            return Raw(msgspec.json.encode(value))
        except UnicodeEncodeError:
            return Raw(msgspec.json.encode(self._cleaned(value)))
        except (OverflowError, RecursionError, msgspec.EncodeError) as problem:
            message = f"{where} cannot be written as JSON: {problem}"
            raise Unreadable(message) from problem

    def _cleaned(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """The same with U+FFFD for lone surrogates, which no encoding can carry."""
        if isinstance(value, str):
            clean, count = _SURROGATE.subn("\ufffd", value)
            if count:
                self._remarks[REPLACED] += count
            return clean
        if isinstance(value, list):
            return [self._cleaned(item) for item in value]
        if isinstance(value, dict):
            return {self._cleaned(key): self._cleaned(item) for key, item in value.items()}
        return value
