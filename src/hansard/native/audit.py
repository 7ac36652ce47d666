"""``/v1/audit``: who did what to which object, with which key, and how it ended."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.times import rfc3339


class ListParams(Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None


class EntryOut(Struct, frozen=True, kw_only=True):
    """``n`` counts the entries of the workspace without a gap; ``hash`` covers the entry and the one before it."""

    n: int
    at: str
    actor: str
    action: str
    object: str
    result: str
    details: dict[str, Any]
    hash: str


class EntryList(Struct, frozen=True, kw_only=True):
    data: list[EntryOut]
    has_more: bool
    next_cursor: str | None


class BrokenOut(Struct, frozen=True, kw_only=True):
    n: int
    problem: str


class VerdictOut(Struct, frozen=True, kw_only=True):
    entries: int
    sound: bool
    broken: list[BrokenOut]


async def list_audit(call: Call[ListParams, None]) -> EntryList:
    """List the workspace's audit log, newest entry first; the reading is noted as well"""
    found, cursor = await call.service.audit.list(
        call.principal, limit=call.params.limit, cursor=call.params.cursor
    )
    if call.params.cursor is None:
        await call.service.audit.note(call.principal, "audit.read", "audit")
    data = [
        EntryOut(
            n=one.n,
            at=rfc3339(one.act.at),
            actor=one.act.actor,
            action=one.act.action,
            object=one.act.object,
            result=one.act.result,
            details=one.act.details,
            hash=one.hash.hex(),
        )
        for one in found
    ]
    return EntryList(data=data, has_more=cursor is not None, next_cursor=cursor)


async def verify_audit(call: Call[None, None]) -> VerdictOut:
    """Walk the chain of the workspace's audit log and say where it is broken"""
    verdict = await call.service.audit.verify(call.principal.workspace_id)
    return VerdictOut(
        entries=verdict.entries,
        sound=not verdict.broken,
        broken=[BrokenOut(n=one.n, problem=one.problem) for one in verdict.broken],
    )


routes = (
    Route("GET /v1/audit", list_audit, scope="audit:read", params=ListParams, returns=EntryList),
    Route("GET /v1/audit/verify", verify_audit, scope="audit:read", returns=VerdictOut),
)
