"""Choose what leads to the rows of a filtered list: the narrowest filter's index, or the order's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.model import SessionFilter
from hansard.store import counts, listing
from hansard.store.rows import texts
from hansard.store.steps import Steps, value

if TYPE_CHECKING:
    from collections.abc import Sequence

_NARROW = ("user_id", "workflow_id", "parent_id", "intent", "model", "trigger")
"""Fields whose values are taken to be rare: nobody counts them."""
_RANGES = {column: (f"{column}_from", f"{column}_until") for column in ("created", "updated", "active")}
_FACETS = tuple(field for field in listing.LOOSE if not field.endswith(("_from", "_until")))
SORTED_AT_ONCE = 2000
"""So many sessions are rather sorted than found by walking the order."""


def loosened(workspace_id: str, wanted: SessionFilter, sort: str) -> Steps[frozenset[str]]:
    """The fields that shall not choose the index, as ``listing.page`` takes them.

    The narrowest filter leads where its index has the order too, which it has by ``updated_at`` for one value,
    or where it leaves few sessions to sort; otherwise the order leads and every other field only lets through or not.
    """
    column = sort.removeprefix("-").removesuffix("_at")
    asked = [group for group in _asked(wanted) if group != (*_RANGES.get(column, ()),)]
    if not asked or (len(asked) == 1 and _has_order(wanted, asked[0], column)):
        return listing.NOTHING
    fields = frozenset(field for group in asked for field in group)
    if any(getattr(wanted, field) for field in _NARROW):
        return fields
    narrowest, size = yield from _narrowest(workspace_id, wanted, asked)
    leads = size <= SORTED_AT_ONCE or _has_order(wanted, narrowest, column)
    return fields - set(narrowest) if leads else fields


def narrowest_only(workspace_id: str, wanted: SessionFilter) -> Steps[frozenset[str]]:
    """As ``loosened``, for a count, which needs no order: the narrowest filter leads whatever its size."""
    asked = _asked(wanted)
    fields = frozenset(field for group in asked for field in group)
    if any(getattr(wanted, field) for field in _NARROW):
        return fields
    if len(asked) <= 1:
        return listing.NOTHING
    narrowest, _ = yield from _narrowest(workspace_id, wanted, asked)
    return fields - set(narrowest)


def _asked(wanted: SessionFilter) -> list[tuple[str, ...]]:
    """The groups of fields that an index serves together, of those that are asked for."""
    groups = [*((field,) for field in _FACETS), *_RANGES.values()]
    return [group for group in groups if any(getattr(wanted, field) not in ((), None) for field in group)]


def _has_order(wanted: SessionFilter, group: Sequence[str], column: str) -> bool:
    """Whether the group's index has its sessions in the order of ``column``."""
    return column == "updated" and len(group) == 1 and group[0] != "tag" and len(getattr(wanted, group[0])) == 1


def _narrowest(workspace_id: str, wanted: SessionFilter, asked: Sequence[tuple[str, ...]]) -> Steps[tuple[tuple[str, ...], int]]:
    sizes: dict[tuple[str, ...], int] = {}
    for group in asked:
        sizes[group] = yield from _size(workspace_id, wanted, group)
    return min(sizes.items(), key=lambda one: one[1])


def _size(workspace_id: str, wanted: SessionFilter, group: tuple[str, ...]) -> Steps[int]:
    """How many sessions a group lets through; beyond ``SORTED_AT_ONCE`` some greater number will do."""
    if len(group) > 1:
        alone: dict[str, Any] = {field: getattr(wanted, field) for field in group}
        got = yield listing.count_some(workspace_id, SessionFilter(**alone), SORTED_AT_ONCE + 1)
        return int(got[0][0])
    values = tuple(map(str, getattr(wanted, group[0])))
    if group == ("tag",):
        return int((yield from value("tag_count", workspace_id=workspace_id, tags=texts(values), limit=SORTED_AT_ONCE + 1)))
    return (yield from counts.total(workspace_id, group[0], values))
