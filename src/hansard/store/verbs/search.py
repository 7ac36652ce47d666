"""Search: the sessions of a workspace that have what is looked for, latest activity first.

A question that few sessions answer is answered from the index alone. One that many answer walks the
list of sessions in its order and asks the index about each, which soon finds a page. What the index
has not seen yet is read and compared here, and what was found before is looked up again only where
sessions changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from hansard.model import Message, Session, SessionFilter
from hansard.model.times import LATEST
from hansard.store import listing
from hansard.store.search_query import SearchTerms
from hansard.store.steps import Row, Steps, row, value
from hansard.store.verbs import (
    message_pages,
    search_answers,
    search_question,
    search_unseen,
    sessions,
    snapshot_paging,
)
from hansard.store.verbs.events import generation
from hansard.store.verbs.search_answers import Answer, SearchResult
from hansard.store.verbs.search_question import Question

T = TypeVar("T")
V = TypeVar("V")
_ORDER = "-active_at"
_CHUNK, _LARGEST_CHUNK, _MOST_WALKED = 100, 1600, 2000
_MOST_MATCHES, _SHOWN = 50, 3
MOST_COUNTED = 10_000
BEGINNING = [LATEST + 1, ""]
"""The place before every session."""


class Presentation(Struct, Generic[T, V], frozen=True):
    """How what is found is shown; both functions are pure.

    ``message`` is called for the newest matching messages of a session, and ``session`` with what
    it gave, and with the ``seq`` of those that match, the newest first; 0 is the title.
    """

    message: Callable[[Message], T]
    session: Callable[[Session, Sequence[int], Sequence[T]], V]


class Caches(Struct, frozen=True):
    """What a process keeps of its searches."""

    answers: search_answers.Answers
    unseen: search_unseen.UnseenWords


class Hit(Struct, Generic[V], frozen=True):
    """A session of the page and its size in bytes, where it stands, and what is shown of it."""

    session: Session
    size: int
    position: list[Any]
    shown: V


class SearchPage(Struct, Generic[V], frozen=True):
    """A page of hits, plus one when there are more."""

    hits: list[Hit[V]]
    total: int | None
    generation: int


def caches() -> Caches:
    """Room for what a process keeps."""
    return Caches(search_answers.cache(), search_unseen.cache())


def find(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    terms: SearchTerms | None,
    filters: SessionFilter,
    limit: int,
    presentation: Presentation[T, V],
    kept: Caches,
    *,
    after: list[Any] | None = None,
    since: int | None = None,
    with_total: bool = False,
) -> Steps[SearchPage[V]]:
    """One page; without ``terms`` every session that the filter lets through.

    ``since`` is the generation at which a walk began.
    """
    if terms is None:
        now = yield from generation(workspace_id)
        listed = yield from sessions.page(
            workspace_id, filters, _ORDER, limit, after=after, since=since, with_total=with_total
        )
        results = yield from _results(workspace_id, listed.rows, None, {}, presentation)
        return SearchPage(_hits(listed.rows, results), listed.total, now)
    clearings, key = kept.answers.clearings, search_answers.key_of(terms, filters)
    begun = yield from row("search_begin", workspace_id=workspace_id)
    now, code, seen, is_made_anew = begun or (0, None, None, False)
    seen = seen or 0
    before = (
        search_answers.NOTHING_KNOWN
        if is_made_anew
        else (yield from search_answers.known(workspace_id, key, now, seen, kept.answers))
    )
    waiting = yield from search_unseen.matching(
        workspace_id, terms, seen, now, kept.unseen, before.waiting
    )
    question = yield from search_question.ask(workspace_id, terms, filters, code, waiting, before)
    picked = yield from _pick(question, limit + 1, after, since)
    total = (yield from _count(question)) if with_total else None
    results = yield from _results(workspace_id, picked, question, before.results, presentation)
    if waiting.is_whole and not is_made_anew:
        answer = Answer(
            now,
            seen,
            search_unseen.Before(now, waiting.compared, ()),
            not question.is_whole,
            question.is_matching,
            question.all_seqs,
            question.rows,
            question.session_ids,
            search_answers.newest_results(before.results, results),
        )
        search_answers.keep(workspace_id, key, answer, kept.answers, clearings)
    return SearchPage(_hits(picked, results), total, now)


def _pick(
    question: Question, limit: int, after: list[Any] | None, since: int | None
) -> Steps[list[Row]]:
    """The rows of the page, as ``listing.page`` gives them."""
    if not question.is_whole:
        picked = yield from _walk(question, limit, after, since)
        if picked is not None:
            return picked
    return (yield from _sorted(question, limit, after, since))


def _walk(
    question: Question, limit: int, after: list[Any] | None, since: int | None
) -> Steps[list[Row] | None]:
    """Go through the list of sessions and keep those that match.

    None when that leads too far, with all matches known then.
    """
    picked: list[Row] = []
    size, walked = _CHUNK, 0
    while walked <= max(_MOST_WALKED, 4 * len(question.handles)):
        listed = yield from sessions.page(
            question.workspace_id, question.filters, _ORDER, size, after=after, since=since
        )
        chunk = listed.rows[:size]
        matching = yield from search_question.matching_among(question, [row[0] for row in chunk])
        picked += [row for row in chunk if row[0] in matching]
        if len(picked) >= limit or len(listed.rows) <= size:
            return picked[:limit]
        since = listed.generation if since is None else since
        after = listing.position_of(chunk[-1])
        walked += size
        size = min(size * 2, _LARGEST_CHUNK)
    yield from search_question.know_all(question)
    return None


def _sorted(
    question: Question, limit: int, after: list[Any] | None, since: int | None
) -> Steps[list[Row]]:
    """Those of the matching sessions that the filter lets through, in order, behind a place."""
    moved = (
        (yield from snapshot_paging.moves(question.workspace_id, _ORDER, since))
        if since is not None
        else {}
    )
    through = [
        listing.row_at(ident, version, moved[ident][0] if ident in moved else active_at)
        for ident, version, active_at in (yield from _passing(question, question.matching))
    ]
    behind = [row for row in through if after is None or listing.position_of(row) < after]
    return sorted(behind, key=listing.position_of, reverse=True)[:limit]


def _passing(
    question: Question, idents: Sequence[str], most: int | None = None
) -> Steps[list[Row]]:
    """The rows of those of the sessions that the filter lets through.

    Not many more than ``most`` where that is given.
    """
    passing: list[Row] = []
    for some in listing.chunks(idents):
        unknown = [ident for ident in some if ident not in question.rows]
        if unknown:
            got = yield listing.among(question.workspace_id, question.filters, unknown)
            question.rows.update(dict.fromkeys(unknown))
            question.rows.update((row[0], row) for row in got)
        passing += filter(None, map(question.rows.get, some))
        if most is not None and len(passing) > most:
            break
    return passing


def _count(question: Question) -> Steps[int]:
    """How many sessions match, exact up to ``MOST_COUNTED``; beyond it some greater number."""
    if question.filters != SessionFilter():
        yield from search_question.know_all(question)
    if question.is_whole:
        return len((yield from _passing(question, question.matching, MOST_COUNTED)))
    indexed = yield from value("search_count", **question.spelled, limit=MOST_COUNTED + 1)
    indexed_too = yield from search_question.also_indexed(question)
    return int(indexed) + len(question.waiting.seqs.keys() - indexed_too)


def _results(
    workspace_id: str,
    picked: Sequence[Row],
    question: Question | None,
    known: Mapping[str, SearchResult],
    presentation: Presentation[T, V],
) -> Steps[dict[str, SearchResult]]:
    """What is shown of the sessions of a page, by their ids, of those that are still there."""
    results = {row[0]: known[row[0]] for row in picked if row[0] in known}
    lacking = [row[0] for row in picked if row[0] not in results]
    by_id = yield from sessions.by_ids(workspace_id, lacking)
    seqs = (yield from search_question.seqs_of(question, list(by_id))) if question else {}
    positions = [
        (ident, seq)
        for ident in by_id
        for seq in [seq for seq in seqs.get(ident, ()) if seq][:_SHOWN]
    ]
    shown = yield from message_pages.each_at(workspace_id, positions, presentation.message)
    for ident, session in by_id.items():
        matches = seqs.get(ident, [])[:_MOST_MATCHES]
        messages = [shown[ident, seq] for seq in matches if (ident, seq) in shown]
        shown_session = presentation.session(session, matches, messages)
        results[ident] = SearchResult(session, sessions.size_of(session), shown_session)
    return results


def _hits(picked: Sequence[Row], results: Mapping[str, SearchResult]) -> list[Hit[Any]]:
    return [
        Hit(result.session, result.size, listing.position_of(row), result.shown)
        for row in picked
        if (result := results.get(row[0])) is not None
    ]
