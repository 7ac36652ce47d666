"""Facets: which values a filter can take among the sessions that the other filters leave."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hansard.model.session_filter import FILTERS
from hansard.store.verbs import facets as verbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.access import Principal
    from hansard.model import SessionFilter
    from hansard.model.facet import Facet
    from hansard.service.sessions import Sessions
    from hansard.store import Store

BY = {each.name: each.field for each in FILTERS if each.field in verbs.FIELDS}
"""The filters that have facets, by their callers' names, and their fields."""
MOST = 40


class Facets:
    def __init__(self, store: Store, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions

    async def find(
        self, principal: Principal, filters: SessionFilter, names: Sequence[str], most: int = MOST
    ) -> dict[str, Facet]:
        """For each of the ``names``, keys of ``BY``, its values under all filters but its own.

        At most ``most`` values, those with most sessions first.
        """
        together: dict[SessionFilter, list[str]] = {}
        for name in names:
            none = tuple(each for each in filters.none if each != name)
            others = replace(filters, none=none, **{BY[name]: ()})
            together.setdefault(others, []).append(name)

        async def read(others: SessionFilter, theirs: list[str]) -> dict[str, Facet]:
            seen = await self._sessions.within_sight(principal, others)
            fields = [BY[name] for name in theirs]
            rows = await self._store.read(verbs.facets, principal.workspace_id, seen, fields, most)
            return dict(zip(theirs, rows, strict=True))

        reads = await asyncio.gather(*(read(*group) for group in together.items()))
        facets = {name: facet for facet_by_name in reads for name, facet in facet_by_name.items()}
        return {name: facets[name] for name in names}

    async def count(self, principal: Principal, filters: SessionFilter) -> tuple[int, bool]:
        """How many sessions pass, and whether that is all or there may be more."""
        seen = await self._sessions.within_sight(principal, filters)
        return await self._store.read(verbs.count, principal.workspace_id, seen)
