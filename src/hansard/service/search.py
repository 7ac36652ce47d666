"""Search: sessions by their messages, titles and qualifiers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import msgspec

from hansard.errors import Invalid
from hansard.model import Results, SearchHit, SessionFilter
from hansard.model.page import PAGE_BYTES
from hansard.service.search_syntax import read, within
from hansard.service.sessions import spelled
from hansard.service.snippets import Marked, marked, marks
from hansard.store.verbs import search as verbs
from hansard.store.verbs.sessions import size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.access import Principal
    from hansard.model import Message, SearchQuery
    from hansard.service.sessions import Sessions
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.search_query import SearchTerms
    from hansard.store.verbs.search import Finding, SearchResult

Shown = TypeVar("Shown", "SearchResult", SearchHit)
LONGEST = 256
RANKED = 100
"""How many matching sessions are ranked by relevance: those with the latest activity."""
_TITLE_WEIGHT = 0.5
_NOTHING = Results(items=[], has_more=False, total=0)


class Search:
    def __init__(self, store: Store, cursors: Cursors, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions
        self._cursors = cursors

    async def find(self, principal: Principal, query: SearchQuery) -> Results:
        """One page of the sessions that match, each with its best snippets.

        A message or a title matches when it has every term. Without text, the filter alone selects,
        as do qualifiers in the text. Raises Invalid only for more than 256 characters and for a
        cursor of another search.
        """
        if len(query.text) > LONGEST:
            raise Invalid(
                f"the search term is longer than {LONGEST} characters",
                param="q",
                code="term_too_long",
            )
        parsed = read(query.text, system=query.system)
        typed = (
            SessionFilter()
            if not query.text.strip() and query.filter != SessionFilter()
            else parsed.filter
        )
        filters = within(typed, spelled(query.filter)) if typed else None
        if filters is None:
            return _with_total(query, _NOTHING)
        terms, filters = parsed.terms, await self._sessions.within_sight(principal, filters)
        return _with_total(
            query,
            await (self._ranked if query.sort == "relevance" else self._latest)(
                principal, query, terms, filters
            ),
        )

    async def _latest(
        self,
        principal: Principal,
        query: SearchQuery,
        terms: SearchTerms | None,
        filters: SessionFilter,
    ) -> Results:
        since, total, after = self._position(principal, query) or (None, None, None)
        counted = query.with_total and total is None
        finding = await self._store.snapshot(
            verbs.find,
            principal.workspace_id,
            terms,
            filters,
            query.limit,
            partial(_shown, terms),
            after=after,
            since=since,
            with_total=counted,
        )
        hits = _fitting(finding.hits[: query.limit])
        total = finding.total if counted else total
        more = len(finding.hits) > len(hits)
        position = (
            (finding.generation if since is None else since, total, hits[-1].position)
            if more
            else None
        )
        return self._page(
            principal, query, [_shown_hit(hit, finding, terms)[0] for hit in hits], total, position
        )

    async def _ranked(
        self,
        principal: Principal,
        query: SearchQuery,
        terms: SearchTerms | None,
        filters: SessionFilter,
    ) -> Results:
        """Results by relevance.

        The cursor holds the rest of the ranking: scores change with every message, so a new ranking
        would show a session twice or never.
        """
        since, total, left = self._position(principal, query) or (None, None, None)
        counted = query.with_total and total is None
        after = None if since is None else verbs.BEGINNING
        finding = await self._store.snapshot(
            verbs.find,
            principal.workspace_id,
            terms,
            filters,
            RANKED,
            partial(_shown, terms),
            after=after,
            since=since,
            with_total=counted,
        )
        total = finding.total if counted else total
        scored = sorted(
            (_shown_hit(hit, finding, terms) for hit in finding.hits[:RANKED]),
            key=lambda entry: entry[1],
            reverse=True,
        )
        ranked = {entry.session.id: entry for entry, _ in scored}
        order = (
            [*ranked]
            if left is None
            else [session_id for session_id in _unpacked(left) if session_id in ranked]
        )
        items = _fitting([ranked[session_id] for session_id in order[: query.limit]])
        rest = order[len(items) :]
        return self._page(
            principal,
            query,
            items,
            total,
            (finding.generation if since is None else since, total, _packed(rest))
            if rest
            else None,
        )

    def _position(self, principal: Principal, query: SearchQuery) -> Any:  # noqa: ANN401 - a place of this search
        if query.cursor is None:
            return None
        return self._cursors.read(principal.workspace_id, _scope(query), query.cursor)

    def _page(
        self,
        principal: Principal,
        query: SearchQuery,
        items: Sequence[SearchHit],
        total: int | None,
        position: Any,  # noqa: ANN401 - any value
    ) -> Results:
        cursor = (
            self._cursors.write(principal.workspace_id, _scope(query), position)
            if position is not None
            else None
        )
        return Results(items=[*items], has_more=cursor is not None, next_cursor=cursor, total=total)


def _packed(session_ids: Sequence[str]) -> bytes:
    return b"".join(UUID(session_id).bytes for session_id in session_ids)


def _unpacked(packed: bytes) -> list[str]:
    return [str(UUID(bytes=packed[start : start + 16])) for start in range(0, len(packed), 16)]


def _with_total(query: SearchQuery, results: Results) -> Results:
    """The results with their total: exact, or a lower bound."""
    if not query.with_total or results.total is None:
        return msgspec.structs.replace(results, total=None)
    return msgspec.structs.replace(
        results,
        total=min(results.total, verbs.MOST_COUNTED),
        total_is_lower_bound=results.total > verbs.MOST_COUNTED,
    )


def _fitting(items: Sequence[Shown]) -> Sequence[Shown]:
    """The first of the items that fit into one answer; at least one."""
    size = 0
    for count, item in enumerate(items):
        size += size_of(item.session)
        if count and size > PAGE_BYTES:
            return items[:count]
    return items


def _shown(terms: SearchTerms | None, message: Message) -> Marked | None:
    return None if terms is None else marked(message, terms)


def _shown_hit(
    hit: SearchResult, finding: Finding[Marked | None], terms: SearchTerms | None
) -> tuple[SearchHit, float]:
    """The result shown for a hit, and its score."""
    if terms is None:
        return SearchHit(hit.session, 0, [], []), 0.0
    snippets = [finding.shown.get((hit.session.id, seq)) for seq in hit.seqs]
    best = sorted(filter(None, snippets), key=lambda snippet: snippet.score, reverse=True)
    title = marks(hit.session.title, terms) if hit.session.title and 0 in hit.seqs else []
    score = max((snippet.score for snippet in best), default=0.0) + (
        _TITLE_WEIGHT if title else 0.0
    )
    return SearchHit(
        hit.session,
        len([seq for seq in hit.seqs if seq]),
        title,
        [snippet.snippet for snippet in best],
    ), score


def _scope(query: SearchQuery) -> list[object]:
    filters = msgspec.to_builtins(query.filter, enc_hook=int)
    return ["search", query.text, query.system, query.sort, filters]
