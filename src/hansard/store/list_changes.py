"""Compose the statements that read what happened behind a generation to a list of sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hansard.byte_cache import MIB, remembered
from hansard.store import rows
from hansard.store.columns import COLUMNS
from hansard.store.filter_conditions import LOOSE, where
from hansard.store.listing import FEW_IDS, ORDERS, filled, row_at, total_by
from hansard.store.steps import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Session, SessionFilter
    from hansard.store.steps import Row

_AMONG_CHANGED = "{among_changed}"
_DERIVED = ("untitled", "title_folded")
"""What lists are sorted by beside the fields of a session."""


def changes(workspace_id: str, filters: SessionFilter, sort: str, after: int, most: int) -> Query:
    """The next ``most`` changes behind a generation, and where their sessions stand now.

    Rows of (generation, n, session, id, version, …), as ``among`` gives them from the id on, which
    is null where the session does not match. Without changes one row: the generation, and nulls.
    ``most`` is at most ``MOST_IDS``.
    """
    numbers = filled("n", range(after + 1, after + 1 + most))
    sql, values = _changes(filters, sort, len(numbers))
    return Query("session_changes", values | {"workspace_id": workspace_id} | numbers, sql=sql)


class Changed(NamedTuple):
    """A session that changed and matches, and its row of a page."""

    session: Session
    row: Row


class Changes(NamedTuple):
    """What happened in a workspace behind a generation, as far as a list is concerned.

    ``changed`` are the sessions by their ids, None for one that does not match now or is gone. The
    ``total`` is None where no counter knows it.
    """

    until: int
    total: int | None
    changed: dict[str, Changed | None]


def changed_since(
    workspace_id: str, filters: SessionFilter, after: int, *, with_total: bool
) -> Query:
    """The changes behind a generation, for ``changes_of``, with all of their sessions that match.

    It looks at a few changes only, and each session is looked up by its id.
    """
    numbers = filled("n", range(after + 1, after + 1 + FEW_IDS))
    sql, values = _changed_since(filters, with_total)
    return Query("session_changed", values | {"workspace_id": workspace_id} | numbers, sql=sql)


def changes_of(got: Sequence[Row], after: int, sort: str) -> Changes | None:
    """What ``changed_since`` brought; None when there is more, or when events are gone."""
    behind = [row for row in got if row[1] is not None]
    if not got or got[0][0] != after + len(behind) or (behind and behind[-1][1] != got[0][0]):
        return None
    total = None if got[0][3] is None else int(got[0][3])
    return Changes(got[0][0], total, {row[2]: _changed(row[4:], sort) for row in behind})


def _changed(row: Row, sort: str) -> Changed | None:
    """Out of the columns of a session, and those that it is also sorted by."""
    if row[0] is None:
        return None
    session = rows.session(row[: -len(_DERIVED)])
    derived = dict(zip(_DERIVED, row[-len(_DERIVED) :], strict=True))
    position = [
        derived[column] if column in derived else getattr(session, column)
        for column in ORDERS[sort][0][:-1]
    ]
    return Changed(session, row_at(session.id, session.version, *position))


@remembered(2 * MIB)
def _changed_since(filters: SessionFilter, with_total: bool) -> tuple[str, dict[str, Any]]:  # noqa: FBT001 - remembered by its arguments
    total, counted = total_by(filters) if with_total else ("null", {})
    sql, values = _composed(filters, FEW_IDS, f"{total},", (COLUMNS["session"], *_DERIVED))
    return sql, values | counted


@remembered(2 * MIB)
def _changes(filters: SessionFilter, sort: str, size: int) -> tuple[str, dict[str, Any]]:
    return _composed(filters, size, "", ("id", "version", *ORDERS[sort][0][:-1]))


def _composed(
    filters: SessionFilter, size: int, total: str, columns: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """Each number is asked for: a range would be planned for its bounds each time."""
    conditions, values = where(filters, LOOSE)
    numbers = ", ".join(f":n_{index}" for index in range(size))
    events = (
        "select n, session_id as changed_id from session_events"  # noqa: S608 - numbered names
        f" where workspace_id = :workspace_id and n in ({numbers})"
    )
    shown = ", ".join(columns)
    matching = f"select {shown} from sessions where {' and '.join((*conditions, _AMONG_CHANGED))}"  # noqa: S608 - literal tables above
    return (
        f"with changes as ({events}) select generation, n, changed_id, {total} matching.*"  # noqa: S608 - as above
        " from workspace_counters left join changes on 1 = 1"
        f" left join {{each_changed}} ({matching} {{at_most_one}}) as matching on id = changed_id"
        " where workspace_counters.workspace_id = :workspace_id order by n"
    ), values
