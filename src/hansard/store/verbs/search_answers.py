"""What searches found, kept with the generation at which they looked.

Behind a write only the sessions that changed since are looked at again: what a session says, and
whether it matches, stays as it is until an event tells of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from msgspec import Struct

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.store.verbs import search_unseen
from hansard.store.verbs.events import changed_sessions

if TYPE_CHECKING:
    from hansard.model import Session, SessionFilter
    from hansard.store.search_query import SearchTerms
    from hansard.store.steps import Row, Steps

_MEMORY = 24 * MIB
_MOST_CHANGES = 500
_MOST_SESSIONS, _MOST_HITS = 4000, 128
_SESSION_BYTES, _HIT_BYTES = 300, 5000
_encode = msgspec.msgpack.Encoder(enc_hook=int).encode


class SearchResult(Struct, frozen=True):
    """A session that matches, its size in bytes, and what is shown of it."""

    session: Session
    size: int
    shown: Any


class Answer(Struct, frozen=True):
    """What is known of a question at a generation.

    ``seen`` is the generation that the index had seen, ``waiting`` what is known of that which it
    had not. ``has_many`` is set where more sessions match than are looked up at once: then
    ``is_matching`` says it of some sessions, else ``seqs`` are those of all matching messages,
    indexed or not (None: they are not known). ``rows`` say where those sessions stand that pass the
    filter (None: it does not), ``session_ids`` are those of the index's handles. ``changed`` are
    the sessions of which nothing is known any more.
    """

    generation: int
    seen: int = -1
    waiting: search_unseen.Before | None = None
    has_many: bool = False
    is_matching: Mapping[str, bool] = {}
    seqs: Mapping[str, list[int]] | None = None
    rows: Mapping[str, Row | None] = {}
    session_ids: Mapping[Any, str] = {}
    results: Mapping[str, SearchResult] = {}
    changed: Collection[str] = ()


Answers: TypeAlias = WorkspaceCache[bytes, Answer]
NOTHING_KNOWN = Answer(-1)


def cache() -> Answers:
    """Room for the answers of a process."""
    return WorkspaceCache(_MEMORY, "search answers")


def key_of(terms: SearchTerms, filters: SessionFilter) -> bytes:
    """The key of a question; bytes, since these are quick to compare and to measure."""
    return _encode((terms, filters))


def known(workspace_id: str, key: bytes, now: int, seen: int, answers: Answers) -> Steps[Answer]:
    """What is known of a question and still holds.

    ``now`` is the present generation, ``seen`` the one that the index has seen.
    """
    before = answers.get(key, group=workspace_id)
    if before is None or before.generation > now:
        return NOTHING_KNOWN
    changed = yield from changed_sessions(workspace_id, before.generation, now, _MOST_CHANGES)
    if changed is None:
        return NOTHING_KNOWN
    return Answer(
        now,
        seen,
        before.waiting._replace(changed=changed)
        if before.waiting and before.seen == seen
        else None,
        before.has_many,
        _without(before.is_matching, changed),
        None if before.seqs is None else _without(before.seqs, changed),
        _without(before.rows, changed),
        before.session_ids,
        _without(before.results, changed),
        changed,
    )


def keep(workspace_id: str, key: bytes, answer: Answer, answers: Answers, since: int) -> None:
    """Keep an answer, unless it is too large; ``since`` as ``ByteCache.put`` takes it.

    A result counts twice: what is shown of it is kept as JSON as well, once it was asked for.
    """
    count = sum(map(len, (answer.is_matching, answer.rows, answer.session_ids)))
    if count <= _MOST_SESSIONS:
        size = _SESSION_BYTES * count + sum(
            _HIT_BYTES + 2 * result.size for result in answer.results.values()
        )
        answers.put(key, answer, workspace_id, size=size, since=since)


def newest_results(
    before: Mapping[str, SearchResult], page: Mapping[str, SearchResult]
) -> Mapping[str, SearchResult]:
    """The results of a page with those before it, where there is room for both."""
    return {**before, **page} if len(before) + len(page) <= _MOST_HITS else page


def _without(values: Mapping[str, Any], ids: Collection[str]) -> dict[str, Any]:
    left = dict(values)
    for session_id in ids:
        left.pop(session_id, None)
    return left
