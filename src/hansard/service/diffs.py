"""Diffs of forks: where two sessions part, and what each has that the other has not."""

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
        """One page of what differs between a session and another, its parent where none is named.

        Raises NotFound for either session, and Invalid for one without a parent.
        """
        walk = ["diff", session, against]
        after = (
            (0, 0) if cursor is None else self._cursors.read(principal.workspace_id, walk, cursor)
        )
        found = await self._store.snapshot(
            verbs.diff, ref(principal, session), against, limit, after
        )
        if not found.has_more:
            return found
        place = [
            max((item.message.seq for item in found.items if item.side == side), default=told)
            for side, told in zip(("here", "there"), after, strict=True)
        ]
        return msgspec.structs.replace(
            found, next_cursor=self._cursors.write(principal.workspace_id, walk, place)
        )
