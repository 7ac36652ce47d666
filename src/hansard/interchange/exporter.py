"""Sessions out of the store into lines of our own format."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from msgspec import Struct

from hansard.access import Principal
from hansard.interchange.formats import hansard
from hansard.model import SessionFilter, SessionQuery
from hansard.service import Service

_AT_ONCE = 20


class Exported(Struct, kw_only=True):
    """How much was written."""

    sessions: int = 0
    messages: int = 0
    runs: int = 0


def lines(
    service: Service, principal: Principal, wanted: SessionFilter, counted: Exported | None = None
) -> AsyncIterator[bytes]:
    """The sessions that match, oldest first, a line each; each as it is at one moment, and counted as it is given.

    The audit log is told before anything is given away, and at the end how much it was.
    """
    return _written(
        service, principal, _matching(service, principal, wanted), counted or Exported()
    )


def named(service: Service, principal: Principal, ids: Sequence[str]) -> AsyncIterator[bytes]:
    """The sessions with these ids (``Session.id``), as ``lines`` gives them; those that are gone are left out."""

    async def groups() -> AsyncIterator[Sequence[str]]:
        for start in range(0, len(ids), _AT_ONCE):
            yield ids[start : start + _AT_ONCE]

    return _written(service, principal, groups(), Exported())


async def _matching(
    service: Service, principal: Principal, wanted: SessionFilter
) -> AsyncIterator[Sequence[str]]:
    query = SessionQuery(filter=wanted, sort="created_at", limit=_AT_ONCE)
    while True:
        page = await service.sessions.list(principal, query)
        yield [session.id for session in page.items]
        if page.next_cursor is None:
            break
        query = msgspec.structs.replace(query, cursor=page.next_cursor)


async def _written(
    service: Service, principal: Principal, groups: AsyncIterator[Sequence[str]], counted: Exported
) -> AsyncIterator[bytes]:
    await service.audit.note(principal, "export.started", "sessions")
    async for ids in groups:
        for snapshot in await service.transfers.take(principal, ids):
            counted.sessions += 1
            counted.messages += len(snapshot.messages)
            counted.runs += len(snapshot.runs)
            yield hansard.write(snapshot)
    await service.audit.note(
        principal,
        "sessions.exported",
        "sessions",
        sessions=counted.sessions,
        messages=counted.messages,
    )


async def export(
    service: Service,
    principal: Principal,
    wanted: SessionFilter,
    write: Callable[[bytes], object],
    on_progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write the sessions that match; ``on_progress`` hears how many of how many are written."""
    total = await service.sessions.count(principal, wanted)
    counted = Exported()
    async for line in lines(service, principal, wanted, counted):
        write(line)
        if on_progress:
            on_progress(counted.sessions, max(total, counted.sessions))
    return counted
