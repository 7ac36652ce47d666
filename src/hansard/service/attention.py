"""What somebody should look at.

Sessions that wait, failed, had failed calls of tools, fell silent, or that nobody has read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.model import Session, SessionFilter, SessionQuery
from hansard.model.times import Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.access import Principal
    from hansard.model.session import Sort
    from hansard.service.sessions import Sessions

_DAY_US = 86_400_000_000
STALE_DAYS, LATELY_DAYS = 3, 7
_UNSETTLED = ("open", "unresolved")
REASONS = ("waiting", "failed", "failed_calls", "stale", "unread")


class Group(Struct, frozen=True):
    """The sessions that need attention for one reason. Each is in the first group that it fits."""

    reason: str
    filter: SessionFilter
    sort: Sort
    sessions: list[Session]
    has_more: bool


class Attention:
    def __init__(self, sessions: Sessions, clock: Callable[[], int]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def find(self, principal: Principal, *, limit: int = 20) -> list[Group]:
        """The groups in the order of ``REASONS``, with up to ``limit`` sessions each.

        Archived sessions need none. Those that have waited longest come first, and the latest
        failures.
        """
        groups: list[Group] = []
        seen = set[str]()
        for reason, filters, sort in _wanted(self._clock()):
            page = await self._sessions.list(
                principal, SessionQuery(filter=filters, sort=sort, limit=limit)
            )
            fresh = [session for session in page.items if session.id not in seen]
            seen.update(session.id for session in fresh)
            groups.append(Group(reason, filters, sort, fresh, page.has_more))
        return groups


def _wanted(now: int) -> list[tuple[str, SessionFilter, Sort]]:
    """Each reason with its filter and order. Days are whole, so that an address stays good."""
    today = now - now % _DAY_US
    stale, lately = today - STALE_DAYS * _DAY_US, Moment(today - LATELY_DAYS * _DAY_US)
    return [
        ("waiting", SessionFilter(state=("waiting",), archived=False), "active_at"),
        (
            "failed",
            SessionFilter(state=("failed", "interrupted"), resolution=_UNSETTLED, archived=False),
            "-active_at",
        ),
        (
            "failed_calls",
            SessionFilter(
                failed_calls=True, resolution=_UNSETTLED, active_from=lately, archived=False
            ),
            "-active_at",
        ),
        (
            "stale",
            SessionFilter(resolution=("unresolved",), active_until=Moment(stale), archived=False),
            "active_at",
        ),
        (
            "unread",
            SessionFilter(unread=True, resolution=_UNSETTLED, active_from=lately, archived=False),
            "-active_at",
        ),
    ]
