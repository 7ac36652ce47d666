from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

Item = TypeVar("Item")
PAGE_BYTES = 8 * 1024 * 1024
"""The most bytes of items in an answer; one item is always given."""


class Page(Struct, Generic[Item], frozen=True, kw_only=True):
    """One answer of a list.

    ``total`` is exact and None when it was not asked for; ``next_cursor`` is None on the last page.
    """

    items: list[Item]
    has_more: bool
    next_cursor: str | None = None
    total: int | None = None
