"""Sums over the whole store, read from one small row of each workspace."""

from __future__ import annotations

from msgspec import Struct

from hansard.store.steps import Steps, row


class Totals(Struct, frozen=True):
    """``lag`` is how many of the ``changes`` the search index has not seen yet."""

    workspaces: int
    changes: int
    lag: int


def totals() -> Steps[Totals]:
    sums = yield from row("store_totals")
    return Totals(*map(int, sums or (0, 0, 0)))
