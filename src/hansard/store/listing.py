"""Compose the one statement that varies with the request.

It is a filtered page of sessions, or its count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.byte_cache import MIB, remembered
from hansard.store import counts
from hansard.store.columns import COLUMNS
from hansard.store.filter_conditions import LOOSE, NOTHING, leads, named_values, where
from hansard.store.steps import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hansard.model import MessageQuery, SessionFilter
    from hansard.store.steps import Row

_HEAD = 4
_SIZES = (8, 64, 512)
FEW_IDS, MOST_IDS = _SIZES[0], _SIZES[-1]
_COMMON_LIMITS = frozenset({11, 21, 26, 31, 51, 101, 201})
"""Limits of the pages that are asked for most, each for a statement of its own."""
# In the statement that lists, so that the list is of that very generation.
_GENERATION = (
    "(select generation from workspace_counters where workspace_counters.workspace_id = "
    ":workspace_id)"
)
_TOTAL = (
    "(select cast(sum(case facet when :without then -count else count end) as bigint)"
    " from session_counts where session_counts.workspace_id = :workspace_id"
    " and facet in (:facet, :without){})"
)


LOOSE_ORDER = {
    "updated_at": "updated_at + 0",
    "created_at": "created_at + 0",
    "active_at": "active_at + 0",
    "untitled": "untitled + 0",
}
LOOSE_ORDER |= {"title_folded": "title_folded || ''", "id": "id"}
ORDER = "order"
# Sort -> its columns and direction; the id breaks every tie.
ORDERS = {
    "updated_at": (("updated_at", "id"), ""),
    "-updated_at": (("updated_at", "id"), " desc"),
    "created_at": (("created_at", "id"), ""),
    "-created_at": (("created_at", "id"), " desc"),
    "active_at": (("active_at", "id"), ""),
    "-active_at": (("active_at", "id"), " desc"),
    "title": (("untitled", "title_folded", "id"), ""),
    "-title": (("title_folded", "id"), " desc"),
}
_PIECES = {"-title": ("untitled = 0", "untitled = 1")}
"""Sorts whose index, which another sort has too, has them in pieces."""
_BY_ARCHIVE = ("archived_at is null", "archived_at is not null")
"""Pieces of all sessions in the order of ``active_at``, for which there are two indexes."""
_ACTIVE = frozenset({"active_from", "active_until"})


def page(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    filters: SessionFilter,
    sort: str,
    limit: int,
    *,
    offset: int = 0,
    after: list[Any] | None = None,
    loose: frozenset[str] = NOTHING,
    with_total: bool = False,
) -> Query:
    """The page in ``sort`` order that begins behind the place ``after``, or at ``offset``.

    Rows of (id, version, generation, total, …), of which ``position_of`` tells the rest; the total
    is None where no counter knows it, and without ``with_total``. The fields in ``loose`` do not
    choose the index, nor does the order where ``ORDER`` is among them.
    """
    sql, values = _page(
        filters,
        sort,
        loose,
        follows=after is not None,
        with_total=with_total,
        limit=limit if offset == 0 and limit in _COMMON_LIMITS else None,
    )
    bounds = {"workspace_id": workspace_id, "limit": limit, "offset": offset}
    return Query("session_page", sql=sql, values=values | bounds | _after_values(after or []))


def position_of(row: Row) -> list[Any]:
    """Where a row of ``page`` stands in its order; the id is the last word in every order."""
    return [*row[_HEAD:], row[0]]


def row_at(ident: str, version: int, *position: Any) -> Row:  # noqa: ANN401 - what a list is sorted by
    """A row as ``page`` gives it, of a session that was found otherwise.

    The id is no part of ``position``.
    """
    return (ident, version, None, None, *position)


def generation_of(rows: Sequence[Row]) -> int | None:
    """The workspace's generation when a page of rows was read; None for an empty page."""
    return rows[0][2] if rows else None


def total_of(rows: Sequence[Row]) -> int | None:
    """The total that came with a page of rows, None where it must be asked for."""
    return int(rows[0][3]) if rows and rows[0][3] is not None else None


def count(workspace_id: str, filters: SessionFilter, loose: frozenset[str] = NOTHING) -> Query:
    matching, values = _counted(filters, loose)
    return Query(
        "session_count",
        sql=f"select count(*) from ({matching}) as matching",  # noqa: S608 - names from our own tables
        values=values | {"workspace_id": workspace_id},
    )


