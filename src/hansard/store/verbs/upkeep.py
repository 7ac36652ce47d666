"""Find what is past its time.

This only reads, so that a store at rest is not written to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.store.steps import Steps, row, rows, run
from hansard.store.verbs.keys import STATISTICS

if TYPE_CHECKING:
    from collections.abc import Sequence


class Limits(Struct, frozen=True):
    """Now, the times before which keys, calls and events go, and the most events to keep."""

    now: int
    keys_before: int
    calls_before: int
    events_before: int
    kept: int


class Due(Struct, frozen=True):
    """What there is to do in a workspace."""

    workspace_id: str
    has_old_keys: bool
    has_old_calls: bool
    has_old_events: bool
    has_rules: bool
    has_expired_documents: bool


def workspaces(after: str, limit: int) -> Steps[list[tuple[str, int]]]:
    """The next workspaces behind ``after`` in the order of their ids, each with its generation."""
    fetched = yield from rows("upkeep_workspaces", after=after, limit=limit)
    return [(ident, generation) for ident, generation in fetched]


def due(workspace_ids: Sequence[str], limits: Limits) -> Steps[list[Due]]:
    """Those of the workspaces in which there is something to do."""
    waiting = []
    for ident in workspace_ids:
        facts = yield from row(
            "upkeep_due",
            workspace_id=ident,
            now=limits.now,
            keys_before=limits.keys_before,
            calls_before=limits.calls_before,
            events_before=limits.events_before,
            kept=limits.kept,
        )
        if facts is not None and any(facts):
            waiting.append(Due(ident, *map(bool, facts)))
    return waiting


def statistics_left(limit: int) -> Steps[list[str]]:
    """Workspaces that are gone, though their statistics are there."""
    return [ident for (ident,) in (yield from rows("upkeep_statistics_left", limit=limit))]


def delete_statistics(workspace_id: str) -> Steps[None]:
    """Delete what is left of a workspace's statistics."""
    for table in STATISTICS:
        yield from run(f"workspace_purge_{table}", workspace_id=workspace_id)
