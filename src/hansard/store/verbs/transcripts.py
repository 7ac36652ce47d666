"""Transcripts: all the messages of one session, of several, or the newest of a workflow's."""

from __future__ import annotations

import re
from collections import Counter
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from hansard.model import Message, MessageQuery, Session, parts
from hansard.model.page import PAGE_BYTES
from hansard.model.times import LATEST
from hansard.store import listing, rows, steps
from hansard.store.steps import Steps, pause
from hansard.store.verbs import sessions as session_verbs
from hansard.store.verbs.message_pages import each_at, size_of, stretch, weight
from hansard.store.verbs.session_lookup import SessionRef, existing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.model import SessionFilter

T = TypeVar("T")
_BATCH, _SEARCHED = 1000, 200
_OPENING, _MORE, _FEW, _MOST_READ = 8, 64, 8, 5000
_SPOKEN_BYTES, _CANDIDATES = 200, 20
_STORED_BYTES = 1 << 16
_TAIL_BYTES, _MOST_BYTES = PAGE_BYTES // 2, 4 * PAGE_BYTES
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_SHARP_S = re.compile("ss", re.IGNORECASE)
SPEAKERS = ("system", "user", "assistant")
MessagePosition = tuple[int, int, str]
"""Where a message stands among those of several sessions: ``created_at``, ``seq`` and ``id``."""


def spoken(ref: SessionRef, limit: int) -> Steps[tuple[Session, list[Message]]]:
    """The session and its last messages of users, assistants and systems that have text, in order.

    Fewer than ``limit`` where more would go beyond the bytes of a page.
    """
    session = yield from existing(ref)
    kept: list[Message] = []
    before, more, room = session.last_seq + 1, limit > 0, PAGE_BYTES
    while more and len(kept) < limit:
        query = MessageQuery(
            before=before,
            limit=min(limit, _BATCH),
            roles=SPEAKERS,
            descending=True,
            most_bytes=room,
        )
        messages, more = yield from stretch(ref.workspace_id, session.id, query)
        for message in messages:
            if not parts.text(message.parts).strip():
                continue
            room -= size_of(message) + _SPOKEN_BYTES
            if kept and room < 0:
                more = False
                break
            kept.append(message)
        before = messages[-1].seq if messages else 0
        yield from pause()
    return session, kept[:limit][::-1]


class Tail(Struct, frozen=True):
    """The end of a transcript: ``opening`` system messages, ``newest`` messages in order.

    ``task`` is the last message of a user with words before ``newest``, None without one.
    """

    session: Session
    opening: list[Message]
    newest: list[Message]
    task: Message | None


def tail(ref: SessionRef, limit: int, shape: Callable[[Tail], T], *, with_task: bool) -> Steps[T]:
    """What the pure function ``shape`` makes of the newest messages.

    It gets some more than ``limit``, so that answers meet their calls.

    They end where a bound in bytes is reached, after one message at least.
    """
    session = yield from existing(ref)
    here = (ref.workspace_id, session.id)
    first, _ = yield from stretch(*here, MessageQuery(limit=_OPENING, most_bytes=_TAIL_BYTES))
    opening = list(takewhile(lambda message: message.known_role == "system", first))
    newest, _ = yield from _before(session, session.last_seq + 1, limit + _MORE)
    size = sum(map(size_of, newest))
    while newest and len(newest) < _MOST_READ and size < _MOST_BYTES and _has_answer(newest[0]):
        earlier, _ = yield from _before(session, newest[0].seq, _BATCH)
        if not earlier:
            break
        newest = earlier + newest
        size += sum(map(size_of, earlier))
    task = None
    if with_task and newest:
        task = yield from _last_words_of_user(session, newest[0].seq)
    yield from pause(ahead=weight(opening) + weight(newest))
    return shape(Tail(session, opening, newest, task))


def _before(
    session: Session, seq: int, limit: int, roles: tuple[str, ...] = ()
) -> Steps[tuple[list[Message], bool]]:
    """The last messages before ``seq``, in order, and whether there are more before them."""
    query = MessageQuery(before=seq, limit=limit, roles=roles, most_bytes=_TAIL_BYTES)
    return (yield from stretch(session.workspace_id, session.id, query))


def _has_answer(message: Message) -> bool:
    return any(part.type == "tool_call_response" for part in parts.decode(message.parts))


def _last_words_of_user(session: Session, seq: int) -> Steps[Message | None]:
    """The last message before ``seq`` in which a user said something, not only answered a call."""
    size, more = _FEW, True
    while more:
        messages, more = yield from _before(session, seq, size, ("user",))
        for message in reversed(messages):
            if parts.text(message.parts).strip():
                return message
        if messages:
            seq, size = messages[0].seq, _SEARCHED
    return None


