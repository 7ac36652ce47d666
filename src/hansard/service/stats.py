"""Statistics, read from daily sums that follow the workspace's events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Forbidden, Invalid
from hansard.model.stats import Stats
from hansard.store.verbs import stats as verbs

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
        if not 0 <= query.last - query.first < LONGEST:
            raise Invalid(
                f"from must not be after until, and at most {LONGEST} days before it", param="from"
            )
        if principal.app is not None:
            query = msgspec.structs.replace(
                query,
                app=(principal.app,) if not query.app or principal.app in query.app else (_NOBODY,),
            )
        query = msgspec.structs.replace(
            query, channel=tuple(channel.lower() for channel in query.channel)
        )
        current = await self.follow(principal.workspace_id, _AT_ONCE)
        tallies, hours, resolved = await self._store.snapshot(
            verbs.all_of, principal.workspace_id, query
        )
        by_hour = [0] * 24
        for _, hour, count in hours:
            by_hour[hour] += count
        days = {day for day, _, _ in resolved}
        medians = {
            day: _median([(slot, count) for channel, slot, count in resolved if channel == day])
            or 0.0
            for day in sorted(days)
        }
        return Stats(
            tallies=tallies,
            hours=by_hour,
            medians=medians,
            median=_median([(slot, count) for _, slot, count in resolved]),
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
        after, is_current = "", True
        while behind := await self._store.read(verbs.behind, after, _WORKSPACES):
            for workspace_id in behind:
                is_current = await self.follow(workspace_id, 1) and is_current
            after = behind[-1]
        return is_current


def _median(slots: list[tuple[int, int]]) -> float | None:
    """The median of the values of the slots, which are in ascending order."""
    left = sum(count for _, count in slots) / 2
    for slot, count in slots:
        left -= count
        if left <= 0:
            return round(verbs.seconds_of(slot), 1)
    return None
