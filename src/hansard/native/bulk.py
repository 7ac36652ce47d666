"""``/v1/bulk``: one action on everything that a filter matches."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from msgspec import Meta, Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.decoding import QueryReader, escaped
from hansard.http.fields import Moment
from hansard.http.route import Route
from hansard.native.sessions import ListParams, filter_of
from hansard.service.bulk import Action

_reader = QueryReader(ListParams, escapes=True)
_PAGING = {"sort", "limit", "cursor", "total"}


class BulkIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either ``ids``, or ``filter`` with ``snapshot_at`` and ``expected``.

    ``filter`` has the parameters of ``GET /v1/sessions``; only sessions that had begun at ``snapshot_at`` count, and
    the answer is 409 with the ``count`` there is now unless they are ``expected`` many. ``value`` is the tag.
    """

    example: ClassVar[dict[str, Any]] = {
        "action": "tag",
        "value": "refund",
        "filter": {"channel": "web", "state": ["failed"]},
        "snapshot_at": "2026-01-31T09:30:00Z",
        "expected": 12,
    }

    action: Action
    ids: list[str] | None = None
    filter: dict[str, Any] | None = None
    snapshot_at: Moment | None = None
    expected: Annotated[int, Meta(ge=0)] | None = None
    value: str | None = None


class BulkOut(Struct, frozen=True, kw_only=True):
    """``undo`` is null where there is no way back: after a deletion."""

    changed: int
    undo: str | None


class UndoOut(Struct, frozen=True, kw_only=True):
    """``skipped`` sessions had changed again since, and stay as they are."""

    restored: int
    skipped: int


async def act(call: Call[None, BulkIn]) -> BulkOut:
    """Resolve, reopen, tag, archive or delete many sessions at once"""
    given = call.body
    if (given.ids is None) == (given.filter is None):
        raise Invalid("give either ids or filter", param="ids")
    if given.ids is not None:
        done = await call.service.bulk.apply_to(
            call.principal, given.action, given.ids, value=given.value
        )
        return BulkOut(changed=done.changed, undo=done.undo)
    if given.snapshot_at is None or given.expected is None:
        raise Invalid("a filter needs snapshot_at and expected", param="snapshot_at")
    done = await call.service.bulk.apply_to_matching(
        call.principal,
        given.action,
        filter_of(_params(given.filter or {})),
        snapshot_at=given.snapshot_at.us,
        expected=given.expected,
        value=given.value,
    )
    return BulkOut(changed=done.changed, undo=done.undo)


async def undo(call: Call[None, None]) -> UndoOut:
    """Take a bulk action back, within ten minutes"""
    restored, skipped = await call.service.bulk.undo(call.principal, call.path["bulk_id"])
    return UndoOut(restored=restored, skipped=skipped)


def _params(given: dict[str, Any]) -> ListParams:
    """The filter as the list's own parameters; an unknown name would silently widen what is acted on, so it is refused."""
    unknown = sorted(set(given) - (set(ListParams.__struct_fields__) - _PAGING))
    if unknown:
        raise Invalid(f"filter has no {unknown[0]!r}", param=f"filter.{unknown[0]}")
    flat = {name: _flat(value) for name, value in given.items() if value is not None}
    params: ListParams = _reader.read(urlencode(flat, doseq=True).encode())
    return params


def _flat(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A value as a query string has it; a list has its values apart already."""
    if isinstance(value, list):
        return [escaped(one) if isinstance(one, str) else one for one in value]
    return str(value).lower() if isinstance(value, bool) else value


routes = (
    Route("POST /v1/bulk", act, scope="sessions:write", body=BulkIn, returns=BulkOut),
    Route("POST /v1/bulk/{bulk_id}/undo", undo, scope="sessions:write", returns=UndoOut),
)