def mentions(
    workspace_id: str,
    filters: SessionFilter,
    text: str,
    after: list[Any] | None,
    show: Callable[[Session, Message], T],
) -> Steps[tuple[list[T], list[Any] | None]]:
    """Those of the next sessions in which ``text`` was said, latest activity first.

    What the pure function ``show`` makes of each and the first message that has the text.

    The second value is where the search goes on, None at its end.
    """
    listed = yield from session_verbs.page(
        workspace_id, filters, "-active_at", _SEARCHED, offset=0, after=after, with_total=False
    )
    searched = listed.positions[:_SEARCHED]
    ids = [entry.id for entry in searched]
    first = yield from _first_holding(workspace_id, ids, text)
    sessions = yield from session_verbs.by_ids(workspace_id, list(first))
    shown = yield from each_at(
        workspace_id,
        [(id_, first[id_]) for id_ in ids if id_ in sessions],
        lambda message: show(sessions[message.session_id], message),
    )
    hits = [shown[id_, first[id_]] for id_ in ids if id_ in first and (id_, first[id_]) in shown]
    more = len(listed.positions) > _SEARCHED
    return hits, searched[-1].position if more else None


def _first_holding(
    workspace_id: str, session_ids: Sequence[str], text: str
) -> Steps[dict[str, int]]:
    """The ``seq`` of the first message in which the text was said, by session.

    The database finds those whose JSON may hold it, a few of each session at a time.
    """
    sought = text.casefold()
    first: dict[str, int] = {}
    behind = dict.fromkeys(session_ids, 0)
    while behind:
        got = yield from steps.rows(
            "message_holding",
            workspace_id=workspace_id,
            places=msgspec.json.encode(list(behind.items())).decode(),
            pattern=_pattern(text),
            limit=_CANDIDATES,
        )
        candidates = [(session_id, seq) for session_id, seq in got]
        holds = yield from each_at(
            workspace_id, candidates, lambda message: sought in parts.text(message.parts).casefold()
        )
        for session_id, seq in candidates:
            if holds.get((session_id, seq)):
                first.setdefault(session_id, seq)
        counted = Counter(session_id for session_id, _ in candidates)
        behind = {
            session_id: seq
            for session_id, seq in candidates  # the last of each session counts
            if counted[session_id] == _CANDIDATES and session_id not in first
        }
    return first


def _pattern(text: str) -> str:
    """What the JSON of a message with ``text`` must contain.

    The longest run of ASCII letters and digits in it, which no encoder escapes.

    ``ss`` is no part of a run: where it is looked for, an ß may stand.
    """
    return f"%{max(_PLAIN.findall(_SHARP_S.sub(' ', text)), key=len, default='')}%"


def newest(
    workspace_id: str, filters: SessionFilter, limit: int, before: MessagePosition | None
) -> Steps[tuple[dict[str, Session], list[Message]]]:
    """The newest messages of the matching sessions before ``before``, oldest first.

    Also their sessions by id. Fewer than ``limit`` where more would go beyond the bytes of a page.
    """
    index_rows = yield listing.newest_messages(
        workspace_id, filters, limit, before or (LATEST + 1, 0, "")
    )
    messages = (yield from _at(workspace_id, index_rows))[::-1]
    ids = list(dict.fromkeys(message.session_id for message in messages))
    sessions = (
        (yield from steps.rows("session_by_ids", workspace_id=workspace_id, ids=rows.texts(ids)))
        if ids
        else []
    )
    return {session.id: session for session in map(rows.session, sessions)}, messages


def _at(workspace_id: str, index_rows: Sequence[steps.Row]) -> Steps[list[Message]]:
    """The messages at positions (session, ``seq``, bytes as stored).

    As many as fit a page, at least one. What is stored may be packed, so that little is read ahead.
    """
    kept: list[Message] = []
    start, room = 0, PAGE_BYTES
    while start < len(index_rows):
        end, stored = start, 0
        while end < len(index_rows) and (
            end == start or stored + index_rows[end][2] <= _STORED_BYTES
        ):
            stored += index_rows[end][2]
            end += 1
        positions = [(session_id, seq) for session_id, seq, _ in index_rows[start:end]]
        by_position = yield from each_at(workspace_id, positions, lambda message: message)
        for message in (by_position[each] for each in positions if each in by_position):
            room -= size_of(message)
            if kept and room < 0:
                return kept
            kept.append(message)
        start = end
    return kept
