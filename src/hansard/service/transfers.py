"""Whole sessions in and out: what imports and exports are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from hansard.errors import Invalid
from hansard.model import SessionDraft
from hansard.model.transfer import Arrival, Verdict
from hansard.service.rules import own_id
from hansard.store.verbs import transfer as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import Session
    from hansard.model.transfer import Incoming, Snapshot
    from hansard.service.sessions import Sessions
    from hansard.store import Store
    from hansard.store.steps import Steps

T = TypeVar("T")


class Transfers:
    """Each call is one transaction; a verdict stands at the place of the session that it is about."""

    def __init__(self, store: Store, sessions: Sessions, ids: IdSource, clock: Callable[[], int]) -> None:
        self._store = store
        self._sessions = sessions
        self._ids = ids
        self._clock = clock

    async def bring(self, principal: Principal, incoming: Sequence[Incoming], *, dry_run: bool = False) -> list[Verdict]:
        """Store the sessions that are not there and add to the others what they lack; nothing is overwritten.

        A session keeps its own times: it counts as updated when its last message was said.  With
        ``dry_run`` the verdicts are found and nothing is written.
        """
        now = self._clock()
        arrivals: list[Arrival] = []
        verdicts: dict[int, Verdict] = {}
        for place, one in enumerate(incoming):
            try:
                arrivals.append(self._arrival(principal, one, now))
            except Invalid as problem:
                verdicts[place] = Verdict("bad", problem.message)
        done = iter(await self._write(verbs.bring(principal.workspace_id, arrivals, self._ids, now), dry_run=dry_run))
        return [verdicts.get(place) or next(done) for place in range(len(incoming))]
