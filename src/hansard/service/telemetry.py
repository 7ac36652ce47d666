"""Telemetry: what spans and log records tell of calls of models becomes sessions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.errors import Conflict, Error, Forbidden, Invalid, NotFound, TooLarge
from hansard.model import Session, SessionDraft
from hansard.service.rules import ref
from hansard.service.session_rows import check_owner, drafted
from hansard.store.verbs import model_calls as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model.model_call import TraceFacts, TraceRecord
    from hansard.store import Store

_TOGETHER = 32
"""The calls of one transaction; other writes wait for one transaction at most."""
_REFUSALS = (Conflict, Forbidden, Invalid, NotFound, TooLarge)
_SOURCE = {"source": "telemetry"}
_BY_TRACE = _SOURCE | {"known_by": "trace"}
"""The metadata of a session whose spans name none, so that it is that of a trace."""


class Taken(Struct, frozen=True):
    """How many calls were refused, and the first refusal."""

    refused: int = 0
    reason: str = ""


class Telemetry:
    def __init__(self, store: Store, ids: IdSource, clock: Callable[[], int]) -> None:
        self._store = store
        self._ids = ids
        self._clock = clock
        self._turn = asyncio.Lock()

    async def take(self, principal: Principal, records: Sequence[TraceRecord]) -> Taken:
        """Take what was brought of each trace; durable and readable when this returns.

        What comes again changes nothing, and no order of coming makes a difference. Calls of a
        session that is not the caller's to write are refused, the others are taken.
        """
        refused, reason = 0, ""
        for group in _groups(records):
            async with self._turn:
                outcomes = await self._outcomes(principal, group)
            for record, problem in zip(group, outcomes, strict=True):
                if problem is not None:
                    refused += max(1, len(record.calls))
                    reason = reason or problem.message
        return Taken(refused, reason)

    async def _outcomes(
        self, principal: Principal, group: Sequence[TraceRecord]
    ) -> Sequence[Error | None]:
        """Take the traces in one transaction, or each by itself where one of them is refused."""
        if await self._take(principal, group) is None:
            return [None] * len(group)
        return [await self._take(principal, [record]) for record in group]

    async def _take(self, principal: Principal, records: Sequence[TraceRecord]) -> Error | None:
        """Take traces, all or none; what refuses one of them, None when they are taken."""
        now = self._clock()

        def make(name: str, facts: TraceFacts, at: int) -> Session:
            draft = SessionDraft(
                id=name,
                user_id=facts.user_id,
                agent=facts.agent,
                model=facts.model,
                created_at=min(at, now),
                metadata=_BY_TRACE if name.startswith(verbs.BY_TRACE) else _SOURCE,
            )
            return drafted(principal, draft, None, self._ids, now)

        try:
            for record in records:
                check_owner(principal, SessionDraft(user_id=record.facts.user_id))
            await self._store.write_behind(
                verbs.take_all, ref(principal, ""), records, make, self._ids, now
            )
        except _REFUSALS as problem:
            return problem
        return None


def _groups(records: Iterable[TraceRecord]) -> Iterator[list[TraceRecord]]:
    """The traces of each transaction."""
    group: list[TraceRecord] = []
    size = 0
    for record in sorted(records, key=_order):
        group.append(record)
        size += max(1, len(record.calls))
        if size >= _TOGETHER:
            yield group
            group, size = [], 0
    if group:
        yield group


def _order(record: TraceRecord) -> tuple[str, int, str]:
    """Traces of one session come together and in their order: it is then read and written once.

    One that came behind a later one would have the end of the transcript written anew.
    """
    at = min((call.at for call in record.calls), default=0)
    return record.facts.session or "", at, record.trace
