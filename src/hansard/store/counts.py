"""Counters per facet of a workspace's sessions, kept in the transaction that changes them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from hansard.byte_cache import MIB, remembered
from hansard.store.steps import Steps, many, rows

if TYPE_CHECKING:
    from hansard.model import Session, SessionFilter

FACETS = ("branch", "state", "channel", "kind", "app", "agent", "resolution")
"""Each session counts once in each facet that it has a value for; ``branch`` always has one.

One in the archive counts in the facet ``archived.`` of that name too.
"""
_ARCHIVED = "archived."
KEPT = (*FACETS, *(_ARCHIVED + facet for facet in FACETS))
"""Every facet that has counters."""


class Counted(NamedTuple):
    """The counters that make a total: those of a facet, without those of another."""

    facet: str
    without: str
    values: tuple[str, ...]


def change(workspace_id: str, before: Session | None, after: Session | None) -> Steps[None]:
    """Move a session's counts from what it was to what it is.

    None means that it was not, or is no more.
    """
    deltas: Counter[tuple[str, str]] = Counter()
    if before is not None:
        deltas.subtract(facets_of(before))
    if after is not None:
        deltas.update(facets_of(after))
    yield from add(workspace_id, deltas)


def add(workspace_id: str, deltas: Counter[tuple[str, str]]) -> Steps[None]:
    values = [
        {"workspace_id": workspace_id, "facet": facet, "value": value, "by": by}
        for (facet, value), by in sorted(deltas.items())
        if by
    ]
    yield from many("count_add", values)


def facets_of(session: Session) -> list[tuple[str, str]]:
    facets = [
        (facet, str(value)) for facet in FACETS if (value := getattr(session, facet)) is not None
    ]
    if session.archived_at is not None:
        facets += [(_ARCHIVED + facet, value) for facet, value in facets]
    return facets


@remembered(MIB)
def counted_by(filters: SessionFilter) -> Counted | None:
    """The counters that give the exact total, None when only counting rows does."""
    filtered = [
        name
        for name in filters.__struct_fields__
        if name != "archived" and getattr(filters, name) not in ((), None, "")
    ]
    if len(filtered) > 1 or not set(filtered) <= set(FACETS):
        return None
    facet = filtered[0] if filtered else "branch"
    values = tuple(map(str, getattr(filters, filtered[0]))) if filtered else ()
    return counters(facet, filters.archived, values)


def counters(facet: str, archived: bool | None, values: tuple[str, ...] = ()) -> Counted:  # noqa: FBT001 - as SessionFilter has it
    """The counters of a facet's values, of all of them without ``values``."""
    if archived is None:
        return Counted(facet, "", values)
    theirs = _ARCHIVED + facet
    return Counted(theirs, "", values) if archived else Counted(facet, theirs, values)


def by_value(workspace_id: str, counted: Counted) -> Steps[dict[str, int]]:
    """How many sessions have each value."""
    sums: Counter[str] = Counter()
    for facet, sign in ((counted.facet, 1), (counted.without, -1)):
        if facet:
            counter_rows = yield from rows("count_list", workspace_id=workspace_id, facet=facet)
            sums.update({value: sign * count for _, value, count in counter_rows})
    wanted = counted.values
    return {value: sum_ for value, sum_ in sums.items() if sum_ and (not wanted or value in wanted)}


def total(workspace_id: str, counted: Counted) -> Steps[int]:
    return sum((yield from by_value(workspace_id, counted)).values())
