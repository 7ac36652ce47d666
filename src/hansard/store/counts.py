"""Counters per facet of a workspace's sessions, kept in the transaction that changes them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hansard.byte_cache import MIB, remembered
from hansard.store.steps import Steps, many, rows

if TYPE_CHECKING:
    from hansard.model import Session, SessionFilter

FACETS = ("branch", "state", "channel", "kind", "app", "agent", "resolution")
"""Each session counts once in each facet that it has a value for; ``branch`` always has one."""


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
    return [
        (facet, str(value)) for facet in FACETS if (value := getattr(session, facet)) is not None
    ]


@remembered(MIB)
def counted_by(filters: SessionFilter) -> tuple[str, tuple[str, ...]] | None:
    """The facet and values whose counters give the exact total; None when rows must be counted."""
    filtered = [
        name for name in filters.__struct_fields__ if getattr(filters, name) not in ((), None, "")
    ]
    if not filtered:
        return "branch", ()
    if len(filtered) == 1 and filtered[0] in FACETS:
        return filtered[0], tuple(map(str, getattr(filters, filtered[0])))
    return None


def total(workspace_id: str, facet: str, values: tuple[str, ...]) -> Steps[int]:
    counters = yield from rows("count_list", workspace_id=workspace_id, facet=facet)
    return sum(count for _, value, count in counters if not values or value in values)
