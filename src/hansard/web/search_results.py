"""Search for the list: the sessions that match, each with what was found in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape
from msgspec import Struct

from hansard.errors import Invalid
from hansard.model import SearchQuery, Session
from hansard.web.filters import Chip, filter_of, pairs, query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.access import Principal
    from hansard.service import Service
    from hansard.web.filters import ListParams

_QUALIFIER = re.compile(
    r'(?<!\S)-?(?:state|channel|app|agent|user|kind|tag|role|has|before|after):(?:"[^"]*"|\S+)'
)
_BEFORE = 18
_ROLES = {"user": "User", "assistant": "Agent", "tool": "Tool", "system": "System"}


class SearchResult(Struct):
    """The best place in a session: who said it, the words with marks, and the message to jump to."""

    role: str
    html: Markup | None
    seq: int | None
    title: Markup | None


class SearchResults(Struct):
    sessions: list[Session] = []
    by_session: dict[str, SearchResult] = {}
    next_cursor: str | None = None
    total: int | None = None
    at_least: bool = False
    problem: str = ""


async def hits(
    service: Service, principal: Principal, asked: ListParams, limit: int
) -> SearchResults:
    """One page of what matches; what cannot be searched says why."""
    try:
        found = await service.search.find(
            principal,
            SearchQuery(
                text=asked.q,
                filter=filter_of(asked),
                system=False,
                limit=limit,
                cursor=asked.cursor or None,
                with_total=True,
            ),
        )
    except Invalid as problem:
        return SearchResults(problem=problem.message)
    made = {}
    for one in found.items:
        best = one.snippets[0] if one.snippets else None
        made[one.session.id] = SearchResult(
            role=_ROLES.get(best.role, best.role) if best else "",
            html=_near(best.text, best.highlights) if best else None,
            seq=best.seq if best else None,
            title=_marked(one.session.title or "", one.title_highlights)
            if one.title_highlights
            else None,
        )
    return SearchResults(
        [item.session for item in found.items],
        made,
        found.next_cursor,
        found.total,
        found.total_is_lower_bound,
    )


def _near(text: str, stretches: Sequence[tuple[int, int]]) -> Markup:
    """The text from a little before its first mark, so that a single line shows it."""
    start = max(0, min((start for start, _ in stretches), default=0) - _BEFORE)
    if start == 0:
        return _marked(text, stretches)
    return Markup("…") + _marked(
        text[start:], [(one - start, end - start) for one, end in stretches]
    )


def _marked(text: str, stretches: Sequence[tuple[int, int]]) -> Markup:
    pieces, at = [], 0
    for start, end in stretches:
        pieces += [escape(text[at:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        at = end
    return Markup("").join([*pieces, escape(text[at:])])


def words(asked: ListParams) -> list[Chip]:
    """What was typed beside the qualifiers, with the query without it; nothing where that is all there is."""
    typed = " ".join(_QUALIFIER.sub(" ", asked.q).split())
    kept = [
        ("q", " ".join(one[0] for one in _QUALIFIER.finditer(asked.q))),
        *(pair for pair in pairs(asked) if pair[0] != "q"),
    ]
    left = [(name, value) for name, value in kept if value]
    return (
        [Chip("q", f"“{typed}”", query(left))]
        if typed and any(name != "sort" for name, _ in left)
        else []
    )


def qualifiers(asked: ListParams) -> list[Chip]:
    """The qualifiers that were typed, each with the query without it."""
    rest = [pair for pair in pairs(asked) if pair[0] != "q"]
    found = []
    for one in _QUALIFIER.finditer(asked.q):
        left = " ".join((asked.q[: one.start()] + asked.q[one.end() :]).split())
        found.append(Chip("q", one[0], query([("q", left), *rest] if left else rest)))
    return found
