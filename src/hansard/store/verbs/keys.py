"""Keys and workspaces: the only verbs that may cross workspaces, for those who run the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw

from hansard.errors import Conflict, NotFound
from hansard.model import Workspace
from hansard.store import rows, steps
from hansard.store.steps import Steps, row, run, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.model import Key

_SPREADS = (0, 4, 9, 14, 19)


def put(key: Key) -> Steps[Key]:
    yield from run(
        "key_put",
        id=key.id,
        workspace_id=key.workspace_id,
        name=key.name,
        scopes=" ".join(key.scopes),
        digest=key.digest,
        user_id=key.user_id,
        app=key.app,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )
    return key


def find(key_id: str) -> Steps[tuple[Key, Workspace] | None]:
    """The key of this id with its workspace, whatever workspace that is."""
    got = yield from row("key_find", id=key_id)
    if got is None:
        return None
    key = rows.key(got)
    home = yield from row("workspace_get", id=key.workspace_id)
    return (key, rows.workspace(home)) if home else None


def page(workspace_id: str) -> Steps[list[Key]]:
    got = yield from steps.rows("key_list", workspace_id=workspace_id)
    return [rows.key(row) for row in got]


def revoke(workspace_id: str, key_id: str, now: int) -> Steps[None]:
    if (yield from value("key_revoke", workspace_id=workspace_id, id=key_id, now=now)) is None:
        raise NotFound(f"no key {key_id!r} in this workspace", code="key_not_found", param="key_id")


def rotate(old_id: str, new: Key, expires_at: int) -> Steps[Key]:
    """Store ``new`` and let the old key of the same workspace expire, one transaction."""
    yield from run("key_expire", workspace_id=new.workspace_id, id=old_id, expires_at=expires_at)
    return (yield from put(new))


def used(workspace_id: str, key_id: str, now: int) -> Steps[None]:
    yield from run("key_used", workspace_id=workspace_id, id=key_id, now=now)


def create_workspace(name: str, created_at: int, new_id: Callable[[int], str]) -> Steps[Workspace]:
    """Store a workspace with its counters; Conflict when the name is taken.

    ``new_id`` makes an id, with so many bits of chance where another process took the one before.
    That of a deleted workspace, whose log there still is, is never given again.
    """
    for spread in _SPREADS:
        workspace = Workspace(new_id(spread), name, created_at, Raw(b"{}"))
        if (yield from row("audit_head_get", workspace_id=workspace.id)) is not None:
            continue
        values = {"id": workspace.id, "name": name, "created_at": created_at, "settings": "{}"}
        if (yield from value("workspace_put", **values)) is not None:
            yield from run("workspace_counters_put", workspace_id=workspace.id)
            yield from run("stats_park", workspace_id=workspace.id)
            return workspace
        if (yield from row("workspace_get_by_name", name=name)) is not None:
            break
    raise _taken(name)


def _taken(name: str) -> Conflict:
    return Conflict(f"there is a workspace {name!r} already", code="workspace_exists", param="name")


def workspaces() -> Steps[list[Workspace]]:
    got = yield from steps.rows("workspace_list")
    return [rows.workspace(row) for row in got]


def workspace(workspace_id: str) -> Steps[Workspace]:
    got = yield from row("workspace_get", id=workspace_id)
    if got is None:
        raise NotFound("no such workspace", code="workspace_not_found")
    return rows.workspace(got)


def workspace_named(name: str) -> Steps[Workspace]:
    got = yield from row("workspace_get_by_name", name=name)
    if got is None:
        raise NotFound(
            f"no workspace {name!r}: see 'hansard workspaces list'",
            code="workspace_not_found",
            param="workspace",
        )
    return rows.workspace(got)


def update_workspace(
    workspace_id: str, amend: Callable[[Workspace], Workspace]
) -> Steps[Workspace]:
    """Store what ``amend`` makes of it; Conflict when another has the name."""
    yield from row("workspace_counters_lock", workspace_id=workspace_id)
    after = amend((yield from workspace(workspace_id)))
    named = yield from row("workspace_get_by_name", name=after.name)
    if named is not None and rows.workspace(named).id != after.id:
        raise _taken(after.name)
    yield from run(
        "workspace_update", id=after.id, name=after.name, settings=bytes(after.settings).decode()
    )
    return after


STATISTICS = (
    "stats_by_session",
    "stats_long_spans",
    "stats_sums",
    "stats_user_sums",
    "stats_progress",
)
PURGED = (
    "search_index",  # reads the rows that go afterwards
    "search_sessions",
    "search_workspaces",
    "sessions",
    "session_tags",
    "session_metadata",
    "session_tools",
    "refills",
    "pending_forks",
    "removals",
    "messages",
    "message_items",
    "documents",
    "checkpoints",
    "checkpoint_blobs",
    "checkpoint_writes",
    "runs",
    "session_events",
    "session_counts",
    "idempotency_keys",
    "keys",
    "retention_rules",
    "sign_ins",
    "views",
    "shares",
    "notes",
    "note_words",
    "scores",
    "bulk_actions",
    "bulk_changes",
    "model_calls",
    "webhooks",
    "webhook_deliveries",
    "stats_marks",
    "stats_sessions",
    "stats_days",
    "stats_slots",
    *STATISTICS,
    "stats_positions",
    "stats_counted",
    "stats_spans",
    "stats_cells",
    "stats_user_cells",
    "recounts",
    "workspace_counters",
    "store_facts",
)


def delete_workspace(workspace_id: str) -> Steps[None]:
    """Remove the workspace and every row of it."""
    for table in PURGED:
        yield from run(f"workspace_purge_{table}", workspace_id=workspace_id)
    yield from run("workspace_delete", workspace_id=workspace_id)


def fact(name: str, initial: str) -> Steps[str]:
    """What the store remembers under ``name``; ``initial`` when it remembers nothing yet."""
    yield from run("fact_put", name=name, value=initial)
    return str((yield from value("fact_get", name=name)))
