"""``/v1/users/{user_id}``: erase an end user, and fetch the receipts; ``/v1/retention``: how long sessions are kept."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.times import rfc3339
from hansard.service.retention import LONGEST
from hansard.service.users import Erasure

Days = Annotated[int, Meta(ge=1, le=LONGEST)]


class ErasureOut(Struct, frozen=True, kw_only=True):
    """A receipt: ``subject`` stands for the user, whose id is gone; ``signed`` says that this store signed ``receipt`` as it is."""

    id: str
    workspace: str
    subject: str
    erased_at: str
    by: str
    counts: dict[str, int]
    content_hash: str
    signature: str
    signed: bool


class ErasureList(Struct, frozen=True, kw_only=True):
    data: list[ErasureOut]
    has_more: bool = False
    next_cursor: str | None = None


class Retention(Struct, frozen=True, kw_only=True):
    """Days after its last activity that a session is kept, by kind; ``*`` is for every kind without a rule."""

    rules: dict[str, Days]


class RetentionIn(Retention, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules that are to hold."""

    example: ClassVar[dict[str, Any]] = {"rules": {"*": 365, "task": 30}}


class ApplyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``rules`` are for a dry run: what would go if they were set."""

    example: ClassVar[dict[str, Any]] = {"dry_run": True, "rules": {"*": 180}}

    dry_run: bool = False
    rules: dict[str, Days] | None = None


class ExpiredOut(Struct, frozen=True, kw_only=True):
    kind: str
    days: int
    before: str
    sessions: int


class Applied(Struct, frozen=True, kw_only=True):
    dry_run: bool
    data: list[ExpiredOut]


async def erase_user(call: Call[None, None]) -> ErasureOut:
    """Erase an end user from the workspace, for ever; answers with a signed receipt"""
    return _out(await call.service.users.erase(call.principal, call.path["user_id"]))


async def list_erasures(call: Call[None, None]) -> ErasureList:
    """List the receipts about an end user"""
    return ErasureList(
        data=[
            _out(one)
            for one in await call.service.users.erasures(call.principal, call.path["user_id"])
        ]
    )


async def read_erasure(call: Call[None, None]) -> ErasureOut:
    """Read a receipt, its signature checked"""
    return _out(await call.service.users.erasure(call.principal, call.path["erasure_id"]))


async def read_retention(call: Call[None, None]) -> Retention:
    """Read how long sessions are kept"""
    return Retention(rules=await call.service.retention.rules(call.principal))


async def set_retention(call: Call[None, RetentionIn]) -> Retention:
    """Set how long sessions are kept, in the place of all earlier rules

    Without any rule they are kept for ever. The server deletes by these rules, so the key needs
    `sessions:delete` as well.
    """
    return Retention(rules=await call.service.retention.set_rules(call.principal, call.body.rules))


async def apply_retention(call: Call[None, ApplyIn]) -> Applied:
    """Delete what is past its rule now, or only count it with ``dry_run``"""
    asked, retention = call.body, call.service.retention
    if asked.rules is not None and not asked.dry_run:
        raise Invalid(
            "rules are only tried in a dry run: set them with PUT /v1/retention", param="rules"
        )
    found = await (
        retention.preview(call.principal, asked.rules)
        if asked.dry_run
        else retention.apply(call.principal)
    )
    data = [
        ExpiredOut(kind=one.kind, days=one.days, before=rfc3339(one.before), sessions=one.sessions)
        for one in found
    ]
    return Applied(dry_run=call.body.dry_run, data=data)


def _out(one: Erasure) -> ErasureOut:
    return ErasureOut(**one.body, signature=one.signature, signed=one.signed)


routes = (
    Route("DELETE /v1/users/{user_id}", erase_user, scope="sessions:delete", returns=ErasureOut),
    Route(
        "GET /v1/users/{user_id}/erasures", list_erasures, scope="audit:read", returns=ErasureList
    ),
    Route("GET /v1/erasures/{erasure_id}", read_erasure, scope="audit:read", returns=ErasureOut),
    Route("GET /v1/retention", read_retention, scope="sessions:read", returns=Retention),
    Route(
        "PUT /v1/retention", set_retention, scope="keys:admin", body=RetentionIn, returns=Retention
    ),
    Route(
        "POST /v1/retention/apply",
        apply_retention,
        scope="sessions:delete",
        body=ApplyIn,
        returns=Applied,
    ),
)
