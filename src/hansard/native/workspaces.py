"""``/v1/workspace``: the caller's own; ``/v1/workspaces``: for keys that run the whole store."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Raw, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.fields import Time, schema_of
from hansard.http.route import Route
from hansard.model import Workspace
from hansard.model.times import rfc3339
from hansard.native.errors import NOT_FOR_NARROWED
from hansard.native.schemas import Deleted, HasMore, Json, NextCursor
from hansard.service.workspaces import Workspaces


class WorkspaceOut(Struct, frozen=True, kw_only=True):
    """A tenant: it owns keys and sessions."""

    example: ClassVar[Json] = {
        "id": "ws_k3v9x0",
        "name": "acme",
        "created_at": "2026-01-30T09:30:00Z",
        "settings": {"sharing": True},
        "key": "hsd_7fK2mQ9x_…",
    }

    id: str
    """`ws_` and six letters and digits. Set by the server."""
    name: str
    """Its name, which no other workspace of the store has."""
    created_at: Time
    """When it was made."""
    settings: Annotated[Raw, schema_of(dict[str, Any])]
    """Its own choices. `sharing`, true or false, says whether links to sessions can be made."""
    key: str | UnsetType = UNSET
    """The text of its first key, to be kept secret. Shown once, when the workspace is made."""


class WorkspaceIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A workspace to make."""

    described_by: ClassVar[type[Struct]] = WorkspaceOut
    example: ClassVar[Json] = {"name": "acme"}

    name: str


class WorkspaceChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is absent stays."""

    described_by: ClassVar[type[Struct]] = WorkspaceOut
    example: ClassVar[Json] = {"settings": {"sharing": True}}

    name: str | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    """A JSON Merge Patch of the settings; the one setting is `sharing`, true or false."""


class WorkspaceList(Struct, frozen=True, kw_only=True):
    """All workspaces of the store, on one page."""

    data: list[WorkspaceOut]
    """The workspaces."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


class WorkspaceDeleted(Struct, frozen=True, kw_only=True):
    """What was deleted, for ever."""

    id: str
    """The workspace."""
    deleted: Deleted


async def read_own(call: Call[None, None]) -> WorkspaceOut:
    """Read the workspace that the key belongs to"""
    return workspace_out(await call.service.workspaces.read(call.principal.workspace_id))


async def update_own(call: Call[None, WorkspaceChange]) -> WorkspaceOut:
    """Rename the workspace that the key belongs to, or change its settings"""
    body = call.body
    return workspace_out(
        await call.service.workspaces.update(
            call.principal.workspace_id,
            name=None if body.name is UNSET else body.name,
            settings=None if body.settings is UNSET else body.settings,
            by=call.principal,
        )
    )


async def create_workspace(call: Call[None, WorkspaceIn]) -> WorkspaceOut:
    """Create a workspace and its first key"""
    workspace = await call.service.workspaces.create(call.body.name, by=call.principal)
    text, _ = await call.service.keys.create(
        Workspaces.operator(workspace), "first", tuple(call.principal.scopes - {"workspaces:admin"})
    )
    return workspace_out(workspace, text)


async def list_workspaces(call: Call[None, None]) -> WorkspaceList:
    """List the workspaces of the store"""
    workspaces = await call.service.workspaces.list()
    return WorkspaceList(data=[workspace_out(workspace) for workspace in workspaces])


async def delete_workspace(call: Call[None, None]) -> WorkspaceDeleted:
    """Permanently delete a workspace with everything in it"""
    ident = call.path["workspace_id"].removeprefix("ws_")
    await call.service.workspaces.delete(
        (await call.service.workspaces.read(ident)).id, by=call.principal
    )
    return WorkspaceDeleted(id=call.path["workspace_id"], deleted=True)


def workspace_out(workspace: Workspace, text: str | None = None) -> WorkspaceOut:
    return WorkspaceOut(
        id=f"ws_{workspace.id}",
        name=workspace.name,
        created_at=rfc3339(workspace.created_at),
        settings=workspace.settings,
        key=text or UNSET,
    )


_NAME_TAKEN = {409: "`workspace_exists`: there is a workspace of this name already."}

routes = (
    Route("GET /v1/workspace", read_own, scope="sessions:read", returns=WorkspaceOut),
    Route(
        "PATCH /v1/workspace",
        update_own,
        scope="keys:admin",
        body=WorkspaceChange,
        returns=WorkspaceOut,
        errors=NOT_FOR_NARROWED | _NAME_TAKEN,
    ),
    Route(
        "POST /v1/workspaces",
        create_workspace,
        scope="workspaces:admin",
        body=WorkspaceIn,
        returns=WorkspaceOut,
        status=201,
        errors=NOT_FOR_NARROWED | _NAME_TAKEN,
    ),
    Route("GET /v1/workspaces", list_workspaces, scope="workspaces:admin", returns=WorkspaceList),
    Route(
        "DELETE /v1/workspaces/{workspace_id}",
        delete_workspace,
        scope="workspaces:admin",
        returns=WorkspaceDeleted,
        errors=NOT_FOR_NARROWED
        | {404: "`workspace_not_found`: no workspace of the store has this id."},
    ),
)
