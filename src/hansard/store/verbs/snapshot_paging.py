"""Walks through a list that hold still while writers run: each page is of the list as it stood when the walk began.

A session that changed since then is shown where it stood, which its first event behind the walk's generation remembers;
the others are where the index has them. Where nothing changed, or in an order that no change touches, a page costs nothing more.
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
"""A walk that is further behind than so many changes goes on in the plain order, where what moves may be missed."""
_MOVES = {"updated_at": "moves_updated", "active_at": "moves_active", "title": "moves_title"}


def page(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    wanted: SessionFilter,
    sort: str,
    limit: int,
    after: list[Any],
    since: int,
    listed: list[Row],
    loose: frozenset[str],
) -> Steps[list[Row]]:
    """Up to ``limit`` rows behind the place ``after`` of the list that was at generation ``since``.

    ``listed`` is the page that ``listing.page`` gives now. What moved is asked for after that: whatever moves in between
    is then known to have moved, wherever it was listed.
    """
    stayed: list[Row] = []
    while True:
        moved = yield from moves(workspace_id, sort, since)
        stayed = [one for one in (*stayed, *listed) if one[0] not in moved]
        if len(listed) < limit or len(stayed) >= limit:
            break
        listed = yield listing.page(
            workspace_id, wanted, sort, limit, after=listing.place_of(listed[-1]), loose=loose
        )
    there = yield from _moved_rows(workspace_id, wanted, _behind(moved, sort, after), limit)
    return sorted([*there, *stayed], key=listing.place_of, reverse=_descends(sort))[:limit]


def moves(workspace_id: str, sort: str, since: int) -> Steps[dict[str, list[Any]]]:
    """Where the sessions that changed behind generation ``since`` stood before, by id; places as ``listing.place_of`` gives them."""
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
    places = (
        place for place in moved.values() if (place < after if _descends(sort) else place > after)
    )
    return sorted(places, reverse=_descends(sort))


def _moved_rows(
    workspace_id: str, wanted: SessionFilter, places: Sequence[list[Any]], limit: int
) -> Steps[list[Row]]:
    """Those that are still there and match, at the places given."""
    found: list[Row] = []
    rest = iter(places)
    while len(found) < limit and (chunk := list(islice(rest, listing.MOST_IDS))):
        got = yield listing.among(workspace_id, wanted, [place[-1] for place in chunk])
        versions = {one[0]: one[1] for one in got}
        found += [
            listing.placed(place[-1], versions[place[-1]], *place[:-1])
            for place in chunk
            if place[-1] in versions
        ]
    return found
