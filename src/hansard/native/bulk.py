"""``/v1/bulk``: one action on every session that a filter matches."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from msgspec import Meta, Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.decoding import QueryReader, escaped
from hansard.http.route import Route
from hansard.model.times import Moment
from hansard.native.filters import ListParams, filter_of
from hansard.native.schemas import Json
from hansard.service.bulk import Action

_reader = QueryReader(ListParams, escapes=True)
_PAGING = {"sort", "limit", "cursor", "total"}


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
    """The filters of `GET /v1/sessions`, as an object. A list holds alternatives."""
    snapshot_at: Moment | None = None
    """Sessions that began after this time are passed over: the time when `expected` was counted."""
    expected: Annotated[int, Meta(ge=0)] | None = None
    """How many sessions the filter is to match: refused with 409 when it matches more or less."""
    value: str | None = None
    """The tag, for `tag` and `untag`; 1–128 characters."""


class BulkOut(Struct, frozen=True, kw_only=True):
    """What a bulk action did."""

    example: ClassVar[Json] = {
        "changed": 12,
        "undo": "bulk_0190163d-8694-739b-aea5-966c26f8ad91",
    }

    changed: int
    """How many sessions it changed."""
    undo: str | None
    """The `bulk_id` to undo it with, for ten minutes; null after `delete`."""


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
    if body.ids is not None:
        outcome = await bulk.apply_to(call.principal, body.action, body.ids, value=body.value)
        return BulkOut(changed=outcome.changed, undo=outcome.undo)
    if body.snapshot_at is None or body.expected is None:
        raise Invalid("a filter needs snapshot_at and expected", param="snapshot_at")
    outcome = await bulk.apply_to_matching(
        call.principal,
        body.action,
        filter_of(_params(body.filter or {})),
        snapshot_at=int(body.snapshot_at),
        expected=body.expected,
        value=body.value,
    )
    return BulkOut(changed=outcome.changed, undo=outcome.undo)


async def undo(call: Call[None, None]) -> UndoOut:
    """Undo a bulk action, within ten minutes"""
    restored, skipped = await call.service.bulk.undo(call.principal, call.path["bulk_id"])
    return UndoOut(restored=restored, skipped=skipped)


def _params(fields: dict[str, Any]) -> ListParams:
    """The filter as the list's own parameters.

    An unknown name is Invalid: to ignore it would act on more sessions than were meant.
    """
    unknown = sorted(set(fields) - (set(ListParams.__struct_fields__) - _PAGING))
    if unknown:
        raise Invalid(f"filter has no {unknown[0]!r}", param=f"filter.{unknown[0]}")
    flat = {name: _flat(value) for name, value in fields.items() if value is not None}
    params: ListParams = _reader.read(urlencode(flat, doseq=True).encode())
    return params


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
