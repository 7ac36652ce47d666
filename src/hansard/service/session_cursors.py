"""Places in lists of sessions: what a cursor is valid for, and where it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from hansard.byte_cache import MIB, remembered
from hansard.model import Page
from hansard.store.listing import ORDERS, position_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Session, SessionFilter, SessionQuery
    from hansard.store.cursors import Cursors
    from hansard.store.verbs.sessions import Listing

T = TypeVar("T")


def scope_of(query: SessionQuery) -> list[object]:
    """The sort and the filter, outside of which a cursor is not valid."""
    return _scope(query.sort, query.filter)


def behind(session: Session, query: SessionQuery, generation: int) -> tuple[object, ...]:
    """The place behind a session; the sort is by one of its times."""
    columns, _ = ORDERS[query.sort]
    return generation, None, [getattr(session, column) for column in columns]


def page(  # noqa: PLR0913 - what a page is made of
    cursors: Cursors,
    workspace_id: str,
    query: SessionQuery,
    listing: Listing,
    items: Sequence[T],
    count: int,
) -> Page[T]:
    """A page of the first ``count`` rows; ``items`` are those that still exist."""
    more = len(listing.rows) > count
    last = position_of(listing.rows[count - 1]) if more and count else None
    position = (listing.generation, listing.total, last)
    return Page(
        items=[*items],
        has_more=more,
        next_cursor=cursors.write(workspace_id, scope_of(query), position) if last else None,
        total=listing.total if query.with_total else None,
    )


@remembered(MIB)
def _scope(sort: str, filters: SessionFilter) -> list[object]:
    return [sort, msgspec.to_builtins(filters, enc_hook=int)]