def count_some(
    workspace_id: str, filters: SessionFilter, limit: int, loose: frozenset[str] = NOTHING
) -> Query:
    """As ``count``, without going beyond ``limit``."""
    matching, values = _counted(filters, loose)
    sql = f"select count(*) from ({matching} limit :limit) as bounded"  # noqa: S608 - as above
    bounds = {"workspace_id": workspace_id, "limit": limit}
    return Query("session_count_some", values | bounds, sql=sql)


def _counted(filters: SessionFilter, loose: frozenset[str]) -> tuple[str, dict[str, Any]]:
    conditions, values = where(filters, loose)
    matching = f"select 1 from sessions where {' and '.join(conditions)}"  # noqa: S608 - literal tables above
    has_range = filters.active_from is not None or filters.active_until is not None
    column = "active_at" if has_range and not loose & _ACTIVE else ""
    return in_pieces(matching, by_archive(filters, column, loose)), values


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The ids, at most ``MOST_IDS`` at a time."""
    yield from (ids[start : start + MOST_IDS] for start in range(0, len(ids), MOST_IDS))


def among(
    workspace_id: str, filters: SessionFilter, ids: Sequence[str], sort: str = "-active_at"
) -> Query:
    """Rows of (id, version, …) of those of at most ``MOST_IDS`` sessions that match.

    Behind the version stands where each is in the order, without its id.
    """
    padded = filled("id", ids)
    sql, values = _statement_among(filters, sort, len(padded))
    return Query("session_among", values | {"workspace_id": workspace_id} | padded, sql=sql)


def filled(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """Numbered parameters, padded to one of a few counts, so that there are few statements."""
    size = next(size for size in _SIZES if size >= len(values))
    filled = [*values, *[values[-1]] * (size - len(values))]
    return {f"{name}_{index}": value for index, value in enumerate(filled)}


@remembered(2 * MIB)
def _statement_among(filters: SessionFilter, sort: str, size: int) -> tuple[str, dict[str, Any]]:
    conditions, values = where(filters, LOOSE)
    conditions.append(f"id in ({', '.join(f':id_{index}' for index in range(size))})")
    shown = ", ".join(("id", "version", *ORDERS[sort][0][:-1]))
    return f"select {shown} from sessions where {' and '.join(conditions)}", values  # noqa: S608 - literal tables above


@remembered(2 * MIB)
def _page(  # noqa: PLR0913 - what makes a statement
    filters: SessionFilter,
    sort: str,
    loose: frozenset[str],
    *,
    follows: bool,
    with_total: bool,
    limit: int | None,
) -> tuple[str, dict[str, Any]]:
    """The statement of a page, and what its filter's parameters stand for.

    A filter without values has one plan of PostgreSQL's for all workspaces, where ``limit`` stands
    in the statement. One that has values is planned for them each time.
    """
    columns, direction = ORDERS[sort]
    sorting = [LOOSE_ORDER[column] for column in columns] if ORDER in loose else columns
    conditions, values = where(filters, loose)
    bounds = "limit :limit offset :offset" if limit is None or values else f"limit {limit}"
    if follows:
        comparison = "<" if direction else ">"
        conditions.append(
            f"({', '.join(sorting)}) {comparison} "
            f"({', '.join(f':{name}' for name in _after_values(columns))})"
        )
    order = ", ".join(column + direction for column in sorting)
    total, counted = total_by(filters) if with_total else ("null", {})
    shown = ", ".join(("id", "version", _GENERATION, total, *columns[:-1]))
    matching = f"select {shown} from sessions where {' and '.join(conditions)}"  # noqa: S608 - literal tables above
    pieces = () if ORDER in loose else _PIECES.get(sort) or by_archive(filters, columns[0], loose)
    return f"{in_pieces(matching, pieces)} order by {order} {bounds}", values | counted


def by_archive(
    filters: SessionFilter, column: str, loose: frozenset[str] = NOTHING
) -> tuple[str, ...]:
    """The pieces in which sessions are walked by ``column``: none where one index has them all."""
    is_whole = filters.archived is None and not leads(filters, loose)
    return _BY_ARCHIVE if column == "active_at" and is_whole else ()


def in_pieces(matching: str, pieces: Sequence[str]) -> str:
    """A statement that ends with conditions, once for each of the pieces, if there are any."""
    return " union all ".join(f"{matching} and {piece}" for piece in pieces) or matching


def total_by(filters: SessionFilter) -> tuple[str, dict[str, Any]]:
    """The counters' total as a column, and its parameters."""
    counted = counts.counted_by(filters)
    if counted is None:
        return "null", {}
    named = dict(named_values("counted", counted.values))
    among = f" and value in ({', '.join(f':{name}' for name in named)})" if named else ""
    return _TOTAL.format(among), named | {"facet": counted.facet, "without": counted.without}


