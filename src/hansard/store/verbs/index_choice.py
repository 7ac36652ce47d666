"""Choose the index for a filtered list.

It is the narrowest filter's index, or the order's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.byte_cache import MIB, remembered
from hansard.model import SessionFilter
from hansard.model.session_filter import NONE
from hansard.store import counts, filter_conditions, listing
from hansard.store.rows import texts
from hansard.store.steps import Steps, value

if TYPE_CHECKING:
    from collections.abc import Sequence

_RANGES = {
    column: (f"{column}_from", f"{column}_until") for column in ("created", "updated", "active")
}
_FIELDS = (
    *(field for field in filter_conditions.CONDITIONS if not field.endswith(("_from", "_until"))),
    "metadata",
    "note",
)
_ORDERLESS = ("tag", "tool", "score", "title", "metadata", "note")
_TITLES = frozenset({"title"})
"""Part of a title: the index of the titles is read through, which costs some 0.2 µs a session, and
never the sessions themselves.
"""
SORTED_AT_ONCE = 2000
"""Up to this many sessions are sorted; beyond it the index of the order is walked."""


def loosened(workspace_id: str, filters: SessionFilter, sort: str) -> Steps[frozenset[str]]:
    """The filters, and ``ORDER``, that must not choose the index of ``listing.page``.

    The narrowest filter leads where its index has the order too, which it has by ``active_at`` for
    one value, or where it leaves few sessions to sort; otherwise the order leads and every filter
    only lets through or not.
    """
    column = sort.removeprefix("-").removesuffix("_at")
    groups = [group for group in _filtered_groups(filters) if group != _RANGES.get(column)]
    if not groups or (len(groups) == 1 and _has_order(filters, groups[0], column)):
        return filter_conditions.NOTHING
    fields = frozenset(field for group in groups for field in group)
    narrowest, size = yield from _narrowest(workspace_id, filters, groups)
    if _has_order(filters, narrowest, column):
        return fields - set(narrowest)
    return fields - set(narrowest) | {listing.ORDER} if size <= SORTED_AT_ONCE else fields


def leading(filters: SessionFilter, loose: frozenset[str]) -> SessionFilter:
    """The part of a filter that chooses the index, once ``loosened`` said what does not."""
    fields = (*_FIELDS, *(field for group in _RANGES.values() for field in group))
    walked = loose | {NONE[name] for name in filters.none}
    return SessionFilter(
        **{field: getattr(filters, field) for field in fields if field not in walked}
    )


def narrowest_only(workspace_id: str, filters: SessionFilter) -> Steps[frozenset[str]]:
    """The filters that must not choose the index of a count, which needs no order.

    The narrowest filter leads whatever its size.
    """
    groups = _filtered_groups(filters)
    if len(groups) <= 1:
        return _TITLES if groups == (("title",),) else filter_conditions.NOTHING
    narrowest, _ = yield from _narrowest(workspace_id, filters, groups)
    return frozenset(field for group in groups for field in group) - set(narrowest)


@remembered(MIB)
def _filtered_groups(filters: SessionFilter) -> tuple[tuple[str, ...], ...]:
    """The groups of fields that an index serves together, of those that are asked for."""
    absent = {NONE[name] for name in filters.none}
    groups = [*((field,) for field in _FIELDS if field not in absent), *_RANGES.values()]
    return tuple(
        group
        for group in groups
        if any(getattr(filters, field) not in ((), None, "") for field in group)
    )


def _has_order(filters: SessionFilter, group: Sequence[str], column: str) -> bool:
    """Whether the group's index has its sessions in the order of ``column``."""
    return (
        column == "active"
        and len(group) == 1
        and group[0] not in _ORDERLESS
        and len(getattr(filters, group[0])) == 1
    )


def _narrowest(
    workspace_id: str, filters: SessionFilter, groups: Sequence[tuple[str, ...]]
) -> Steps[tuple[tuple[str, ...], int]]:
    sizes: dict[tuple[str, ...], int] = {}
    for group in groups:
        sizes[group] = yield from _size(workspace_id, filters, group)
    return min(sizes.items(), key=lambda item: item[1])


def _size(workspace_id: str, filters: SessionFilter, group: tuple[str, ...]) -> Steps[int]:
    """How many sessions a group lets through.

    Beyond ``SORTED_AT_ONCE`` some greater number will do.
    """
    alone: dict[str, Any] = {field: getattr(filters, field) for field in group}
    if group[0] in counts.FACETS:
        return (
            yield from counts.total(
                workspace_id, counts.counters(group[0], None, tuple(map(str, alone[group[0]])))
            )
        )
    if group == ("tag",):
        return int(
            (
                yield from value(
                    "tag_count",
                    workspace_id=workspace_id,
                    tags=texts(alone["tag"]),
                    limit=SORTED_AT_ONCE + 1,
                )
            )
        )
    got = yield listing.count_some(
        workspace_id, SessionFilter(**alone), SORTED_AT_ONCE + 1, _TITLES & set(group)
    )
    return int(got[0][0])
