"""Diffs of forks: where two sessions diverge, and the messages that only one of them has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.service.rules import ref
from hansard.store.verbs import diffs as verbs

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model.diff import Diff
    from hansard.store import Store
    from hansard.store.cursors import Cursors


class Diffs:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors

    async def read(
        self,
        principal: Principal,
        session: str,
        against: str | None,
        *,
        limit: int,
        cursor: str | None = None,
    ) -> Diff:
        """One page of the differences between a session and another, by default its parent.

        Raises NotFound for either session, and Invalid when there is no parent.
        """
        walk = ["diff", session, against]
        after = (
            (0, 0) if cursor is None else self._cursors.read(principal.workspace_id, walk, cursor)
        )
        page = await self._store.snapshot(
            verbs.diff, ref(principal, session), against, limit, after
        )
        if not page.has_more:
            return page
        position = [
            max((item.message.seq for item in page.items if item.side == side), default=seq)
            for side, seq in zip(("here", "there"), after, strict=True)
        ]
        return msgspec.structs.replace(
            page, next_cursor=self._cursors.write(principal.workspace_id, walk, position)
        )
