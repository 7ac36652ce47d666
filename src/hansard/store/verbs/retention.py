"""Retention: rules per workspace and kind, and the sessions that are past theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import NotFound
from hansard.store.steps import Steps, many, rows, run, value
from hansard.store.verbs.events import happened
from hansard.store.verbs.indexing import AT_ONCE
from hansard.store.verbs.session_lookup import SessionRef, locked
from hansard.store.verbs.sessions import erase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def rules(workspace_id: str) -> Steps[dict[str, int]]:
    """The days that sessions are kept, by kind."""
    return {
        row[0]: row[1] for row in (yield from rows("retention_list", workspace_id=workspace_id))
    }


def set_rules(
    workspace_id: str, days_by_kind: Mapping[str, int], now: int
) -> Steps[dict[str, int]]:
    """Put these rules in the place of all others."""
    yield from run("retention_clear", workspace_id=workspace_id)
    yield from many(
        "retention_put",
        [
            {"workspace_id": workspace_id, "kind": kind, "days": days, "now": now}
            for kind, days in sorted(days_by_kind.items())
        ],
    )
    return dict(days_by_kind)


def due(workspace_id: str, kind: str, before: int, limit: int) -> Steps[list[str]]:
    """Up to ``limit`` sessions of a kind that fell silent before a time.

    One with sub-sessions follows when those are gone.
    """
    return [
        row[0]
        for row in (
            yield from rows(
                "retention_due", workspace_id=workspace_id, kind=kind, before=before, limit=limit
            )
        )
    ]


def count_due(workspace_id: str, kind: str, before: int) -> Steps[int]:
    """How many sessions of a kind had their last activity before a time and have no open run.

    Those with sub-sessions count too.
    """
    return int(
        (yield from value("retention_count", workspace_id=workspace_id, kind=kind, before=before))
    )


def expire(workspace_id: str, ids: Sequence[str], before: int, now: int) -> Steps[dict[str, int]]:
    """Delete those of these sessions that are still silent since before the time; how much went.

    Some of them are left where they have more messages than one transaction may remove.
    """
    gone = {"sessions": 0, "messages": 0}
    for ident in ids:
        if gone["messages"] >= AT_ONCE:
            break
        try:
            session = yield from locked(SessionRef(workspace_id, ident))
        except NotFound:
            continue
        if session.used_at >= before:
            continue
        gone["messages"] += yield from erase(session)
        gone["sessions"] += 1
        yield from happened(
            workspace_id, "session.deleted", ident, at=now, was_updated_at=session.updated_at
        )
    return gone
