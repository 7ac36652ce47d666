from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

Item = TypeVar("Item")
PAGE_BYTES = 8 * 1024 * 1024
"""An answer holds no more items than fit into so many bytes, and one in any case."""


class Page(Struct, Generic[Item], frozen=True, kw_only=True):
    """One answer of a list.

    ``total`` is exact and None when it was not asked for; ``next_cursor`` is None on the last page.
    """

    items: list[Item]
    has_more: bool
    next_cursor: str | None = None
    total: int | None = None
