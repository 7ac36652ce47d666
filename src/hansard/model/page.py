from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

Item = TypeVar("Item")


class Page(Struct, Generic[Item], frozen=True, kw_only=True):
    """One answer of a list.

    ``total`` is exact and None when it was not asked for; ``next_cursor`` is None on the last page.
    """

    items: list[Item]
    has_more: bool
    next_cursor: str | None = None
    total: int | None = None
