"""Saved views of the list."""

from __future__ import annotations

from hansard.errors import Conflict, NotFound
from hansard.model.view import View
from hansard.store import steps
from hansard.store.steps import Steps, run, value


def views(workspace_id: str) -> Steps[list[View]]:
    rows = yield from steps.rows("view_list", workspace_id=workspace_id)
    return [View(*row) for row in rows]


def put_view(workspace_id: str, view: View) -> Steps[View]:
    """Keep a view. Raises Conflict when another has its name.

    The workspace's lock makes that hold for views that are saved at the same moment, too.
    """
    yield from steps.row("workspace_counters_lock", workspace_id=workspace_id)
    if (yield from value("view_named", workspace_id=workspace_id, name=view.name)) is not None:
        raise Conflict(
            f"there is a view {view.name!r} already: choose another name, or delete that one first",
            code="view_exists",
            param="name",
        )
    yield from run(
        "view_put",
        workspace_id=workspace_id,
        id=view.id,
        name=view.name,
        query=view.query,
        created_at=view.created_at,
    )
    return view


def delete_view(workspace_id: str, view_id: str) -> Steps[None]:
    if (yield from value("view_delete", workspace_id=workspace_id, id=view_id)) is None:
        raise NotFound(f"no view {view_id!r}", code="view_not_found", param="view_id")
