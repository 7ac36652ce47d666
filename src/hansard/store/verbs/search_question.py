"""A question to the search index: which sessions match, and by which of their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hansard.store import rows, steps
from hansard.store.verbs import search_unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hansard.model import SessionFilter
    from hansard.store.search_query import SearchTerms
    from hansard.store.steps import Row, Steps
    from hansard.store.verbs.search_answers import Answer

_MOST_HITS, _FEW_SESSIONS = 1000, 50
_MOST_PROBES, _MOST_PASSES, _MOST_PROBED = 16, 3, 10_000
_AT_ONCE = 4
"""Up to this many sessions are queried one by one; more are queried together, newest first."""


class Question(Struct):
    """What is looked for, where, and what is known of the answer.

    ``handles`` are those of matching sessions in the index: of all of them where ``is_whole``, of
    those with a handle greater than ``floor`` where there is one. ``waiting`` are the ``seq`` of
    matching messages that the index has not seen, ``seqs`` those that it has, where all are known.
    The rest is what ``Answer`` holds.
    """

    workspace_id: str
    filters: SessionFilter
    spelled: dict[str, str]
    waiting: search_unseen.UnindexedMatches
    is_matching: dict[str, bool]
    rows: dict[str, Row | None]
    session_ids: dict[Any, str]
    handles: dict[str, Any] = {}
    seqs: dict[str, list[int]] = {}
    is_whole: bool = True
    floor: Any = None
    passes: int = 0

    @property
    def matching(self) -> list[str]:
        """The sessions that are known to match, for all that is looked up now."""
        return list(self.handles.keys() | self.seqs.keys() | self.waiting.seqs.keys())

    @property
    def all_seqs(self) -> dict[str, list[int]] | None:
        """The matching messages of all sessions; None where some are not known."""
        if not self.is_whole or self.handles.keys() - self.seqs.keys():
            return None
        return {ident: self.seqs_of(ident) for ident in self.matching}

    def seqs_of(self, ident: str) -> list[int]:
        """The matching messages of a session that are known, the newest first."""
        indexed, waiting = self.seqs.get(ident, ()), self.waiting.seqs.get(ident, ())
        return sorted({*indexed, *waiting}, reverse=True)


def ask(  # noqa: PLR0913 - the question and what is known
    workspace_id: str,
    terms: SearchTerms,
    filters: SessionFilter,
    code: str | None,
    waiting: search_unseen.UnindexedMatches,
    before: Answer,
) -> Steps[Question]:
    """Ask the index which sessions match.

    Not again where it is known that they are many: then each session is asked about.
    ``code`` stands before the words of the workspace; None where nothing is indexed.
    """
    question = Question(
        workspace_id,
        filters,
        {} if code is None else {"workspace_id": workspace_id, **terms.spelled(code)},
        waiting,
        {**before.is_matching},
        {**before.rows},
        {**before.session_ids},
        is_whole=not before.has_many,
    )
    if question.is_whole and code is not None:
        if before.seqs is None or len(before.changed) > _MOST_PROBES:
            yield from _find_newest(question)
        else:
            question.seqs = {**before.seqs}
            yield from _read_seqs(question, list(before.changed))
    return question


def _find_newest(question: Question) -> Steps[None]:
    hits = yield from steps.rows("search_matching", **question.spelled, limit=_MOST_HITS)
    is_cut = len(hits) == _MOST_HITS
    question.floor = hits[0][3] if hits and hits[0][3] is not None else None
    is_floored = question.floor is not None
    if is_cut and not is_floored:
        question.floor = hits[-1][1]
    question.is_whole = question.floor is None
    yield from _name(question, hits)
    for _, handle, seq, _ in hits:
        session_id = question.session_ids.get(handle)
        if session_id is not None and handle != question.floor:
            question.handles[session_id] = handle
            question.seqs.setdefault(session_id, []).append(seq)
    if is_cut and not is_floored and len(question.handles) < _FEW_SESSIONS:
        yield from know_all(question)


def _name(question: Question, hits: Iterable[Row]) -> Steps[None]:
    """Learn the ids of the sessions that have the handles of these hits."""
    unknown = set[Any]()
    for session_id, handle, *_ in hits:
        if session_id is not None:
            question.session_ids[handle] = session_id
        elif handle not in question.session_ids:
            unknown.add(handle)
    if unknown:
        got = yield from steps.rows(
            "search_session_ids", workspace_id=question.workspace_id, handles=_json(unknown)
        )
        question.session_ids.update((handle, session_id) for handle, session_id in got)


def know_all(question: Question) -> Steps[None]:
    """Learn of every session that matches."""
    if not question.is_whole and question.spelled:
        got = yield from steps.rows("search_all", **question.spelled)
        question.handles.update((ident, handle) for ident, handle in got if ident is not None)
    question.is_whole, question.floor = True, None


def matching_among(question: Question, idents: Sequence[str]) -> Steps[set[str]]:
    """Which of these sessions match; learns all that do when many of these are not known."""
    sure = {
        ident
        for ident in idents
        if ident in question.handles
        or ident in question.waiting.seqs
        or question.is_matching.get(ident)
    }
    unsure = [ident for ident in idents if ident not in sure and ident not in question.is_matching]
    if not question.is_whole and unsure:
        sure |= yield from _matching_in_index(question, unsure)
    question.is_matching.update((ident, ident in sure) for ident in idents)
    return sure


def _matching_in_index(question: Question, idents: Sequence[str]) -> Steps[set[str]]:
    got = yield from _handles(question, idents)
    below = {
        handle: ident for ident, handle in got if question.floor is None or handle <= question.floor
    }
    if not below:
        return set()
    if len(below) > _MOST_PROBES:
        question.passes += 1
        if question.passes > _MOST_PASSES:
            yield from know_all(question)
            return question.handles.keys() & set(idents)
    matching = yield from steps.rows(
        "search_which" if len(below) <= _MOST_PROBES else "search_among",
        **question.spelled,
        handles=_json(below),
    )
    return {below[row[0]] for row in matching}


def also_indexed(question: Question) -> Steps[set[str]]:
    """Those of the waiting sessions that the index finds as well."""
    by_handle = {
        handle: ident for ident, handle in (yield from _handles(question, [*question.waiting.seqs]))
    }
    if not by_handle:
        return set()
    got = yield from steps.rows("search_which", **question.spelled, handles=_json(by_handle))
    return {by_handle[row[0]] for row in got}


def seqs_of(question: Question, idents: Sequence[str]) -> Steps[dict[str, list[int]]]:
    """The matching messages of each of these sessions, the newest first."""
    lacking = [
        ident
        for ident in idents
        if ident not in question.seqs and (ident in question.handles or not question.is_whole)
    ]
    if lacking and question.spelled:
        yield from _read_seqs(question, lacking)
    return {ident: question.seqs_of(ident) for ident in idents}


def _read_seqs(question: Question, idents: Sequence[str]) -> Steps[None]:
    others = [ident for ident in idents if ident not in question.handles]
    left = {handle: ident for ident, handle in (yield from _handles(question, others))}
    left |= {question.handles[ident]: ident for ident in idents if ident in question.handles}
    if len(left) > _AT_ONCE:
        hits = yield from steps.rows(
            "search_hits", **question.spelled, handles=_json(left), limit=_MOST_HITS
        )
        for handle, seq in hits:
            if handle in left:
                question.seqs.setdefault(left[handle], []).append(seq)
        if len(hits) < _MOST_HITS:
            return
        left = {handle: ident for handle, ident in left.items() if handle <= hits[-1][0]}
    if left:
        question.seqs.update((yield from _probed(question, left)))


def _probed(question: Question, by_handle: Mapping[Any, str]) -> Steps[dict[str, list[int]]]:
    """The matching messages of each of these sessions, of those that have some."""
    got = yield from steps.rows(
        "search_probe", **question.spelled, handles=_json(by_handle), limit=_MOST_PROBED
    )
    matching = {by_handle[handle]: msgspec.json.decode(seqs) for handle, seqs in got}
    return {ident: seqs for ident, seqs in matching.items() if seqs}


def _handles(question: Question, idents: Sequence[str]) -> Steps[list[Row]]:
    """The sessions of these that are in the index, with their handles."""
    if not question.spelled or not idents:
        return []
    return (
        yield from steps.rows(
            "search_handles", workspace_id=question.workspace_id, ids=rows.texts(idents)
        )
    )


def _json(handles: Iterable[Any]) -> str:
    return msgspec.json.encode(list(handles)).decode()
