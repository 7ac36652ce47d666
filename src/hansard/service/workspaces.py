"""Workspaces, created and removed by operators of the store."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from hansard.access import ALL_SCOPES, Principal
from hansard.errors import Invalid
from hansard.model import Workspace
from hansard.model.decode_errors import meant
from hansard.service.merge import merge_patch
from hansard.service.rules import forget_deleted, whole
from hansard.store.verbs import keys as verbs
from hansard.store.verbs import upkeep
from hansard.store.verbs.audit import Act

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from hansard.ids import IdSource
    from hansard.service.audit import Audit
    from hansard.service.keys import Keys
    from hansard.store import Store

SETTINGS = {"sharing": bool}
"""The settings and their types."""

_NAME = re.compile(r"[\w][\w .@+-]{0,99}")
OPERATOR = "operator"
_PAGE = 100


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(
            "a workspace's name is 1-100 letters, digits, blanks or . _ @ + -, "
            "and begins with a letter or digit",
            param="name",
        )
    return name


def _check_settings(patch: object) -> None:
    """Raise Invalid for an unknown setting or a wrong value; null removes a setting."""
    for name, value in patch.items() if isinstance(patch, dict) else ():
        kind = SETTINGS.get(name)
        if kind is None:
            raise Invalid(
                f"settings: unknown setting {str(name)[:64]!r}: {meant(str(name), SETTINGS)}",
                param="settings",
                code="unknown_setting",
            )
        if value is not None and type(value) is not kind:
            raise Invalid(f"settings.{name} must be true or false", param=f"settings.{name}")


def _of_the_whole(by: Principal | None) -> None:
    """Raise Forbidden for a narrowed key; None is an operator of the store."""
    if by is not None:
        whole(by)


class Workspaces:
    def __init__(
        self, store: Store, keys: Keys, ids: IdSource, clock: Callable[[], int], audit: Audit
    ) -> None:
        self._store = store
        self._keys = keys
        self._ids = ids
        self._clock = clock
        self._audit = audit

    async def create(self, name: str, *, by: Principal | None = None) -> Workspace:
        """A new, empty workspace; Conflict when the name is taken. ``by`` None: an operator."""
        _of_the_whole(by)
        return await self._store.write(
            self._audit.within(
                lambda created: self._act(by, "workspace.created", created.id),
                verbs.create_workspace,
            ),
            _checked(name),
            self._clock(),
            self._ids.workspace,
        )

    async def list(self) -> list[Workspace]:
        return await self._store.read(verbs.workspaces)

    async def generations(self) -> AsyncIterator[Sequence[tuple[str, int]]]:
        """The id and generation of every workspace, in pages; other tasks run between pages."""
        after = ""
        while page := await self._store.read(upkeep.workspaces, after, _PAGE):
            yield page
            after = page[-1][0]
            await asyncio.sleep(0)

    async def read(self, workspace_id: str) -> Workspace:
        return await self._store.read(verbs.workspace, workspace_id)

    async def named(self, name: str) -> Workspace:
        """The workspace of this name; NotFound."""
        return await self._store.read(verbs.workspace_named, name)

    async def update(
        self,
        workspace_id: str,
        *,
        name: str | None = None,
        settings: object = None,
        by: Principal | None = None,
    ) -> Workspace:
        """Rename, and merge-patch the settings.

        Raises Conflict when the name is taken, Invalid for an unknown setting, Forbidden for a
        narrowed key.
        """
        _of_the_whole(by)
        _check_settings(settings)
        new_name = None if name is None else _checked(name)

        def amend(before: Workspace) -> Workspace:
            merged = (
                before.settings
                if settings is None
                else Raw(
                    msgspec.json.encode(merge_patch(msgspec.json.decode(before.settings), settings))
                )
            )
            return msgspec.structs.replace(
                before, name=before.name if new_name is None else new_name, settings=merged
            )

        noted = self._audit.within(
            lambda _: self._act(by, "workspace.updated", workspace_id), verbs.update_workspace
        )
        return await self._store.write(noted, workspace_id, amend)

    async def delete(self, workspace_id: str, *, by: Principal | None = None) -> None:
        """Delete the workspace and everything in it but its audit log and receipts."""
        _of_the_whole(by)
        await self._store.write(
            self._audit.within(
                lambda _: self._act(by, "workspace.deleted", workspace_id), verbs.delete_workspace
            ),
            workspace_id,
        )
        self._keys.forget()
        await forget_deleted(self._store, workspace_id)

    def _act(self, by: Principal | None, action: str, workspace_id: str) -> Act:
        return Act(
            workspace_id, self._clock(), by.key_id if by else OPERATOR, action, f"ws_{workspace_id}"
        )

    @staticmethod
    def operator(workspace: Workspace) -> Principal:
        """The principal of an operator in a workspace, as the command line uses it."""
        return Principal(workspace.id, workspace.name, OPERATOR, frozenset(ALL_SCOPES))
