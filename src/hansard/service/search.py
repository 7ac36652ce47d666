"""Search: sessions by their messages, titles and qualifiers."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Invalid
from hansard.model import Jump, Results, SearchHit, SearchNote, SessionFilter, SessionQuery
from hansard.model.page import PAGE_BYTES
from hansard.service.filter_bounds import spelled
from hansard.service.rules import ref
from hansard.service.search_qualifiers import unknown_values
from hansard.service.search_syntax import ParsedSearch, read, within
from hansard.service.snippets import Marked, marked, marks
from hansard.store.search_query import SearchTerms
from hansard.store.verbs import lookup
from hansard.store.verbs import search as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.model import Message, SearchQuery, Session
    from hansard.service.render_cache import HitProjection
    from hansard.service.sessions import Sessions
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.verbs.search import Hit

T = TypeVar("T")
LONGEST = 256
_COUNTED = ("channel", "app", "agent")
RANKED = 100
"""How many matching sessions are ranked by relevance: those with the latest activity."""
_TITLE_WEIGHT = 0.5
_NO_TERMS = SearchTerms(())
_ID = re.compile(r"""[^\s"*()-](?:[^\s"*()]*[^\s"*()])?""")
"""A word without what stands for more than itself in a search: such a one may be an id."""


class _Match(Struct):
    """A session as it is shown, its score, and its JSON by the projections that asked for it."""

    hit: SearchHit
    score: float
    encoded: dict[str, Raw] = {}

    def as_json(self, projection: HitProjection) -> Raw:
        encoded = self.encoded.get(projection.name)
        if encoded is None:
            encoded = self.encoded[projection.name] = projection.encoded(self.hit)
        return encoded


_Page: TypeAlias = Results[_Match]
_NOTHING = _Page(items=[], has_more=False, total=0)


class Search:
    def __init__(
        self, store: Store, cursors: Cursors, sessions: Sessions, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._cursors = cursors
        self._clock = clock
        self._caches = verbs.caches()

    async def find(self, principal: Principal, query: SearchQuery) -> Results[SearchHit]:
        """One page of the sessions that match, each with its best snippets.

        A message or a title matches when it has every term. Without text, the filter alone selects,
        as do qualifiers in the text. A text that is the id of a session, a message or an end user
        leads there: where no message has it as a word, the session, or the sessions of the user,
        are the answer. Raises Invalid only for more than 256 characters and for a cursor of another
        search.
        """
        page = await self._find(principal, query)
        return _of(page, [match.hit for match in page.items])

    async def find_as(
        self, principal: Principal, query: SearchQuery, projection: HitProjection
    ) -> Results[Raw]:
        """As ``find``, each session encoded by ``projection``; only those that changed, anew."""
        page = await self._find(principal, query)
        return _of(page, [match.as_json(projection) for match in page.items])

    async def _find(self, principal: Principal, query: SearchQuery) -> _Page:
        if len(query.text) > LONGEST:
            raise Invalid(
                f"the search term is longer than {LONGEST} characters",
                param="q",
                code="term_too_long",
            )
        if "\0" in query.text:  # no message holds one, and PostgreSQL takes none
            query = msgspec.structs.replace(query, text=query.text.replace("\0", " "))
        parsed = read(query.text, system=query.system, tools=query.tools, now=self._clock())
        if query.cursor is not None:
            return await self._next_page(principal, query, parsed)
        results = await self._parsed_results(principal, query, parsed)
        jump = await self._jump(principal, query.text.strip())
        if jump is not None and not results.items:
            results = await self._landed(principal, query, jump)
        notes = (*parsed.notes, *await self._unknown_values(principal, parsed.filter))
        return msgspec.structs.replace(results, notes=notes, jump=jump)

    async def _parsed_results(
        self, principal: Principal, query: SearchQuery, parsed: ParsedSearch
    ) -> _Page:
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

    async def _next_page(
        self, principal: Principal, query: SearchQuery, parsed: ParsedSearch
    ) -> _Page:
        """The next page of the same: of what the words find, or of an end user's sessions."""
        try:
            results = await self._parsed_results(principal, query, parsed)
        except Invalid:
            of_user = _of_user(query)
            if of_user is None:
                raise
            results = await self._parsed_results(principal, of_user, read(of_user.text))
        return msgspec.structs.replace(results, notes=parsed.notes)

    async def _jump(self, principal: Principal, text: str) -> Jump | None:
        """What the text is the id of, where it may be one."""
        if not _ID.fullmatch(text):
            return None
        jump = await self._store.read(lookup.jump, ref(principal, text))
        if jump is not None or principal.app is None:
            return jump
        of_user = SessionQuery(filter=SessionFilter(user_id=(text,)), limit=1)
        page = await self._sessions.list(principal, of_user)
        return Jump(user_id=text) if page.items else None

    async def _landed(self, principal: Principal, query: SearchQuery, jump: Jump) -> _Page:
        """The page that an id leads to."""
        if jump.session is not None:
            snippets = [] if jump.message is None else [marked(jump.message, _NO_TERMS).snippet]
            items = [_Match(SearchHit(jump.session, len(snippets), [], snippets), 0.0)]
            return _with_total(query, _Page(items=items, has_more=False, total=1))
        of_user = _of_user(query)
        if of_user is None:
            return _with_total(query, _NOTHING)
        return await self._parsed_results(principal, of_user, read(of_user.text))

    async def _unknown_values(
        self, principal: Principal, typed: SessionFilter | None
    ) -> list[SearchNote]:
        """Notes on values that no session has; a narrowed key is not told what there is."""
        notes: list[SearchNote] = []
        if typed is None or principal.user_id is not None or principal.app is not None:
            return notes
        for field in _COUNTED:
            values = getattr(typed, field)
            known = await self._sessions.facet(principal, field) if values else {}
            notes += unknown_values(field, values, tuple(known)) if values else []
        return notes

    async def _latest(
        self,
        principal: Principal,
        query: SearchQuery,
        terms: SearchTerms | None,
        filters: SessionFilter,
    ) -> _Page:
        since, total, after = self._position(principal, query) or (None, None, None)
        counted = query.with_total and total is None
        finding = await self._store.snapshot(
            verbs.find,
            principal.workspace_id,
            terms,
            filters,
            query.limit,
            _presentation(terms),
            self._caches,
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
        return self._page(principal, query, [hit.shown for hit in hits], total, position)

    async def _ranked(
        self,
        principal: Principal,
        query: SearchQuery,
        terms: SearchTerms | None,
        filters: SessionFilter,
    ) -> _Page:
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
            _presentation(terms),
            self._caches,
            after=after,
            since=since,
            with_total=counted,
        )
        total = finding.total if counted else total
        scored = sorted(finding.hits[:RANKED], key=lambda hit: hit.shown.score, reverse=True)
        ranked = {hit.session.id: hit for hit in scored}
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
            [hit.shown for hit in items],
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
        items: Sequence[_Match],
        total: int | None,
        position: Any,  # noqa: ANN401 - any value
    ) -> _Page:
        cursor = (
            self._cursors.write(principal.workspace_id, _scope(query), position)
            if position is not None
            else None
        )
        return _Page(items=[*items], has_more=cursor is not None, next_cursor=cursor, total=total)


