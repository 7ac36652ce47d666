"""``/v1/bulk``: one action on every session that a filter matches."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlencode

from msgspec import Meta, Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.decoding import QueryReader, escaped
from hansard.http.route import Route
from hansard.model.decode_errors import meant
from hansard.model.times import Moment
from hansard.native.filters import ListParams, filter_of
from hansard.native.schemas import Json
from hansard.native.session_bodies import SessionDeleted
from hansard.service.bulk import Action, BulkOptions, Outcome

_reader = QueryReader(ListParams, escapes=True)
_PAGING = {"sort", "limit", "cursor", "total", "with_documents"}


class BulkIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sessions (``ids``, or ``filter``, ``snapshot_at`` and ``expected``), and what to do."""

    example: ClassVar[Json] = {
        "action": "tag",
        "value": "refund",
        "filter": {"channel": "web", "state": ["failed"]},
        "snapshot_at": "2026-01-31T09:30:00Z",
        "expected": 12,
    }

    action: Action
    """What to do. `delete` also needs the scope `sessions:delete`, and cannot be undone."""
    ids: list[str] | None = None
    """1–200 sessions, by any of their ids; those that are gone are passed over."""
    filter: dict[str, Any] | None = None
    """The filters of `GET /v1/sessions`, as an object. A list holds alternatives. Archived
    sessions are left out unless `archived` is `any` or `true`."""
    snapshot_at: Moment | None = None
    """Sessions that began after this time are passed over: the time when `expected` was counted."""
    expected: Annotated[int, Meta(ge=0)] | None = None
    """How many sessions the filter is to match: refused with 409 when it matches more or less."""
    value: str | None = None
    """The tag, for `tag` and `untag`; 1–128 characters."""
    sub_sessions: Literal["keep", "delete"] = "keep"
    """For `delete`: what becomes of the sub-sessions of those that go. `keep` leaves them, without
    a parent; `delete` deletes them as well. Forks stay."""
    dry_run: bool = False
    """True changes nothing, and answers with what would be."""


class DeletionOut(Struct, frozen=True, kw_only=True):
    """How much a deletion takes."""

    described_by: ClassVar[type[Struct]] = SessionDeleted
    example: ClassVar[Json] = {"sessions": 12, "messages": 90, "runs": 14, "detached": 0}

    sessions: int
    messages: int
    runs: int
    detached: int


class BulkOut(Struct, frozen=True, kw_only=True):
    """What a bulk action did."""

    example: ClassVar[Json] = {
        "changed": 12,
        "undo": "bulk_0190163d-8694-739b-aea5-966c26f8ad91",
        "deleted": None,
    }

    changed: int
    """How many sessions it changed."""
    undo: str | None
    """The `bulk_id` to undo it with, for ten minutes; null after `delete` and for a dry run."""
    deleted: DeletionOut | None
    """For `delete`, how much of what went, or would go."""


class UndoOut(Struct, frozen=True, kw_only=True):
    """What became of the sessions of a bulk action."""

    example: ClassVar[Json] = {"restored": 11, "skipped": 1}

    restored: int
    """How many sessions are as they were before."""
    skipped: int
    """How many sessions had changed again since, and stay as they are."""


async def act(call: Call[None, BulkIn]) -> BulkOut:
    """Resolve, reopen, tag, archive or delete many sessions at once"""
    body, bulk = call.body, call.service.bulk
    if (body.ids is None) == (body.filter is None):
        raise Invalid("give either ids or filter", param="ids")
    options = BulkOptions(value=body.value, sub_sessions=body.sub_sessions, dry_run=body.dry_run)
    if body.ids is not None:
        return _bulk_out(await bulk.apply_to(call.principal, body.action, body.ids, options))
    if body.snapshot_at is None or body.expected is None:
        raise Invalid("a filter needs snapshot_at and expected", param="snapshot_at")
    outcome = await bulk.apply_to_matching(
        call.principal,
        body.action,
        filter_of(_params(body.filter or {}), "false"),
        snapshot_at=int(body.snapshot_at),
        expected=body.expected,
        options=options,
    )
    return _bulk_out(outcome)


def _bulk_out(outcome: Outcome) -> BulkOut:
    taken = outcome.deletion
    return BulkOut(
        changed=outcome.changed,
        undo=outcome.undo,
        deleted=None if taken is None else DeletionOut(**taken.counts),
    )


async def undo(call: Call[None, None]) -> UndoOut:
    """Undo a bulk action, within ten minutes"""
    restored, skipped = await call.service.bulk.undo(call.principal, call.path["bulk_id"])
    return UndoOut(restored=restored, skipped=skipped)


def _params(fields: dict[str, Any]) -> ListParams:
    """The filter as the list's own parameters.

    An unknown name is Invalid: to ignore it would act on more sessions than were meant.
    """
    known = set(ListParams.__struct_encode_fields__) - _PAGING
    unknown = sorted(name for name in fields if name not in known and not _is_metadata(name))
    if unknown:
        raise Invalid(
            f"unknown field {unknown[0]!r} in filter: {meant(unknown[0], sorted(known))}",
            param=f"filter.{unknown[0]}",
        )
    flat = {name: _flat(value) for name, value in fields.items() if value is not None}
    params: ListParams = _reader.read(urlencode(flat, doseq=True).encode())
    return params


def _is_metadata(name: str) -> bool:
    return name.startswith("metadata.")


def _flat(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A value as a query string has it."""
    if isinstance(value, list):
        return [escaped(item) if isinstance(item, str) else item for item in value]
    return str(value).lower() if isinstance(value, bool) else value


routes = (
    Route(
        "POST /v1/bulk",
        act,
        scope="sessions:write",
        body=BulkIn,
        returns=BulkOut,
        errors={409: "`selection_changed`: the filter matches `count` sessions, not `expected`."},
    ),
    Route(
        "POST /v1/bulk/{bulk_id}/undo",
        undo,
        scope="sessions:write",
        returns=UndoOut,
        errors={
            404: "`bulk_not_found`: no bulk action of this caller has this id.",
            409: "`undo_expired`, `undo_done`: it is too late, or it was undone already.",
        },
    ),
)
