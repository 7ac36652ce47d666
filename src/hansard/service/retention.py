"""Retention: sessions are deleted some days after their last activity.

Rules are set per workspace and kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.errors import Invalid
from hansard.model.session import KINDS
from hansard.service.rules import forget_deleted, whole
from hansard.store.verbs import retention as verbs
from hansard.store.verbs.store_clock import earlier_of, store_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hansard.access import Principal
    from hansard.service.audit import Audit
    from hansard.store import Store
    from hansard.store.verbs.store_clock import StoreClock

ALL = "*"
_DAY_US = 86_400 * 1_000_000
_BATCH = 100
LONGEST = 36_500


class Expired(Struct, frozen=True):
    """What a rule deleted, or would delete.

    ``before``: sessions with no activity since this time are expired.
    """

    kind: str
    days: int
    before: int
    sessions: int
    messages: int | None


class Retention:
    """A session expires when both this process's clock and the store's say so."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        clock: Callable[[], int],
        store_clock: StoreClock = store_time,
    ) -> None:
        self._store_clock = store_clock
        self._store = store
        self._audit = audit
        self._clock = clock

    async def rules(self, principal: Principal) -> dict[str, int]:
        """Days to keep sessions after their last activity, by kind; ``*`` for all other kinds."""
        return await self._store.read(verbs.rules, principal.workspace_id)

    async def set_rules(self, principal: Principal, rules: Mapping[str, int]) -> dict[str, int]:
        """Replace all rules; without rules, sessions are kept for ever.

        Raises Forbidden without ``sessions:delete``, since the server deletes by these rules.
        """
        whole(principal)
        principal.require("sessions:delete")
        _check(rules)
        now = self._clock()
        noted_set = self._audit.within(
            lambda kept: self._audit.act(principal, "retention.changed", "retention", rules=kept),
            verbs.set_rules,
        )
        return await self._store.write(noted_set, principal.workspace_id, rules, now)

    async def preview(
        self, principal: Principal, rules: Mapping[str, int] | None = None
    ) -> list[Expired]:
        """What these rules, or the stored ones, would delete now; changes nothing."""
        whole(principal)
        _check(rules or {})
        now = await self._now()
        return [
            await self._count(principal.workspace_id, *rule, now)
            for rule in _by_kind(await self.rules(principal) if rules is None else rules)
        ]

    async def apply(self, principal: Principal) -> list[Expired]:
        """Delete expired sessions, in small transactions."""
        whole(principal)
        now = await self._now()
        expired = [
            await self._expire(principal.workspace_id, *rule, now)
            for rule in _by_kind(await self.rules(principal))
        ]
        if any(outcome.sessions for outcome in expired):
            await self._audit.note(
                principal,
                "retention.applied",
                "retention",
                sessions={
                    outcome.kind: outcome.sessions for outcome in expired if outcome.sessions
                },
            )
            await forget_deleted(self._store, principal.workspace_id)
        return expired

    async def _now(self) -> int:
        return await self._store.read(earlier_of, self._store_clock, self._clock())

    async def _expire(self, workspace_id: str, kind: str, days: int, now: int) -> Expired:
        before = now - days * _DAY_US
        sessions = messages = 0
        while due := await self._store.read(verbs.due, workspace_id, kind, before, _BATCH):
            gone = await self._store.write(verbs.expire, workspace_id, due, before, now)
            if not gone["sessions"]:
                break
            sessions += gone["sessions"]
            messages += gone["messages"]
        return Expired(kind, days, before, sessions, messages)

    async def _count(self, workspace_id: str, kind: str, days: int, now: int) -> Expired:
        before = now - days * _DAY_US
        return Expired(
            kind,
            days,
            before,
            await self._store.read(verbs.count_due, workspace_id, kind, before),
            None,
        )


def _check(rules: Mapping[str, int]) -> None:
    for kind, days in rules.items():
        if kind != ALL and kind not in KINDS:
            raise Invalid(
                f"unknown kind {kind!r}: choose from {', '.join((ALL, *KINDS))}", param="rules"
            )
        if not 1 <= days <= LONGEST:
            raise Invalid(f"rules.{kind}: days must be from 1 to {LONGEST}", param=f"rules.{kind}")


def _by_kind(rules: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every kind that has a rule, and its days."""
    days = {kind: rules.get(kind, rules.get(ALL)) for kind in KINDS}
    return [(kind, limit) for kind, limit in days.items() if limit is not None]