def _after_values(values: Sequence[Any]) -> dict[str, Any]:
    return {f"after_{index}": value for index, value in enumerate(values)}


def messages(  # noqa: PLR0913 - the coordinates of a stretch
    workspace_id: str,
    session_id: str,
    query: MessageQuery,
    limit: int,
    *,
    before: int | None = None,
    after: int | None = None,
    descending: bool = False,
    seqs: Sequence[int] = (),
    columns: str = COLUMNS["message"],
) -> Query:
    """Up to ``limit`` messages between two exclusive ``seq`` numbers.

    Or the messages with at most ``MOST_IDS`` given numbers.

    ``columns`` are those of a whole message or a few.
    """
    conditions = ["workspace_id = :workspace_id", "session_id = :session_id", "deleted_at is null"]
    values: dict[str, Any] = {
        "workspace_id": workspace_id,
        "session_id": session_id,
        "limit": limit,
    }
    for condition, name, value in (
        ("seq < :before", "before", before),
        ("seq > :after", "after", after),
        ("created_at < :created_before", "created_before", query.created_before),
    ):
        if value is not None:
            conditions.append(condition)
            values[name] = value
    if query.roles:
        named = dict(named_values("role", query.roles))
        conditions.append(f"role in ({', '.join(':' + name for name in named)})")
        values |= named
    if seqs:
        numbered = filled("seq", seqs)
        conditions.append(f"seq in ({', '.join(':' + name for name in numbered)})")
        values |= numbered
    order = "seq desc" if descending else "seq"
    matching = f"select {columns} from messages where {' and '.join(conditions)}"  # noqa: S608 - literal tables above
    sql = f"{matching} order by {order} limit :limit"
    return Query("message_page", values, sql=sql)


def newest_messages(
    workspace_id: str, filters: SessionFilter, limit: int, before: tuple[int, int, str]
) -> Query:
    """Where up to ``limit`` messages of the matching sessions are, newest first.

    Each row is a session, a ``seq`` and the bytes that the message takes in the store.

    They are older than the position ``before``: ``created_at``, ``seq``, and what a message id
    carries of its session (``ids.session_tail_of``).

    The candidates are the last messages of the ``limit`` sessions that were active last before
    ``before``, and the messages of the sessions that were active at it. Deleted messages leave gaps
    in ``seq``, so that the last ``limit`` messages of a session have numbers above
    ``message_count - limit``.
    """
    conditions, values = where(filters)
    # The order and the limit only lead the database to the filter's own index, which is sorted so.
    matching = (
        "select id as place_id, message_count, first_message_at, active_at from sessions"  # noqa: S608 - literal tables above
        f" where {' and '.join(conditions)} order by updated_at desc, id desc limit :every"
    )
    sql = (
        f"with matching as ({matching}), silent as ("  # noqa: S608 - literal tables above
        "select place_id, message_count - :limit as below from matching where active_at < "
        ":before_at order by active_at desc, place_id desc limit :limit"
        "), places as (select place_id, below from silent"
        " union all select place_id, 0 from matching where first_message_at <= :before_at and "
        "active_at >= :before_at)"
        " select session_id, seq, octet_length(parts) + octet_length(metadata)"
        " from places cross join messages"  # cross: places first
        " where workspace_id = :workspace_id and session_id = place_id and seq > below and "
        "deleted_at is null"
        " and (created_at, seq, substr(session_id, 27)) < (:before_at, :before_seq, :before_tail)"
        " order by created_at desc, seq desc, substr(session_id, 27) desc limit :limit"
    )
    at, seq, tail = before
    before_values = {"before_at": at, "before_seq": seq, "before_tail": tail}
    return Query(
        "message_newest",
        sql=sql,
        values=values
        | before_values
        | {"workspace_id": workspace_id, "limit": limit, "every": 2**63 - 1},
    )
