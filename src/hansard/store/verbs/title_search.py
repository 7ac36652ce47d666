"""Sessions by a part of their title: the index of titles finds them, and no title is walked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.store import listing, rows, steps
from hansard.store.search_query import joined, part_of_title, title_words
from hansard.store.steps import Steps, row
from hansard.store.verbs import snapshot_paging
from hansard.store.verbs.events import generation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hansard.model import SessionFilter
    from hansard.store.search_query import SearchTerms
    from hansard.store.steps import Row

MOST_SORTED = 2000
"""So many sessions are rather sorted than found by walking the order."""
MOST_COUNTED = 10_000
"""So many sessions are rather looked up one by one than counted by walking all titles."""


def matching(workspace_id: str, filters: SessionFilter, limit: int) -> Steps[list[str] | None]:
    """The ids of the sessions whose title may have the part.

    None when there are more than ``limit``, or when the index cannot tell.
    """
    terms = part_of_title(filters.title) if filters.title else None
    index = yield from row("search_workspace_get", workspace_id=workspace_id)
    if terms is None:
        return None
    waiting = yield from _waiting(workspace_id, terms, index[1] if index else 0)
    if index is None:
        return waiting
    spelled = {"workspace_id": workspace_id, **terms.spelled(index[0])}
    got = yield from steps.rows("title_matching", **spelled, limit=limit + 1)
    ids = list(dict.fromkeys((*(session_id for (session_id,) in got), *waiting)))
    return ids if len(ids) <= limit else None


def _waiting(workspace_id: str, terms: SearchTerms, after: int) -> Steps[list[str]]:
    """The same among the titles that are not indexed yet."""
    until = yield from generation(workspace_id)
    if until <= after:
        return []
    got = yield from steps.rows(
        "search_changed", workspace_id=workspace_id, after=after, until=until
    )
    return [
        session_id
        for session_id, _, titled, _, title, _ in got
        if title and not titled and terms.within(joined(title_words(rows.fold(title))))
    ]


def page(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    filters: SessionFilter,
    sort: str,
    ids: Sequence[str],
    limit: int,
    offset: int,
    after: list[Any] | None,
    since: int | None,
) -> Steps[tuple[list[Row], int]]:
    """Up to ``limit`` rows of the sessions that pass, and how many pass in all."""
    moved = (
        (yield from snapshot_paging.moves(workspace_id, sort, since)) if since is not None else {}
    )
    through: list[Row] = []
    for some in _chunks(ids):
        got = yield listing.among(workspace_id, filters, some, sort)
        through += [
            listing.row_at(ident, version, *(moved[ident][:-1] if ident in moved else position))
            for ident, version, *position in got
        ]
    is_descending = sort.startswith("-")
    ordered = sorted(through, key=listing.position_of, reverse=is_descending)
    behind = [
        row
        for row in ordered
        if after is None
        or (listing.position_of(row) < after if is_descending else listing.position_of(row) > after)
    ]
    return behind[offset : offset + limit], len(through)


def count(workspace_id: str, filters: SessionFilter, ids: Sequence[str]) -> Steps[int]:
    """How many of these sessions pass."""
    total = 0
    for some in _chunks(ids):
        total += len((yield listing.among(workspace_id, filters, some)))
    return total


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (ids[at : at + listing.MOST_IDS] for at in range(0, len(ids), listing.MOST_IDS))
