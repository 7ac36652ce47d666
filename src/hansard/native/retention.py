"""``/v1/retention``: how long sessions are kept."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model.times import rfc3339
from hansard.native.errors import NOT_FOR_NARROWED
from hansard.native.schemas import Json
from hansard.service.retention import LONGEST

Days = Annotated[int, Meta(ge=1, le=LONGEST)]


class Retention(Struct, frozen=True, kw_only=True):
    """How long sessions are kept. Without a rule they are kept for ever."""

    example: ClassVar[Json] = {"rules": {"*": 365, "task": 30}}

    rules: dict[str, Days]
    """Days after its last activity that a session is kept, by kind. `*` is for the other kinds."""


class RetentionIn(Retention, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules that are to hold, in place of all before."""


class ApplyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether to delete now, or only to count."""

    example: ClassVar[Json] = {"dry_run": True, "rules": {"*": 180}}

    dry_run: bool = False
    """True only counts what would be deleted."""
    rules: dict[str, Days] | None = None
    """For a dry run, the rules to try; by default those that hold."""


class ExpiredOut(Struct, frozen=True, kw_only=True):
    """The sessions of one kind that are past the rule."""

    example: ClassVar[Json] = {
        "kind": "task",
        "days": 30,
        "before": "2026-01-01T09:30:00Z",
        "sessions": 14,
    }

    kind: str
    """The kind of the sessions."""
    days: int
    """The rule: days after the last activity."""
    before: Time
    """Sessions whose last activity was before this time are past the rule."""
    sessions: int
    """How many they are."""


class Applied(Struct, frozen=True, kw_only=True):
    """What was deleted, or would be."""

    dry_run: bool
    """The `dry_run` of the request."""
    data: list[ExpiredOut]
    """What is past its rule, for each kind that has one."""


async def read_retention(call: Call[None, None]) -> Retention:
    """Read how long sessions are kept"""
    return Retention(rules=await call.service.retention.rules(call.principal))


async def set_retention(call: Call[None, RetentionIn]) -> Retention:
    """Set how long sessions are kept, in place of all rules before

    The server deletes by these rules, so the key needs ``sessions:delete`` as well.
    """
    return Retention(rules=await call.service.retention.set_rules(call.principal, call.body.rules))


async def apply_retention(call: Call[None, ApplyIn]) -> Applied:
    """Delete the sessions that are past their rule, or only count them with ``dry_run``"""
    body, retention = call.body, call.service.retention
    if body.rules is not None and not body.dry_run:
        raise Invalid(
            "rules are only tried in a dry run: set them with PUT /v1/retention", param="rules"
        )
    expired = await (
        retention.preview(call.principal, body.rules)
        if body.dry_run
        else retention.apply(call.principal)
    )
    data = [
        ExpiredOut(
            kind=rule.kind, days=rule.days, before=rfc3339(rule.before), sessions=rule.sessions
        )
        for rule in expired
    ]
    return Applied(dry_run=body.dry_run, data=data)


routes = (
    Route("GET /v1/retention", read_retention, scope="sessions:read", returns=Retention),
    Route(
        "PUT /v1/retention",
        set_retention,
        scope="keys:admin",
        body=RetentionIn,
        returns=Retention,
        errors=NOT_FOR_NARROWED,
    ),
    Route(
        "POST /v1/retention/apply",
        apply_retention,
        scope="sessions:delete",
        body=ApplyIn,
        returns=Applied,
        errors=NOT_FOR_NARROWED,
    ),
)
