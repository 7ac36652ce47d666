"""Saved views of the session list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.access import Principal
from hansard.errors import Invalid
from hansard.model.bounds import short
from hansard.model.view import View
from hansard.service.rules import whole
from hansard.store.verbs import views as verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.ids import IdSource
    from hansard.store import Store

_QUERY = 4000


class Views:
    def __init__(self, store: Store, ids: IdSource, clock: Callable[[], int]) -> None:
        self._store = store
        self._ids = ids
        self._clock = clock

    async def list(self, principal: Principal) -> list[View]:
        """The workspace's saved views, oldest first; none for a narrowed caller."""
        if principal.user_id is not None or principal.app is not None:
            return []
        return await self._store.read(verbs.views, principal.workspace_id)

    async def save(self, principal: Principal, name: str, query: str) -> View:
        """Save a filter under a name; Conflict when another view has that name."""
        whole(principal)
        label = (short(name.strip(), "name", 100) or "").strip()
        if not label:
            raise Invalid("a view needs a name", param="name")
        short(query, "query", _QUERY)
        return await self._store.write(
            verbs.put_view,
            principal.workspace_id,
            View(self._ids.prefixed("view_"), label, query, self._clock()),
        )

    async def delete(self, principal: Principal, view_id: str) -> None:
        whole(principal)
        await self._store.write(verbs.delete_view, principal.workspace_id, view_id)
