"""Puts our data layer into Chainlit's tests, where they make its SQL one.

Each has a workspace of its own. Some of the tests read the table of threads by SQL: their two
statements are answered from the thread.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from chainlit.data import sql_alchemy
from workspaces import URL, workspace_key

from hansard.adapters.chainlit import HansardDataLayer
from hansard.client import AsyncHansard


class SwappedLayer(HansardDataLayer):
    """Our data layer, made as Chainlit's SQL one is."""

    def __init__(self, _: str, storage_provider: Any = None) -> None:
        super().__init__(AsyncHansard(URL, workspace_key()), storage_provider=storage_provider)

    async def get_current_timestamp(self) -> str:
        return datetime.now(UTC).isoformat()

    async def execute_sql(self, query: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        """The row of a thread."""
        thread = await self.get_thread(parameters["id"])
        if thread is None or 'FROM threads WHERE "id" = :id' not in query:
            return []
        return [{"metadata": json.dumps(thread["metadata"]), "name": thread["name"]}]


sql_alchemy.SQLAlchemyDataLayer = SwappedLayer  # the tests import this name
