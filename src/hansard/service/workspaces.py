"""Workspaces: made and removed by those who run the store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from hansard.access import ALL_SCOPES, Principal
from hansard.errors import Invalid
from hansard.model import Workspace
from hansard.service.merge import merge_patch
from hansard.store.verbs import keys as verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.ids import IdSource
    from hansard.service.keys import Keys
    from hansard.store import Store

_NAME = re.compile(r"[\w][\w .@+-]{0,99}")
OPERATOR = "operator"


class Workspaces:
    def __init__(self, store: Store, keys: Keys, ids: IdSource, clock: Callable[[], int]) -> None:
        self._store = store
        self._keys = keys
        self._ids = ids
        self._clock = clock

    async def create(self, name: str) -> Workspace:
        """A new, empty workspace; Conflict when the name is taken."""
        if not _NAME.fullmatch(name):
            raise Invalid("a workspace's name is 1-100 letters, digits, blanks or . _ @ + -, and begins with a letter or digit", param="name")
        return await self._store.write(verbs.create_workspace, Workspace(self._ids.uuid(), name, self._clock(), Raw(b"{}")))

    async def list(self) -> list[Workspace]:
        return await self._store.read(verbs.workspaces)

    async def read(self, workspace_id: str) -> Workspace:
        return await self._store.read(verbs.workspace, workspace_id)

    async def named(self, name: str) -> Workspace:
        """The workspace of this name; NotFound."""
        return await self._store.read(verbs.workspace_named, name)

    async def update(self, workspace_id: str, *, name: str | None = None, settings: object = None) -> Workspace:
        """Rename, and merge-patch the settings."""
        before = await self.read(workspace_id)
        merged = merge_patch(msgspec.json.decode(before.settings), settings) if settings is not None else None
        after = msgspec.structs.replace(before, name=name or before.name, settings=before.settings if merged is None else Raw(msgspec.json.encode(merged)))
        return await self._store.write(verbs.update_workspace, after)

    async def delete(self, workspace_id: str) -> None:
        """Remove the workspace and everything in it."""
        await self._store.write(verbs.delete_workspace, workspace_id)

    @staticmethod
    def operator(workspace: Workspace) -> Principal:
        """The principal of one who runs the store itself and acts in a workspace, such as the command line."""
        return Principal(workspace.id, workspace.name, OPERATOR, frozenset(ALL_SCOPES))
