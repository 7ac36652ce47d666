"""Search for the list: the sessions that match, each with what was found in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape
from msgspec import Struct

from hansard.errors import Invalid
from hansard.model import Jump, SearchQuery, Session
from hansard.model.search import SearchNote
from hansard.service.search_qualifiers import NAMES
from hansard.web.filters import Chip, filter_of, pairs, query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.access import Principal
    from hansard.service import Service
    from hansard.web.filters import ListParams

_NAMES = "|".join(name.replace("_", "-") for name in NAMES if name != "metadata.KEY")
_QUALIFIER = re.compile(
    rf'(?<!\S)-?(?:metadata\.[\w.-]+|{_NAMES}|{_NAMES.replace("-", "_")}):(?:"[^"]*"|[^\s"]+)'
)
_BEFORE = 18


class SearchResult(Struct):
    """The best match in a session: its role, the marked words, and the message to jump to."""

    role: str
    matches: int
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
    notes: Sequence[SearchNote] = ()
    jump: Jump | None = None


async def hits(
    service: Service, principal: Principal, params: ListParams, limit: int
) -> SearchResults:
    """One page of what matches; what cannot be searched says why."""
    try:
        results = await service.search.find(
            principal,
            SearchQuery(
                text=params.q,
                filter=filter_of(params),
                system=False,
                tools=False,
                limit=limit,
                cursor=params.cursor or None,
                with_total=True,
            ),
        )
    except Invalid as problem:
        return SearchResults(problem=problem.message)
    by_session = {}
    for result in results.items:
        best = result.snippets[0] if result.snippets else None
        by_session[result.session.id] = SearchResult(
            role=best.role if best else "",
            matches=result.matches,
            html=_near(best.text, best.highlights) if best else None,
            seq=best.seq if best else None,
            title=_marked(result.session.title or "", result.title_highlights)
            if result.title_highlights
            else None,
        )
    return SearchResults(
        [item.session for item in results.items],
        by_session,
        results.next_cursor,
        results.total,
        results.total_is_lower_bound,
        notes=results.notes,
        jump=results.jump,
    )


def _near(text: str, stretches: Sequence[tuple[int, int]]) -> Markup:
    """The text from a little before its first mark, so that a single line shows it."""
    start = max(0, min((start for start, _ in stretches), default=0) - _BEFORE)
    if start == 0:
        return _marked(text, stretches)
    blank = text.find(" ", start, start + _BEFORE)
    start = blank + 1 if blank >= 0 else start
    return Markup("…") + _marked(
        text[start:], [(begin - start, end - start) for begin, end in stretches]
    )


def _marked(text: str, stretches: Sequence[tuple[int, int]]) -> Markup:
    pieces, at = [], 0
    for start, end in stretches:
        pieces += [escape(text[at:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        at = end
    return Markup("").join([*pieces, escape(text[at:])])


def words(params: ListParams) -> list[Chip]:
    """What was typed beside the qualifiers, with the query without it.

    Nothing where that is all there is.
    """
    typed = " ".join(_QUALIFIER.sub(" ", params.q).split())
    kept = [
        ("q", " ".join(match[0] for match in _QUALIFIER.finditer(params.q))),
        *(pair for pair in pairs(params) if pair[0] != "q"),
    ]
    left = [(name, value) for name, value in kept if value]
    return (
        [Chip("q", f"“{typed}”", query(left))]
        if typed and any(name not in {"sort", "columns"} for name, _ in left)
        else []
    )


def qualifiers(params: ListParams) -> list[Chip]:
    """The qualifiers that were typed, each with the query without it."""
    rest = [pair for pair in pairs(params) if pair[0] != "q"]
    shown = []
    for match in _QUALIFIER.finditer(params.q):
        before, after = params.q[: match.start()], params.q[match.end() :]
        left = " ".join((before + after).split())
        opposite = match[0].removeprefix("-") if match[0][0] == "-" else f"-{match[0]}"
        shown.append(
            Chip(
                "q",
                match[0],
                query([("q", left), *rest] if left else rest),
                query([("q", f"{before}{opposite}{after}"), *rest]),
            )
        )
    return shown
