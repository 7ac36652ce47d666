"""Statistics, read from sums that follow the workspace's events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Forbidden, Invalid
from hansard.model.stats import MOST_TOP, Stats
from hansard.store.verbs import stats as verbs
from hansard.store.verbs import stats_reads as reads

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model.stats import StatsQuery
    from hansard.store import Store

_STEP = 200
_AT_ONCE = 2
_WORKSPACES = 100
_NOBODY = "-" * 300  # longer than any stored value: matches nothing
LONGEST = 400
"""The most days that one request covers."""


class Statistics:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, principal: Principal, query: StatsQuery) -> Stats:
        """The statistics of some days; Forbidden for a key that is narrowed to one end user."""
        if principal.user_id is not None:
            raise Forbidden("a key for one end user has no statistics", code="narrowed_key")
        query = _checked(principal, query)
        current = await self.follow(principal.workspace_id, _AT_ONCE)
        tallies, groups, total, previous, hours, resolved = await self._store.snapshot(
            reads.all_of, principal.workspace_id, query
        )
        return Stats(
            tallies=tallies,
            groups=groups,
            total=total,
            previous=previous,
            hours=hours,
            medians={day: reads.duration_at(resolved[day], 0.5) or 0.0 for day in sorted(resolved)},
            median=reads.duration_at(reads.together(resolved.values()), 0.5),
            current=current,
        )

    async def follow(self, workspace_id: str, steps: int) -> bool:
        """Catch up in up to ``steps`` small transactions; True when the sums are current."""
        if await self._store.read(verbs.is_current, workspace_id):
            return True
        for _ in range(steps):
            if await self._store.write(verbs.follow, workspace_id, _STEP):
                return True
        return False

    async def follow_all(self) -> bool:
        """Advance every workspace that is behind by one step; True when all are current."""
        is_current, after = True, ""
        while behind := await self._store.read(verbs.behind, after, _WORKSPACES):
            for workspace_id in behind:
                is_current = await self.follow(workspace_id, 1) and is_current
            after = behind[-1]
        return is_current


def _checked(principal: Principal, query: StatsQuery) -> StatsQuery:
    if not 0 <= query.last - query.first < LONGEST:
        raise Invalid(
            f"from must not be after until, and at most {LONGEST} days before it", param="from"
        )
    if not 1 <= query.top <= MOST_TOP:
        raise Invalid(f"top must be from 1 to {MOST_TOP}", param="top")
    if principal.app is not None:
        query = msgspec.structs.replace(
            query,
            app=(principal.app,) if not query.app or principal.app in query.app else (_NOBODY,),
        )
    return msgspec.structs.replace(
        query, channel=tuple(channel.lower() for channel in query.channel)
    )
