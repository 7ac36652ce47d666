"""The session of the OpenAI Agents SDK: ``Runner.run(agent, x, session=HansardSession("id"))``."""

from __future__ import annotations

import contextlib
from typing import Any, cast

from agents import TResponseInputItem
from agents.memory.session import SessionABC
from agents.memory.session_settings import (
    SessionSettings,
    coerce_session_settings,
    resolve_session_limit,
)

from hansard.adapters.clients import shared_async_client
from hansard.adapters.drafts import batches
from hansard.adapters.naming import session_name
from hansard.adapters.openai_items import draft, item_of
from hansard.client import AsyncHansard, NotFound, SessionStart

_PAGE = 200
_CHANNEL = "openai-agents"


class HansardSession(SessionABC):
    """A conversation of the Agents SDK, each of its items a message of a session.

    ``start`` has fields of the session, which are set when the first item creates it. Without a
    ``client`` it uses the one of HANSARD_URL and HANSARD_API_KEY. Up to 100 items, or 6 MiB,
    are added in one transaction; raises what the client raises.
    """

    def __init__(
        self,
        session_id: str,
        client: AsyncHansard | None = None,
        *,
        start: SessionStart | None = None,
        session_settings: SessionSettings | dict[str, Any] | None = None,
    ) -> None:
        self.session_id = session_id
        self.session_settings = coerce_session_settings(session_settings or SessionSettings())
        self._name = session_name(session_id)
        self._own_client = client
        self._start: SessionStart = {"channel": _CHANNEL, **(start or {})}

    @property
    def _client(self) -> AsyncHansard:
        return self._own_client or shared_async_client()

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """All items in their order, or the last ``limit``; a session that is not there has none."""
        count = resolve_session_limit(limit, self.session_settings)
        if count is not None and count <= 0:
            return []
        listing = self._client.messages.list(
            self._name,
            order="asc" if count is None else "desc",
            items=True,
            page_size=_PAGE if count is None else min(count, _PAGE),
        )
        try:
            if count is None:
                messages = [message async for message in listing]
            else:
                messages = (await listing.first(count))[::-1]
        except NotFound:
            return []
        items = [item for message in messages if (item := item_of(message)) is not None]
        return cast("list[TResponseInputItem]", items)

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append items, durable when this returns."""
        for batch in batches(draft(cast("dict[str, Any]", item)) for item in items):
            await self._client.messages.append(self._name, *batch, start=self._start)

    async def pop_item(self) -> TResponseInputItem | None:
        """Take the last item away for ever; None where there is none."""
        try:
            rewound = await self._client.messages.rewind(self._name, count=1)
        except NotFound:
            return None
        items = [item_of(message) for message in rewound.removed]
        return cast("TResponseInputItem | None", items[0] if items else None)

    async def clear_session(self) -> None:
        """Delete the session for ever, with all its items."""
        with contextlib.suppress(NotFound):
            await self._client.sessions.delete(self._name)
