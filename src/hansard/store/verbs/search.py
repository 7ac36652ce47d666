"""Search: the sessions of a workspace that have what is looked for, latest activity first.

A question that few sessions answer is answered from the index alone. One that many answer walks the
list of sessions in its order and asks the index about each, which soon finds a page. What the index
has not seen yet is read and compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from hansard.model import Message, Session, SessionFilter
from hansard.model.times import LATEST
from hansard.store import listing, rows, steps
from hansard.store.search_query import SearchTerms
from hansard.store.steps import Row, Steps, row, value
from hansard.store.verbs import message_pages, search_unseen, sessions, snapshot_paging
from hansard.store.verbs.events import generation

T = TypeVar("T")
_ORDER = "-active_at"
_FEW = 500
_NEWEST_HITS = 300
_CHUNK, _LARGEST_CHUNK, _MOST_WALKED = 100, 1600, 2000
_MOST_PROBES, _MOST_PASSES, _MOST_PROBED = 16, 3, 10_000
_MOST_MATCHES, _SHOWN = 50, 3
MOST_COUNTED = 10_000
BEGINNING = [LATEST + 1, ""]
"""The place before every session."""


class SearchResult(Struct, frozen=True):
    """A session that matches, where it stands, and the ``seq`` of its newest matching messages.

    0 is the title.
    """

    session: Session
    position: list[Any]
    seqs: list[int]


class Finding(Struct, Generic[T], frozen=True):
    """A page of hits, plus one when there are more.

    With what is shown of their messages, by session and ``seq``.
    """

    hits: list[SearchResult]
    shown: dict[tuple[str, int], T]
    total: int | None
    generation: int


class _Question(Struct):
    """What is looked for, where, and what is known of the answer.

    ``known`` are the matching sessions with their handles; all of them unless ``floor`` is set:
    then those with a greater handle. ``waiting`` are matches that the index has not seen yet.
    """

    workspace_id: str
    filters: SessionFilter
    spelled: dict[str, str] | None
    known: dict[str, Any]
    floor: Any
    waiting: dict[str, list[int]]
    passes: int = 0


def find(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    terms: SearchTerms | None,
    filters: SessionFilter,
    limit: int,
    show: Callable[[Message], T],
    unseen: search_unseen.UnseenWords,
    *,
    after: list[Any] | None = None,
    since: int | None = None,
    with_total: bool = False,
) -> Steps[Finding[T]]:
    """One page; without ``terms`` every session that the filter lets through.

    ``since`` is the generation at which a walk began.

    ``show`` is pure, and is called for the newest matching messages of each session. ``unseen``
    keeps the words that the index has not seen.
    """
    now = yield from generation(workspace_id)
    if terms is None:
        listed = yield from sessions.page(
            workspace_id, filters, _ORDER, limit, after=after, since=since, with_total=with_total
        )
        return (
            yield from _finding(
                workspace_id, [(row, []) for row in listed.rows], listed.total, now, show
            )
        )
    question = yield from _ask(workspace_id, terms, filters, now, unseen)
    picked = yield from _pick(question, limit + 1, after, since)
    total = (yield from _count(question)) if with_total else None
    seqs = yield from _seqs(question, picked)
    return (yield from _finding(workspace_id, seqs, total, now, show))


def _ask(
    workspace_id: str,
    terms: SearchTerms,
    filters: SessionFilter,
    now: int,
    unseen: search_unseen.UnseenWords,
) -> Steps[_Question]:
    index = yield from row("search_workspace_get", workspace_id=workspace_id)
    seen = index[1] if index else 0
    waiting = yield from search_unseen.matching(workspace_id, terms, seen, now, unseen)
    if index is None:
        return _Question(workspace_id, filters, None, {}, None, waiting)
    spelled = {"workspace_id": workspace_id, **terms.spelled(index[0])}
    got = yield from steps.rows("search_matching", **spelled, limit=_FEW + 1)
    floor = got[0][2] if got and got[0][2] is not None else got[-1][1] if len(got) > _FEW else None
    known = {ident: handle for ident, handle, _ in got if ident is not None and handle != floor}
    return _Question(workspace_id, filters, spelled, known, floor, waiting)


def _pick(
    question: _Question, limit: int, after: list[Any] | None, since: int | None
) -> Steps[list[Row]]:
    """The rows of the page, as ``listing.page`` gives them."""
    if question.floor is not None:
        picked = yield from _walk(question, limit, after, since)
        if picked is not None:
            return picked
    return (
        yield from _sorted(
            question, list(question.known.keys() | question.waiting.keys()), limit, after, since
        )
    )


def _walk(
    question: _Question, limit: int, after: list[Any] | None, since: int | None
) -> Steps[list[Row] | None]:
    """Go through the list of sessions and keep those that match.

    None when that leads too far, with all matches known then.
    """
    picked: list[Row] = []
    size, walked = _CHUNK, 0
    while walked <= max(_MOST_WALKED, 4 * len(question.known)):
        listed = yield from sessions.page(
            question.workspace_id, question.filters, _ORDER, size, after=after, since=since
        )
        chunk = listed.rows[:size]
        matching = yield from _matching(question, [row[0] for row in chunk])
        picked += [row for row in chunk if row[0] in matching]
        if len(picked) >= limit or len(listed.rows) <= size:
            return picked[:limit]
        since = listed.generation if since is None else since
        after = listing.position_of(chunk[-1])
        walked += size
        size = min(size * 2, _LARGEST_CHUNK)
    yield from _know_all(question)
    return None


def _matching(question: _Question, idents: list[str]) -> Steps[set[str]]:
    """Which of these sessions match; learns all that do when many of these are not known."""
    sure = {ident for ident in idents if ident in question.known or ident in question.waiting}
    if question.floor is None:
        return sure
    unsure = [ident for ident in idents if ident not in sure]
    got = yield from steps.rows(
        "search_handles", workspace_id=question.workspace_id, ids=rows.texts(unsure)
    )
    below = {handle: ident for ident, handle in got if handle <= question.floor}
    if len(below) <= _MOST_PROBES:
        for handle, ident in below.items():
            if (yield from _probe(question, handle, 1)):
                sure.add(ident)
        return sure
    question.passes += 1
    if question.passes > _MOST_PASSES:
        yield from _know_all(question)
        return sure | (question.known.keys() & set(unsure))
    among = yield from steps.rows(
        "search_among",
        **(question.spelled or {}),
        handles=msgspec.json.encode(list(below)).decode(),
    )
    return sure | {below[row[0]] for row in among}


def _know_all(question: _Question) -> Steps[None]:
    if question.floor is not None:
        got = yield from steps.rows("search_all", **(question.spelled or {}))
        question.known.update((ident, handle) for ident, handle in got if ident is not None)
        question.floor = None


def _probe(question: _Question, handle: Any, limit: int) -> Steps[list[int]]:  # noqa: ANN401 - a handle is the backend's own
    got = yield from steps.rows(
        "search_probe", **(question.spelled or {}), handle=handle, limit=limit
    )
    return [row[0] for row in got]


def _sorted(
    question: _Question, idents: list[str], limit: int, after: list[Any] | None, since: int | None
) -> Steps[list[Row]]:
    """Those of the sessions that the filter lets through, in order, behind a place."""
    moved = (
        (yield from snapshot_paging.moves(question.workspace_id, _ORDER, since))
        if since is not None
        else {}
    )
    through: list[Row] = []
    for some in _by_size(idents):
        got = yield listing.among(question.workspace_id, question.filters, some)
        through += [
            listing.row_at(ident, version, moved[ident][0] if ident in moved else active_at)
            for ident, version, active_at in got
        ]
    behind = [row for row in through if after is None or listing.position_of(row) < after]
    return sorted(behind, key=listing.position_of, reverse=True)[:limit]


def _count(question: _Question) -> Steps[int]:
    """How many sessions match, exact up to ``MOST_COUNTED``; beyond it some greater number."""
    if question.filters != SessionFilter():
        yield from _know_all(question)
    if question.floor is None:
        return (
            yield from _count_among(question, list(question.known.keys() | question.waiting.keys()))
        )
    indexed = yield from value("search_count", **(question.spelled or {}), limit=MOST_COUNTED + 1)
    indexed_too = yield from _indexed_too(question)
    return int(indexed) + len(question.waiting.keys() - indexed_too)


def _indexed_too(question: _Question) -> Steps[set[str]]:
    """Those of the waiting sessions that the index finds as well."""
    got = yield from steps.rows(
        "search_handles", workspace_id=question.workspace_id, ids=rows.texts(list(question.waiting))
    )
    matching = set[str]()
    for ident, handle in got:
        if (yield from _probe(question, handle, 1)):
            matching.add(ident)
    return matching


def _count_among(question: _Question, idents: list[str]) -> Steps[int]:
    count = 0
    for some in _by_size(idents):
        got = yield listing.among(question.workspace_id, question.filters, some)
        count += len(got)
        if count > MOST_COUNTED:
            break
    return count


def _by_size(idents: list[str]) -> Iterator[list[str]]:
    yield from (
        idents[start : start + listing.MOST_IDS]
        for start in range(0, len(idents), listing.MOST_IDS)
    )


def _seqs(question: _Question, picked: list[Row]) -> Steps[list[tuple[Row, list[int]]]]:
    """The newest matching messages of each session of the page."""
    if not picked:
        return []
    if question.spelled is None:
        return [(row, question.waiting.get(row[0], [])) for row in picked]
    handles = yield from _handles(question, [row[0] for row in picked])
    encoded = msgspec.json.encode([handle for _, handle in handles]).decode()
    hits = yield from steps.rows(
        "search_hits", **question.spelled, handles=encoded, limit=_NEWEST_HITS
    )
    whole = len(hits) < _NEWEST_HITS
    by_session: dict[str, list[int]] = {}
    for ident, _, seq in hits:
        by_session.setdefault(ident, []).append(seq)
    floor = hits[-1][1] if hits else None
    for ident, handle in handles:
        if not whole and handle <= floor:
            by_session[ident] = yield from _probe(question, handle, _MOST_PROBED)
    return [
        (
            row,
            [*question.waiting.get(row[0], []), *sorted(by_session.get(row[0], []), reverse=True)][
                :_MOST_MATCHES
            ],
        )
        for row in picked
    ]


def _handles(question: _Question, idents: list[str]) -> Steps[list[Row]]:
    """The sessions of these that may have matches in the index, with their handles."""
    if question.floor is None:
        return [(ident, question.known[ident]) for ident in idents if ident in question.known]
    return (
        yield from steps.rows(
            "search_handles", workspace_id=question.workspace_id, ids=rows.texts(idents)
        )
    )


def _finding(
    workspace_id: str,
    with_seqs: list[tuple[Row, list[int]]],
    total: int | None,
    now: int,
    show: Callable[[Message], T],
) -> Steps[Finding[T]]:
    by_id = yield from sessions.by_ids(workspace_id, [row[0] for row, _ in with_seqs])
    hits = [
        SearchResult(by_id[row[0]], listing.position_of(row), seqs)
        for row, seqs in with_seqs
        if row[0] in by_id
    ]
    positions = [
        (hit.session.id, seq) for hit in hits for seq in [seq for seq in hit.seqs if seq][:_SHOWN]
    ]
    shown = yield from message_pages.each_at(workspace_id, positions, show)
    return Finding(hits, shown, total, now)
