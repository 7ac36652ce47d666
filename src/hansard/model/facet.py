"""What a filter can take among some sessions."""

from __future__ import annotations

from msgspec import Struct


class Facet(Struct, frozen=True):
    """A filter's values, most sessions first, and how many sessions have ``none``.

    ``total`` sessions pass the other filters. ``is_exact`` is False where no more sessions were
    looked at: there may be more of each.
    """

    field: str
    values: list[tuple[str, int]]
    none: int
    total: int
    is_exact: bool
