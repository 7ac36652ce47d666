"""Repair of hash chains that `verify` reports as restarted while every message is intact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.ids import SESSION
from hansard.store.verbs import chain_repair as verbs
from hansard.store.verbs.audit import Act
from hansard.store.verbs.chain_repair import Repair

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.service.audit import Audit
    from hansard.service.verify import Findings
    from hansard.store import Store

__all__ = ["ChainRepair", "Repair"]


class ChainRepair:
    """Repairs one session per transaction, so the store may be written to meanwhile."""

    def __init__(self, store: Store, audit: Audit, clock: Callable[[], int]) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    async def plan(self, findings: Findings) -> list[Repair]:
        """The repairs that these findings allow; changes nothing."""
        planned = [
            await self._store.snapshot(verbs.plan, *session) for session in _sessions(findings)
        ]
        return [repair for repair in planned if repair is not None]

    async def mend(self, findings: Findings) -> list[Repair]:
        """Make the repairs that these findings allow.

        Each repaired session gets an entry in its workspace's audit log.
        """
        mended = [
            await self._store.write(verbs.mend, *session, self._audit.secret, self._act)
            for session in _sessions(findings)
        ]
        return [repair for repair in mended if repair is not None]

    def _act(self, repair: Repair) -> Act:
        return Act(
            repair.workspace_id,
            self._clock(),
            "operator",
            "chain.repaired",
            f"{SESSION}{repair.session_id}",
            details={
                "first_seq": repair.breaks[0],
                "breaks": len(repair.breaks),
                "messages": repair.rehashed,
            },
        )


def _sessions(findings: Findings) -> list[tuple[str, str]]:
    """The sessions with a fault in a message, by workspace and id."""
    damaged = {
        (fault.workspace_id, fault.session_id)
        for fault in findings.faults
        if fault.session_id is not None and fault.seq is not None
    }
    return sorted(damaged)
