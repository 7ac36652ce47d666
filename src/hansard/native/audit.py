"""``/v1/audit``: who did what to which object, with which key, and how it ended."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Struct

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model.audit import AuditFilter
from hansard.model.times import rfc3339
from hansard.native.errors import NOT_FOR_NARROWED
from hansard.native.filters import check_words
from hansard.native.schemas import Cursor, HasMore, Json, Limit, NextCursor, one_of

RESULTS = ("ok", "denied")


class AuditFilterParams(Struct, frozen=True, kw_only=True):
    """Which entries of the log: those that pass every filter."""

    example: ClassVar[Json] = {
        "actor": ["7fK2mQ9x"],
        "action": ["key"],
        "object": ["ses_0190163d-8694-739b-aea5-966c26f8ad91"],
        "result": ["denied"],
    }

    actor: tuple[str, ...] = ()
    """Only entries of one of these keys, by their ids; `operator` is the command line."""
    action: tuple[str, ...] = ()
    """Only entries of one of these actions, such as `key.created`, or of all of a noun, such as
    `key`."""
    object: tuple[str, ...] = ()
    """Only entries about one of these, by their ids."""
    result: tuple[Annotated[str, one_of(RESULTS)], ...] = ()
    """Only entries with one of these results."""


class ListParams(AuditFilterParams, frozen=True, kw_only=True):
    """Which page of the log."""

    described_by: ClassVar[type[Struct]] = AuditFilterParams

    limit: Limit = 50
    cursor: Cursor = None


class EntryOut(Struct, frozen=True, kw_only=True):
    """An entry of the audit log."""

    example: ClassVar[Json] = {
        "n": 17,
        "at": "2026-01-31T09:30:00Z",
        "actor": "7fK2mQ9x",
        "action": "session.deleted",
        "object": "ses_0190163d-8694-739b-aea5-966c26f8ad91",
        "result": "ok",
        "details": {"sessions": 1, "messages": 4},
        "hash": "9f86d081884c7d659a2feaa0c55ad015",
    }

    n: int
    """Its number in the workspace's log, from 1 without gaps."""
    at: Time
    """When it happened."""
    actor: str
    """The id of the key that acted; `operator` for the command line."""
    action: str
    """What was done, such as `session.deleted`, `key.created` or `user.erased`."""
    object: str
    """What it was done to, by its id."""
    result: Annotated[str, one_of(RESULTS)]
    """`denied` when the key did not have the scope."""
    details: dict[str, Any]
    """Facts of the action, such as how many messages were deleted; never their content."""
    hash: str
    """Covers the entry and the one before it, so that no entry can be changed or removed unseen."""


class EntryList(Struct, frozen=True, kw_only=True):
    """A page of the audit log."""

    data: list[EntryOut]
    """The entries of the page, the newest first."""
    has_more: HasMore
    next_cursor: NextCursor


class BrokenOut(Struct, frozen=True, kw_only=True):
    """A place where the log is not as it was written."""

    example: ClassVar[Json] = {"n": 9, "problem": "entry 9 is missing"}

    n: int
    """The number of the entry."""
    problem: str
    """What is wrong with it."""


class VerdictOut(Struct, frozen=True, kw_only=True):
    """Whether the audit log is as it was written."""

    entries: int
    """How many entries were checked."""
    sound: bool
    """Whether all of them are as they were written."""
    broken: list[BrokenOut]
    """The first place where they are not; empty for a sound log."""


async def list_audit(call: Call[ListParams, None]) -> EntryList:
    """List the workspace's audit log, the newest entry first

    Reading the log is itself noted in it. With a filter a page looks at 5,000 entries at most: it
    may have fewer than `limit`, and `next_cursor` nevertheless.
    """
    params = call.params
    noted, cursor = await call.service.audit.list(
        call.principal, limit=params.limit, cursor=params.cursor, filters=filters_of(params)
    )
    if call.params.cursor is None:
        await call.service.audit.note(call.principal, "audit.read", "audit")
    data = [
        EntryOut(
            n=entry.n,
            at=rfc3339(entry.act.at),
            actor=entry.act.actor,
            action=entry.act.action,
            object=entry.act.object,
            result=entry.act.result,
            details=entry.act.details,
            hash=entry.hash.hex(),
        )
        for entry in noted
    ]
    return EntryList(data=data, has_more=cursor is not None, next_cursor=cursor)


def filters_of(params: AuditFilterParams) -> AuditFilter:
    """The filter that the parameters mean; Invalid for a result that there is not."""
    check_words("result", params.result, RESULTS)
    names = AuditFilter.__struct_fields__
    return AuditFilter(**{name: getattr(params, name) for name in names})


async def verify_audit(call: Call[None, None]) -> VerdictOut:
    """Check that the workspace's audit log is as it was written"""
    verdict = await call.service.audit.verify(call.principal.workspace_id)
    return VerdictOut(
        entries=verdict.entries,
        sound=not verdict.broken,
        broken=[BrokenOut(n=broken.n, problem=broken.problem) for broken in verdict.broken],
    )


routes = (
    Route(
        "GET /v1/audit",
        list_audit,
        scope="audit:read",
        params=ListParams,
        returns=EntryList,
        errors=NOT_FOR_NARROWED,
    ),
    Route("GET /v1/audit/verify", verify_audit, scope="audit:read", returns=VerdictOut),
)