def _of_user(query: SearchQuery) -> SearchQuery | None:
    """The search for the sessions of the end user whose id was typed."""
    text = query.text.strip()
    return None if '"' in text else msgspec.structs.replace(query, text=f'user:"{text}"')


def _packed(session_ids: Sequence[str]) -> bytes:
    return b"".join(UUID(session_id).bytes for session_id in session_ids)


def _unpacked(packed: bytes) -> list[str]:
    return [str(UUID(bytes=packed[start : start + 16])) for start in range(0, len(packed), 16)]


def _with_total(query: SearchQuery, results: _Page) -> _Page:
    """The results with their total: exact, or a lower bound."""
    if not query.with_total or results.total is None:
        return msgspec.structs.replace(results, total=None)
    return msgspec.structs.replace(
        results,
        total=min(results.total, verbs.MOST_COUNTED),
        total_is_lower_bound=results.total > verbs.MOST_COUNTED,
    )


def _of(page: _Page, items: list[T]) -> Results[T]:
    """The page with its items as the caller wants them."""
    return Results(
        items=items,
        has_more=page.has_more,
        next_cursor=page.next_cursor,
        total=page.total,
        total_is_lower_bound=page.total_is_lower_bound,
        notes=page.notes,
        jump=page.jump,
    )


def _fitting(hits: Sequence[Hit[_Match]]) -> Sequence[Hit[_Match]]:
    """The first of the hits that fit into one answer; at least one."""
    size = 0
    for count, hit in enumerate(hits):
        size += hit.size
        if count and size > PAGE_BYTES:
            return hits[:count]
    return hits


def _presentation(
    terms: SearchTerms | None,
) -> verbs.Presentation[Marked | None, _Match]:
    """How the sessions that have the terms are shown, each with its score."""
    return verbs.Presentation(partial(_snippet, terms), partial(_hit, terms))


def _snippet(terms: SearchTerms | None, message: Message) -> Marked | None:
    return None if terms is None else marked(message, terms)


def _hit(
    terms: SearchTerms | None,
    session: Session,
    seqs: Sequence[int],
    snippets: Sequence[Marked | None],
) -> _Match:
    if terms is None:
        return _Match(SearchHit(session, 0, [], []), 0.0)
    best = sorted(filter(None, snippets), key=lambda snippet: snippet.score, reverse=True)
    title = marks(session.title, terms) if session.title and 0 in seqs else []
    score = max((snippet.score for snippet in best), default=0.0) + (
        _TITLE_WEIGHT if title else 0.0
    )
    matches = len([seq for seq in seqs if seq])
    return _Match(SearchHit(session, matches, title, [each.snippet for each in best]), score)


def _scope(query: SearchQuery) -> list[object]:
    filters = msgspec.to_builtins(query.filter, enc_hook=int)
    return ["search", query.text, query.system, query.tools, query.sort, filters]
