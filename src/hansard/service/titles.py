"""Titles written by an external model, in the background.

A title set by a person always wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.byte_cache import MIB, ByteCache
from hansard.errors import Error, NotFound
from hansard.model import MessageQuery, SessionPatch, parts
from hansard.service.workspaces import Workspaces

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model import Session
    from hansard.service import Service
    from hansard.store.verbs.events import Event

AUTO, AGENT = "auto", "agent"
_BATCH, _AT_ONCE = 200, 4
_MESSAGES, _CHARACTERS, _TITLE = 6, 2000, 200


class Words(Struct, frozen=True):
    """The text of one of a session's first messages."""

    role: str
    text: str


Ask = Callable[["Session", list[Words]], Awaitable[str | None]]
"""Gives a title for a session from its first words, or None; whatever it raises counts as None."""


class Titles:
    """Asks for a title for each session after its first answer.

    A session is asked for once, while this process runs, and only if its title is the automatic
    one. Nothing waits for the title; without one, the automatic title stays.
    """

    def __init__(self, service: Service, ask: Ask) -> None:
        self._service = service
        self._ask = ask
        self._reached: dict[str, int] = {}
        self._tried = ByteCache[str, bool](4 * MIB, "titles")
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def look(self) -> int:
        """Read the events since the last look and ask for missing titles; the number written."""
        count = 0
        async for page in self._service.workspaces.generations():
            for workspace_id, generation in page:
                after = self._reached.setdefault(workspace_id, generation)
                if generation != after:
                    count += await self._look_into(workspace_id, after)
        return count

    async def _look_into(self, workspace_id: str, after: int) -> int:
        try:
            principal = Workspaces.operator(await self._service.workspaces.read(workspace_id))
        except NotFound:  # it was deleted meanwhile
            return 0
        changes = await self._service.events.since(principal, after, _BATCH)
        self._reached[workspace_id] = changes.next
        session_ids = self._wanted(changes.events)
        return sum(
            await asyncio.gather(
                *(self._title(principal, session_id) for session_id in session_ids)
            )
        )

    def _wanted(self, events: list[Event]) -> list[str]:
        return [
            session_id
            for session_id in dict.fromkeys(
                event.session_id for event in events if event.type == "message.appended"
            )
            if not self._tried.get(session_id)
        ]

    async def _title(self, principal: Principal, session_id: str) -> bool:
        async with self._turn:
            try:
                session, messages, _ = await self._service.messages.list(
                    principal, session_id, MessageQuery(limit=_MESSAGES)
                )
                words = [
                    Words(message.role, text[:_CHARACTERS])
                    for message in messages
                    if (text := parts.text(message.parts))
                ]
                if session.title_by != AUTO or not any(word.role == "assistant" for word in words):
                    return False
                self._tried.put(session_id, value=True)
                title = await self._answer(session, words)
                if title:
                    await self._service.sessions.update(
                        principal, session_id, SessionPatch(title=title[:_TITLE], title_by=AGENT)
                    )
            except Error:  # deleted, or the store is busy: the automatic title stays
                return False
            return bool(title)

    async def _answer(self, session: Session, words: list[Words]) -> str | None:
        try:
            title = await self._ask(session, words)
        except Exception:  # noqa: BLE001 - the external program may raise anything
            return None
        return " ".join(title.split()) if title else None
