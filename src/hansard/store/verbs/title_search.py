"""Sessions by a part of their title: the index of titles finds them, and no title is walked.

The matches of a part are kept with the generation at which they were looked up. Behind a write only
the sessions that changed since are looked at again, whatever the number of matches.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.model import SessionFilter
from hansard.store import listing, rows, steps
from hansard.store.search_query import joined, part_of_title, title_words
from hansard.store.steps import Steps, row
from hansard.store.verbs import snapshot_paging
from hansard.store.verbs.events import changed_sessions, generation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hansard.store.search_query import SearchTerms
    from hansard.store.steps import Row

MOST_SORTED = 2000
"""So many sessions are rather sorted than found by walking the order."""
MOST_COUNTED = 10_000
"""So many sessions are rather looked up one by one than counted by walking all titles."""
_MOST_CHANGES = 500
_MEMORY = 16 * MIB
_ROW_BYTES = 256
_AT = 2


class Matches(Struct, frozen=True):
    """The sessions that passed a filter at a generation: id, version and place, in order."""

    generation: int
    rows: Sequence[Row]


MatchCache: TypeAlias = WorkspaceCache[tuple[SessionFilter, tuple[str, ...]], Matches]


NOT_KEPT: MatchCache = WorkspaceCache(0)
"""For a search that is not asked again."""


def cache() -> MatchCache:
    """Room for the matches that a process has looked up."""
    return WorkspaceCache(_MEMORY, "title matches")


def matches(
    workspace_id: str, filters: SessionFilter, sort: str, limit: int, kept: MatchCache
) -> Steps[Matches | None]:
    """The sessions that pass, in ascending order.

    None when more than ``limit`` may, or when the index cannot tell.
    """
    key, since = (filters, listing.ORDERS[sort][0]), kept.clearings
    now = yield from generation(workspace_id)
    before = kept.get(key, group=workspace_id)
    current = yield from _followed(workspace_id, filters, sort, before, now)
    if current is None:
        ids = yield from matching(workspace_id, filters, limit)
        if ids is None:
            return None
        current = Matches(
            now, sorted((yield from _passing(workspace_id, filters, ids, sort)), key=_position)
        )
    if current is not before:
        size = _ROW_BYTES * len(current.rows)
        kept.put(key, current, workspace_id, size=size, since=since)
    return current


def _followed(
    workspace_id: str, filters: SessionFilter, sort: str, before: Matches | None, now: int
) -> Steps[Matches | None]:
    """The matches at generation ``now``; None when it is too far, or when events are gone."""
    if before is None:
        return None
    changed = yield from changed_sessions(workspace_id, before.generation, now, _MOST_CHANGES)
    if not changed:
        return before if changed is not None else None
    passing = yield from _passing(workspace_id, filters, list(changed), sort)
    stayed = [row for row in before.rows if row[0] not in changed]
    for match in passing:
        insort(stayed, match, key=_position)
    return Matches(now, stayed)


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
    sort: str,
    passing: Sequence[Row],
    limit: int,
    offset: int,
    after: list[Any] | None,
    since: int | None,
) -> Steps[list[Row]]:
    """Up to ``limit`` rows of these matches, as ``listing.page`` gives them."""
    moved = (
        (yield from snapshot_paging.moves(workspace_id, sort, since)) if since is not None else {}
    )
    if moved:
        was = ((*row[:_AT], *moved[row[0]][:-1]) if row[0] in moved else row for row in passing)
        passing = sorted(was, key=_position)
    if sort.startswith("-"):
        end = len(passing) if after is None else bisect_left(passing, after, key=_position)
        behind = passing[max(0, end - offset - limit) : max(0, end - offset)][::-1]
    else:
        start = offset + (0 if after is None else bisect_right(passing, after, key=_position))
        behind = passing[start : start + limit]
    return [listing.row_at(*row) for row in behind]


def _position(row: Row) -> list[Any]:
    """Where a match stands, as ``listing.position_of`` says it."""
    return [*row[_AT:], row[0]]


def _passing(
    workspace_id: str, filters: SessionFilter, ids: Collection[str], sort: str
) -> Steps[list[Row]]:
    """Those of these sessions that pass."""
    passing: list[Row] = []
    for some in _chunks(list(ids)):
        passing += yield listing.among(workspace_id, filters, some, sort)
    return passing


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (ids[at : at + listing.MOST_IDS] for at in range(0, len(ids), listing.MOST_IDS))
