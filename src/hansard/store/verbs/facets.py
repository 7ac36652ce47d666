"""The values of facets among the sessions that a filter leaves, with how many have each.

The counters know them where nothing is filtered. Otherwise no more than ``most_read`` sessions are
looked at: those of the filter's own index, or the latest, whatever the size of the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from hansard.byte_cache import MIB, remembered
from hansard.model.facet import Facet
from hansard.store import counts, listing
from hansard.store.filter_conditions import LOOSE, where
from hansard.store.steps import Query, Steps
from hansard.store.verbs import index_choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import SessionFilter

COLUMNS = {
    "state": "state",
    "channel": "channel",
    "kind": "kind",
    "app": "app",
    "agent": "agent",
    "model": "model",
    "user_id": "user_id",
    "workflow_id": "workflow_id",
    "resolution": "resolution",
    "intent": "intent",
    "trigger": "trigger_type",
    "assignee": "assignee",
}
_TABLES = {"tag": ("session_tags", "tag"), "tool": ("session_tools", "name")}
FIELDS = (*COLUMNS, *_TABLES)
"""The filters whose values can be counted."""
MOST_READ = 4000
_SORT = "-active_at"
_READ, _MATCHING = "read", "matching"
_PIECE = "select '{}', cast(null as text), count(*) from {}"
_VALUES = (
    "select * from (select '{0}' as field, {1} as value, count(*) as size from {2}"
    " group by {1} order by size desc, value limit :most) as by_{0}"
)


def facets(
    workspace_id: str,
    filters: SessionFilter,
    fields: Sequence[str],
    most: int,
    most_read: int = MOST_READ,
) -> Steps[list[Facet]]:
    """For each of the ``fields`` at most ``most`` values of the sessions that pass."""
    known = {}
    if counts.counted_by(filters) is not None and not any(
        getattr(filters, field) for field in counts.FACETS
    ):
        for field in set(fields) & set(counts.FACETS):
            known[field] = yield from _counted(workspace_id, filters, field, most)
    others = tuple(field for field in fields if field not in known)
    if others:
        known |= yield from _read(workspace_id, filters, others, most, most_read)
    return [known[field] for field in fields]


def count(workspace_id: str, filters: SessionFilter) -> Steps[tuple[int, bool]]:
    """How many sessions pass, and whether that is all: as ``facets`` looks at them."""
    counted = counts.counted_by(filters)
    if counted is not None:
        return (yield from counts.total(workspace_id, counted)), True
    records = yield (yield from _query(workspace_id, filters, (), 0, MOST_READ))
    sums = {record[0]: int(record[2]) for record in records}
    return sums[_MATCHING], sums[_READ] < MOST_READ


def _counted(workspace_id: str, filters: SessionFilter, field: str, most: int) -> Steps[Facet]:
    """A facet of all sessions, in the archive or out of it, from the counters."""
    archived = filters.archived
    values = yield from counts.by_value(workspace_id, counts.counters(field, archived))
    total = yield from counts.total(workspace_id, counts.counters("branch", archived))
    ranked = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    none = max(0, total - sum(values.values()))
    return Facet(field, ranked[:most], none, total, is_exact=True)


def _read(
    workspace_id: str, filters: SessionFilter, fields: tuple[str, ...], most: int, most_read: int
) -> Steps[dict[str, Facet]]:
    """Facets of the sessions that are looked at."""
    records = yield (yield from _query(workspace_id, filters, fields, most, most_read))
    sums: dict[str, int] = {}
    nones = dict.fromkeys(fields, 0)
    values: dict[str, list[tuple[str, int]]] = {field: [] for field in fields}
    for field, value, size in records:
        if field in (_READ, _MATCHING):
            sums[field] = int(size)
        elif value is None:
            nones[field] = int(size)
        else:
            values[field].append((value, int(size)))
    return {
        field: Facet(
            field,
            sorted(values[field], key=lambda item: (-item[1], item[0]))[:most],
            nones[field],
            sums[_MATCHING],
            is_exact=sums[_READ] < most_read,
        )
        for field in fields
    }


def _query(
    workspace_id: str, filters: SessionFilter, fields: tuple[str, ...], most: int, most_read: int
) -> Steps[Query]:
    indexed = replace(filters, title=None, note=None)  # whose indexes are read through
    loose = yield from index_choice.loosened(workspace_id, indexed, _SORT)
    lead = index_choice.leading(indexed, loose)
    is_ordered = listing.ORDER not in loose
    return query(workspace_id, filters, lead, fields, most, most_read, is_ordered=is_ordered)


def query(  # noqa: PLR0913 - the pieces of a statement
    workspace_id: str,
    filters: SessionFilter,
    lead: SessionFilter,
    fields: tuple[str, ...],
    most: int = 40,
    most_read: int = MOST_READ,
    *,
    is_ordered: bool,
) -> Query:
    """The statement of the facets; ``lead`` is the part of the filter that chooses the index."""
    sql, values = _statement(filters, lead, fields, is_ordered=is_ordered)
    bounds = {"workspace_id": workspace_id, "most_read": most_read, "most": most + 1}
    return Query("session_facets", values | bounds, sql=sql)


@remembered(2 * MIB)
def _statement(
    filters: SessionFilter, lead: SessionFilter, fields: tuple[str, ...], *, is_ordered: bool
) -> tuple[str, dict[str, Any]]:
    """Rows of (field, value, sessions), and the sums of those read and of those that match."""
    leading, lead_values = where(lead)
    conditions, values = where(filters, LOOSE)
    order = "order by active_at desc, id desc " if is_ordered else ""
    columns = ", ".join(["id", *(COLUMNS[field] for field in fields if field in COLUMNS)])
    matching = f"select * from sessions where {' and '.join(leading)}"  # noqa: S608 - literal tables above
    column = "active_at" if is_ordered else ""
    by_archive = listing.by_archive(lead, column)
    read = f"{listing.in_pieces(matching, by_archive)} {order}limit :most_read"
    passes = f"case when {' and '.join(conditions)} then 1 else 0 end as passes"
    looked_at = f"select {columns}, {passes} from ({read}) as sessions"  # noqa: S608 - as above
    pieces = [
        _PIECE.format(_READ, "looked_at"),
        _PIECE.format(_MATCHING, "looked_at where passes = 1"),
        *(piece for field in fields for piece in _pieces(field)),
    ]
    sql = f"with looked_at as materialized ({looked_at}) {' union all '.join(pieces)}"
    return sql, lead_values | values


def _pieces(field: str) -> list[str]:
    """The statements that count a field's values, and the sessions without one."""
    if field in COLUMNS:
        return [_VALUES.format(field, COLUMNS[field], "looked_at where passes = 1")]
    table, column = _TABLES[field]
    theirs = f"{table}.workspace_id = :workspace_id and {table}.session_id = looked_at.id"
    labelled = f"looked_at cross join {table} where passes = 1 and {theirs}"
    without = f"looked_at where passes = 1 and not exists (select 1 from {table} where {theirs})"  # noqa: S608 - as above
    return [_VALUES.format(field, column, labelled), _PIECE.format(field, without)]
