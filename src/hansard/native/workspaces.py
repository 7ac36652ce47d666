"""``/v1/workspace`` is the caller's own; ``/v1/workspaces`` is for keys that run the whole store."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import UNSET, Raw, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model import Workspace
from hansard.model.times import rfc3339
from hansard.service.workspaces import Workspaces


class WorkspaceIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    example: ClassVar[dict[str, Any]] = {"name": "acme"}

    name: str


class WorkspaceChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``settings`` is a JSON Merge Patch; the one setting is ``sharing``, true or false."""

    example: ClassVar[dict[str, Any]] = {"settings": {"sharing": True}}

    name: str | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET


class WorkspaceOut(Struct, frozen=True, kw_only=True):
    """``key`` is the workspace's first key, there once, when the workspace is made."""

    id: str
    name: str
    created_at: str
    settings: Raw
    key: str | UnsetType = UNSET


class WorkspaceList(Struct, frozen=True, kw_only=True):
    data: list[WorkspaceOut]
    has_more: bool = False
    next_cursor: str | None = None


class WorkspaceDeleted(Struct, frozen=True, kw_only=True):
    id: str
    deleted: bool


async def read_own(call: Call[None, None]) -> WorkspaceOut:
    """Read the workspace that the key belongs to"""
    return workspace_out(await call.service.workspaces.read(call.principal.workspace_id))


async def update_own(call: Call[None, WorkspaceChange]) -> WorkspaceOut:
    """Rename the workspace, or change its settings with a JSON Merge Patch"""
    given = call.body
    name, settings = (
        given.name if given.name is not UNSET else None,
        given.settings if given.settings is not UNSET else None,
    )
    return workspace_out(
        await call.service.workspaces.update(
            call.principal.workspace_id, name=name, settings=settings, by=call.principal
        )
    )


async def create_workspace(call: Call[None, WorkspaceIn]) -> WorkspaceOut:
    """Create a workspace and its first key"""
    made = await call.service.workspaces.create(call.body.name, by=call.principal)
    text, _ = await call.service.keys.create(
        Workspaces.operator(made), "first", tuple(call.principal.scopes - {"workspaces:admin"})
    )
    return workspace_out(made, text)


async def list_workspaces(call: Call[None, None]) -> WorkspaceList:
    """List the workspaces of the store"""
    return WorkspaceList(data=[workspace_out(one) for one in await call.service.workspaces.list()])


async def delete_workspace(call: Call[None, None]) -> WorkspaceDeleted:
    """Delete a workspace with everything in it, for ever"""
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


routes = (
    Route("GET /v1/workspace", read_own, scope="sessions:read", returns=WorkspaceOut),
    Route(
        "PATCH /v1/workspace",
        update_own,
        scope="keys:admin",
        body=WorkspaceChange,
        returns=WorkspaceOut,
    ),
    Route(
        "POST /v1/workspaces",
        create_workspace,
        scope="workspaces:admin",
        body=WorkspaceIn,
        returns=WorkspaceOut,
        status=201,
    ),
    Route("GET /v1/workspaces", list_workspaces, scope="workspaces:admin", returns=WorkspaceList),
    Route(
        "DELETE /v1/workspaces/{workspace_id}",
        delete_workspace,
        scope="workspaces:admin",
        returns=WorkspaceDeleted,
    ),
)
