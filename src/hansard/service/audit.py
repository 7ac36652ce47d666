"""The audit log: who did what to which object of a workspace.

The log is append-only and hash-chained, and holds no content. Its actions: keys created, rotated
and revoked; workspaces created, changed and deleted; sessions and messages deleted; users erased;
retention rules changed and applied; imports, and each existing session that an import changed;
exports; reads of the log; hash chains repaired; calls denied for a missing scope. Appends and
session updates are left out: they would double every write, and the sessions' own events record
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from hansard.byte_cache import MIB, ByteCache
from hansard.errors import Error
from hansard.model.audit import AuditFilter
from hansard.service.rules import whole
from hansard.store.verbs import audit as verbs
from hansard.store.verbs.audit import Act, Noted

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.access import Principal
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.steps import Steps

T = TypeVar("T")
NEWEST = 1 << 62
_BATCH, _MOST_READ = 500, 5000
EVERYTHING = AuditFilter()
_DENIED_US = 1_000_000


class Broken(Struct, frozen=True):
    """The first entry of a log that does not fit the one before it."""

    workspace_id: str
    n: int
    problem: str


class Verdict(Struct, frozen=True):
    """The result of verifying logs."""

    logs: int
    entries: int
    broken: tuple[Broken, ...]


class Audit:
    """Writes and reads the logs; ``secret`` keys their chains."""

    def __init__(
        self, store: Store, cursors: Cursors, secret: bytes, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._cursors = cursors
        self.secret = secret
        self._clock = clock
        self._denied = ByteCache[tuple[str, str], int](MIB, "denials")

    def act(self, principal: Principal, action: str, thing: str, **details: Any) -> Act:  # noqa: ANN401 - facts of the act
        return Act(
            principal.workspace_id, self._clock(), principal.key_id, action, thing, "ok", details
        )

    def within(
        self, describe: Callable[[T], Act], verb: Callable[..., Steps[T]]
    ) -> Callable[..., Steps[T]]:
        """``verb`` with an audit entry in the same transaction.

        ``describe`` builds the entry from the verb's result.
        """

        def noted(*args: Any, **kwargs: Any) -> Steps[T]:  # noqa: ANN401 - the verb's own
            return verbs.noted(self.secret, describe, lambda: verb(*args, **kwargs))

        return noted

    async def note(self, principal: Principal, action: str, thing: str, **details: Any) -> None:  # noqa: ANN401 - facts of the act
        """Write an entry about an action that changes no row, such as an export."""
        await self._store.write(
            verbs.note, self.secret, self.act(principal, action, thing, **details)
        )

    async def denied(self, principal: Principal, scope: str, route: str) -> None:
        """Note a call that the key had no scope for.

        At most one entry a second for each key and route. Never fails the request.
        """
        now = self._clock()
        if now - (self._denied.get((principal.key_id, route)) or 0) < _DENIED_US:
            return
        self._denied.put((principal.key_id, route), now)
        act = Act(
            principal.workspace_id,
            now,
            principal.key_id,
            "access.denied",
            route,
            "denied",
            {"scope": scope},
        )
        try:
            await self._store.write(verbs.note, self.secret, act)
        except Error:
            self._denied.pop((principal.key_id, route))

    async def verify(self, workspace_id: str | None = None) -> Verdict:
        """Verify one workspace's log, or every log of the store, including deleted workspaces'."""
        workspace_ids = (
            [workspace_id] if workspace_id is not None else await self._store.read(verbs.workspaces)
        )
        broken: list[Broken] = []
        entries = 0
        for log_id in workspace_ids:
            count, problems = await self._walk(log_id)
            entries += count
            broken += problems
        return Verdict(len(workspace_ids), entries, tuple(broken))

    async def _walk(self, workspace_id: str) -> tuple[int, list[Broken]]:
        length, last = await self._store.read(verbs.head, workspace_id)
        n, before = 0, verbs.ROOT
        while n < length:
            for noted in await self._store.read(
                verbs.walk, workspace_id, n, min(_BATCH, length - n)
            ):
                n += 1
                if noted.n != n:
                    return n, [Broken(workspace_id, n, f"entry {n} is missing")]
                if verbs.link(self.secret, before, n, noted.act) != noted.hash:
                    return n, [
                        Broken(
                            workspace_id,
                            n,
                            f"entry {n} is not what was written, or the one before it",
                        )
                    ]
                before = noted.hash
            if n < length and not await self._store.read(verbs.walk, workspace_id, n, 1):
                return n, [
                    Broken(
                        workspace_id,
                        n + 1,
                        f"the log was cut off: {length} entries were written, {n} are there",
                    )
                ]
        if before != last:
            return n, [
                Broken(workspace_id, n, "the last entry is not the one that was written last")
            ]
        return n, []

    async def _passing(
        self, workspace_id: str, before: int, limit: int, filters: AuditFilter
    ) -> tuple[list[Noted], int | None]:
        """Up to ``limit`` entries that pass, and behind which one there may be more."""
        page: list[Noted] = []
        size = limit + 1 if filters.is_empty else _BATCH
        for _ in range(1 if filters.is_empty else _MOST_READ // _BATCH):
            entries = await self._store.read(verbs.page, workspace_id, before, size)
            page += [entry for entry in entries if _passes(filters, entry.act)]
            if len(page) > limit:
                return page[:limit], page[limit - 1].n
            if len(entries) < size:
                return page, None
            before = entries[-1].n
        return page, before

    async def list(
        self,
        principal: Principal,
        *,
        limit: int,
        cursor: str | None = None,
        filters: AuditFilter = EVERYTHING,
    ) -> tuple[list[Noted], str | None]:
        """Entries that pass, newest first, and the cursor of the next page.

        No more than ``_MOST_READ`` entries are looked at: a page of a long log may have fewer than
        ``limit`` that pass, and a cursor nevertheless.
        """
        whole(principal)
        before = (
            NEWEST
            if cursor is None
            else self._cursors.read(principal.workspace_id, "audit", cursor)
        )
        page, last = await self._passing(principal.workspace_id, before, limit, filters)
        if last is None:
            return page, None
        return page, self._cursors.write(principal.workspace_id, "audit", last)


def _passes(filters: AuditFilter, act: Act) -> bool:
    return filters.passes(actor=act.actor, action=act.action, thing=act.object, result=act.result)
