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
from hansard.store import list_changes, listing, rows, steps
from hansard.store.search_query import joined, part_of_title, title_words
from hansard.store.steps import Steps, row
from hansard.store.verbs import snapshot_paging
from hansard.store.verbs.events import generation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hansard.store.search_query import SearchTerms
    from hansard.store.steps import Row

MOST_SORTED = 2000
"""Up to this many matches are sorted in memory; beyond it the list is walked in order."""
MOST_COUNTED = 10_000
"""Up to this many matches are looked up one by one; beyond it all titles are walked."""
_MOST_CHANGES = (8, listing.MOST_IDS)
"""How many changes the first look reads, and the second."""
_MEMORY = 64 * MIB
"""A sixteenth, the most that an entry takes, has room for ``MOST_COUNTED`` matches."""
_ROW_BYTES = 384
_AT = 2


class Matches(Struct, frozen=True):
    """The sessions that passed a filter at a generation: id, version and place, in order.

    They are there by id as well.
    """

    generation: int
    rows: Sequence[Row]
    by_id: Mapping[str, Row]


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
    before = kept.get(key, group=workspace_id)
    current = (yield from _followed(workspace_id, filters, sort, before)) if before else None
    if current is None:
        now = yield from generation(workspace_id)
        ids = yield from matching(workspace_id, filters, limit)
        if ids is None:
            return None
        passing = yield from _passing(workspace_id, filters, ids, sort)
        current = Matches(now, sorted(passing, key=_position), {row[0]: row for row in passing})
    if current is not before:
        size = _ROW_BYTES * len(current.rows)
        kept.put(key, current, workspace_id, size=size, since=since)
    return current


def _followed(
    workspace_id: str, filters: SessionFilter, sort: str, before: Matches
) -> Steps[Matches | None]:
    """The matches as of now; None when that is too far, or when events are gone."""
    for most in _MOST_CHANGES:
        changes = yield list_changes.changes(workspace_id, filters, sort, before.generation, most)
        now = changes[-1][0] if changes else 0
        if now <= before.generation + most:
            break
    else:
        return None
    last = changes[-1][1] if changes else None
    behind = len(changes) if last is not None else 0
    if now != before.generation + behind or last not in (None, now):
        return None
    if not behind:
        return before
    passing = {ident: tuple(row) if row[0] else None for _, _, ident, *row in changes}
    return _moved(before, now, passing)


def _moved(before: Matches, now: int, changed: Mapping[str, Row | None]) -> Matches:
    """The matches with changed sessions where they stand now; None for one that does not pass."""
    if not any(changed.values()) and changed.keys().isdisjoint(before.by_id):
        return Matches(now, before.rows, before.by_id)
    moved, by_id = [*before.rows], {**before.by_id}
    for ident, match in changed.items():
        if (left := by_id.pop(ident, None)) is not None:
            del moved[bisect_left(moved, _position(left), key=_position)]
        if match is not None:
            insort(moved, match, key=_position)
            by_id[ident] = match
    return Matches(now, moved, by_id)


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
    """The ids of the sessions whose title matches and is not indexed yet."""
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
    """A page of the matches: up to ``limit`` rows of the shape that ``listing.page`` gives."""
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
    """The rows of the sessions that pass the filter."""
    passing: list[Row] = []
    for some in listing.chunks(list(ids)):
        passing += yield listing.among(workspace_id, filters, some, sort)
    return passing
