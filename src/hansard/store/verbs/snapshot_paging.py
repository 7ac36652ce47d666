"""Stable paging while writers run.

Each page shows the list as it was when the first page was read.

A session that changed since then is shown where it stood, which its first event behind the walk's
generation remembers; the others are where the index has them. Where nothing changed, or in an order
that no change touches, a page costs nothing more.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from hansard.store import listing, steps
from hansard.store.steps import Steps
from hansard.store.verbs.events import generation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import SessionFilter
    from hansard.store.steps import Row

_MOST_MOVES = 50_000
"""A walk that is further behind than so many changes goes on in the plain order, where what moves
may be missed.
"""
_MOVES = {"updated_at": "moves_updated", "active_at": "moves_active", "title": "moves_title"}


def page(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    filters: SessionFilter,
    sort: str,
    limit: int,
    after: list[Any],
    since: int,
    listed: list[Row],
    loose: frozenset[str],
) -> Steps[list[Row]]:
    """Up to ``limit`` rows behind the place ``after`` of the list that was at generation ``since``.

    ``listed`` is the page that ``listing.page`` gives now. What moved is asked for after that:
    whatever moves in between is then known to have moved, wherever it was listed.
    """
    stayed: list[Row] = []
    while True:
        moved = yield from moves(workspace_id, sort, since)
        stayed = [row for row in (*stayed, *listed) if row[0] not in moved]
        if len(listed) < limit or len(stayed) >= limit:
            break
        listed = yield listing.page(
            workspace_id, filters, sort, limit, after=listing.position_of(listed[-1]), loose=loose
        )
    there = yield from _moved_rows(workspace_id, filters, _behind(moved, sort, after), limit)
    return sorted([*there, *stayed], key=listing.position_of, reverse=_descends(sort))[:limit]


def moves(workspace_id: str, sort: str, since: int) -> Steps[dict[str, list[Any]]]:
    """Where the sessions that changed behind generation ``since`` stood before, by id.

    Places as ``listing.position_of`` gives them.
    """
    statement = _MOVES.get(sort.removeprefix("-"))
    now = yield from generation(workspace_id)
    if statement is None or not 0 < now - since <= _MOST_MOVES:
        return {}
    got = yield from steps.rows(statement, workspace_id=workspace_id, since=since)
    if statement != "moves_title":
        return {ident: [at, ident] for ident, at in got}
    return {
        ident: [title, ident] if _descends(sort) else [0 if title else 1, title, ident]
        for ident, title in got
    }


def _descends(sort: str) -> bool:
    return sort.startswith("-")


def _behind(moved: dict[str, list[Any]], sort: str, after: list[Any]) -> list[list[Any]]:
    positions = (
        position
        for position in moved.values()
        if (position < after if _descends(sort) else position > after)
    )
    return sorted(positions, reverse=_descends(sort))


def _moved_rows(
    workspace_id: str, filters: SessionFilter, positions: Sequence[list[Any]], limit: int
) -> Steps[list[Row]]:
    """Those that are still there and match, at the places given."""
    rows: list[Row] = []
    rest = iter(positions)
    while len(rows) < limit and (chunk := list(islice(rest, listing.MOST_IDS))):
        got = yield listing.among(workspace_id, filters, [position[-1] for position in chunk])
        versions = {row[0]: row[1] for row in got}
        rows += [
            listing.row_at(position[-1], versions[position[-1]], *position[:-1])
            for position in chunk
            if position[-1] in versions
        ]
    return rows
