"""Places in lists of sessions: what a cursor is valid for, and where it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.byte_cache import MIB, remembered
from hansard.store.listing import ORDERS

if TYPE_CHECKING:
    from hansard.model import Session, SessionFilter, SessionQuery


def scope_of(query: SessionQuery) -> list[object]:
    """The sort and the filter, outside of which a cursor is not valid."""
    return _scope(query.sort, query.filter)


def behind(session: Session, query: SessionQuery, generation: int) -> tuple[object, ...]:
    """The place behind a session; the sort is by one of its times."""
    columns, _ = ORDERS[query.sort]
    return generation, None, [getattr(session, column) for column in columns]


@remembered(MIB)
def _scope(sort: str, filters: SessionFilter) -> list[object]:
    return [sort, msgspec.to_builtins(filters, enc_hook=int)]
