"""Bulk actions.

One small transaction per few sessions; each change is recorded for its undo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Conflict, NotFound
from hansard.store import listing, steps
from hansard.store.steps import Steps, many, row, run, value
from hansard.store.verbs import sessions
from hansard.store.verbs.events import happened_many, title_left
from hansard.store.verbs.session_lookup import SessionRef, existing, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.model import Session, SessionFilter

_KEPT_US = 86_400_000_000


class Undo(Struct, frozen=True):
    """What an undo writes back."""

    resolution: str
    resolved_at: int | None
    archived_at: int | None
    tags: Raw


_undo = msgspec.json.Decoder(Undo)


def begin(workspace_id: str, action_id: str, action: str, now: int) -> Steps[None]:
    """Note a new action, and forget the undo of those from before yesterday."""
    yield from run("bulk_change_trim", workspace_id=workspace_id, before=now - _KEPT_US)
    yield from run("bulk_trim", workspace_id=workspace_id, before=now - _KEPT_US)
    yield from run(
        "bulk_put", workspace_id=workspace_id, id=action_id, action=action, created_at=now
    )


def positions(
    workspace_id: str, filters: SessionFilter, limit: int, after: list[Any] | None
) -> Steps[list[tuple[str, list[Any]]]]:
    """The next matching sessions by creation time, each with its position.

    No action changes this order.
    """
    got = yield listing.page(workspace_id, filters, "-created_at", limit, after=after)
    return [(row[0], listing.position_of(row)) for row in got]


def apply(
    refs: Sequence[SessionRef], action_id: str, amend: Callable[[Session], Session], now: int
) -> Steps[int]:
    """Amend these sessions; how many it changed. Those that are gone are left out."""
    if not refs:
        return 0
    changed: list[dict[str, Any]] = []
    happened: list[dict[str, Any]] = []
    for ref in refs:
        try:
            before = yield from locked(ref)
        except NotFound:
            continue
        amended = amend(before)
        if amended == before:
            continue
        after = yield from _store(before, amended, now, happened)
        undo = Undo(before.resolution, before.resolved_at, before.archived_at, before.tags)
        here = {"workspace_id": ref.workspace_id, "action_id": action_id, "session_id": after.id}
        changed.append(
            here | {"version": after.version, "before": msgspec.json.encode(undo).decode()}
        )
    yield from many("bulk_change_put", changed)
    yield from happened_many(refs[0].workspace_id, happened)
    return len(changed)


def count_changes(refs: Sequence[SessionRef], amend: Callable[[Session], Session]) -> Steps[int]:
    """How many of these sessions ``apply`` would change; changes nothing."""
    changed = 0
    for ref in refs:
        try:
            before = yield from existing(ref)
        except NotFound:
            continue
        changed += amend(before) != before
    return changed


def undo(workspace_id: str, action_id: str, now: int, window: int) -> Steps[None]:
    """Claim the undo of an action, once; NotFound, or Conflict when it is too late or done."""
    got = yield from row("bulk_get", workspace_id=workspace_id, id=action_id)
    if got is None:
        raise missing(action_id)
    _, created_at, _ = got
    if now - created_at > window:
        raise Conflict("it is too late to undo this", code="undo_expired")
    if (yield from value("bulk_undone", workspace_id=workspace_id, id=action_id, now=now)) is None:
        raise Conflict("this was undone already", code="undo_done")


def missing(action_id: str) -> NotFound:
    return NotFound(f"no bulk action {action_id!r}", code="bulk_not_found", param="bulk_id")


def undo_some(
    workspace_id: str, action_id: str, after: str, limit: int, now: int
) -> Steps[tuple[int, int, str | None]]:
    """Restore the next sessions of an action.

    Returns how many were restored, how many had changed since, and where to go on.
    """
    got = yield from steps.rows(
        "bulk_change_list", workspace_id=workspace_id, action_id=action_id, after=after, limit=limit
    )
    restored = 0
    happened: list[dict[str, Any]] = []
    for session_id, version, kept in got:
        try:
            session = yield from locked(SessionRef(workspace_id, session_id))
        except NotFound:
            continue
        if session.version == version:
            back = _undo.decode(kept)
            amended = msgspec.structs.replace(
                session,
                resolution=back.resolution,
                resolved_at=back.resolved_at,
                archived_at=back.archived_at,
                tags=back.tags.copy(),
            )
            yield from _store(session, amended, now, happened)
            restored += 1
    yield from happened_many(workspace_id, happened)
    return restored, len(got) - restored, got[-1][0] if len(got) == limit else None


def _store(
    before: Session, amended: Session, now: int, happened: list[dict[str, Any]]
) -> Steps[Session]:
    after = msgspec.structs.replace(
        amended, version=before.version + 1, updated_at=max(now, before.updated_at)
    )
    yield from sessions.store(before, after)
    was = {
        "was_updated_at": before.updated_at,
        "was_active_at": before.active_at,
        "was_title": title_left(before, after),
    }
    happened.append(
        {"type": "session.updated", "session_id": before.id, "seq": None, "at": now} | was
    )
    return after
