"""Lists that follow the events: the beginning of a list is kept with its generation.

Behind a write only the sessions that changed since are read, by one statement, and put where they
stand now. Where that cannot be exact, the list is asked for anew: when events are gone, when there
are more than a few, and when so many sessions left the beginning that it is shorter than a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.model import SessionFilter
from hansard.store import list_changes, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.store.list_changes import Changes
    from hansard.store.steps import Row, Steps

_MEMORY = 8 * MIB
_ROW_BYTES = 384
_SPARE = 32
"""How many rows are kept beyond a page, to replace rows that leave it."""


class Beginning(Struct, frozen=True):
    """The first rows of a list, as ``listing.page`` gives them, as of a generation.

    There are more than a page has, unless they are the ``whole`` list.
    """

    generation: int
    rows: Sequence[Row]
    whole: bool


ListCache: TypeAlias = WorkspaceCache[tuple[SessionFilter, str, int], Beginning]
NOT_KEPT: ListCache = WorkspaceCache(0)
"""For a list that is not asked again."""


def cache() -> ListCache:
    """Room for the beginnings of the lists that a process has shown."""
    return WorkspaceCache(_MEMORY, "lists")


def followed(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    filters: SessionFilter,
    sort: str,
    limit: int,
    kept: ListCache,
    *,
    with_total: bool,
) -> Steps[tuple[Beginning, Changes] | None]:
    """The kept beginning as of now, and what changed; None where it must be asked for anew."""
    key, since = (filters, sort, limit), kept.clearings
    before = kept.get(key, group=workspace_id)
    if before is None:
        return None
    got = yield list_changes.changed_since(
        workspace_id, filters, before.generation, with_total=with_total
    )
    changes = list_changes.changes_of(got, before.generation, sort)
    if changes is None:
        return None
    moved = _moved(before, changes, limit, descends=sort.startswith("-"))
    if moved is None:
        return None
    if changes.changed:
        keep(workspace_id, filters, sort, limit, kept, moved, since)
    return moved, changes


def keep(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    filters: SessionFilter,
    sort: str,
    limit: int,
    kept: ListCache,
    beginning: Beginning,
    since: int,
) -> None:
    """Remember the beginning of a list, read when ``kept.clearings`` was ``since``."""
    size = _ROW_BYTES * len(beginning.rows)
    kept.put((filters, sort, limit), beginning, workspace_id, size=size, since=since)


def _moved(before: Beginning, changes: Changes, limit: int, *, descends: bool) -> Beginning | None:
    """The beginning with the changed sessions where they stand now.

    What is known reaches to its last row that did not change: whatever stands behind that may have
    others before it, unless the list is ``whole``. None where less than a page is known.
    """
    rows = [row for row in before.rows if row[0] not in changes.changed]
    for changed in changes.changed.values():
        if changed is not None:
            _insert(rows, changed.row, descends=descends, at_end=before.whole)
    most = limit + 1 + _SPARE
    whole = before.whole and len(rows) <= most
    if not whole and len(rows) <= limit:
        return None
    return Beginning(changes.until, rows[:most], whole)


def _insert(rows: list[Row], row: Row, *, descends: bool, at_end: bool) -> None:
    """Put a row where it belongs, which is most often the first place.

    Behind all others only if ``at_end``.
    """
    position = listing.position_of(row)
    for at, other in enumerate(rows):
        if (position > listing.position_of(other)) == descends:
            rows.insert(at, row)
            return
    if at_end:
        rows.append(row)
