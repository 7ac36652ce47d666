"""Better titles than the first words: somebody else's model is asked, beside everything else, and a person's title always wins."""

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
    """What somebody said at the beginning of a session."""

    role: str
    text: str


Ask = Callable[["Session", list[Words]], Awaitable[str | None]]
"""Gives a title for a session from its first words, or None; whatever it raises counts as None."""


class Titles:
    """Asks once for each session that got its first answer while this process runs and has only its first words as a title.

    Nothing waits for it: an append is answered long before, and a title that never comes leaves the one that is there.
    """

    def __init__(self, service: Service, ask: Ask) -> None:
        self._service = service
        self._ask = ask
        self._reached: dict[str, int] = {}
        self._asked = ByteCache[str, bool](4 * MIB)
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def look(self) -> int:
        """See what happened since the last look and ask for the titles that are wanted; how many were given."""
        given = 0
        async for page in self._service.workspaces.generations():
            for workspace_id, generation in page:
                after = self._reached.setdefault(workspace_id, generation)
                if generation != after:
                    given += await self._look_into(workspace_id, after)
        return given

    async def _look_into(self, workspace_id: str, after: int) -> int:
        try:
            principal = Workspaces.operator(await self._service.workspaces.read(workspace_id))
        except NotFound:  # it was deleted meanwhile
            return 0
        changes = await self._service.events.since(principal, after, _BATCH)
        self._reached[workspace_id] = changes.next
        wanted = self._wanted(changes.events)
        return sum(await asyncio.gather(*(self._title(principal, ident) for ident in wanted)))

    def _wanted(self, events: list[Event]) -> list[str]:
        return [
            one
            for one in dict.fromkeys(
                event.session_id for event in events if event.type == "message.appended"
            )
            if not self._asked.get(one)
        ]

    async def _title(self, principal: Principal, ident: str) -> bool:
        async with self._turn:
            try:
                session, messages, _ = await self._service.messages.list(
                    principal, ident, MessageQuery(limit=_MESSAGES)
                )
                said = [
                    Words(one.role, text[:_CHARACTERS])
                    for one in messages
                    if (text := parts.text_of(parts.decode(one.parts)))
                ]
                if session.title_by != AUTO or not any(one.role == "assistant" for one in said):
                    return False
                self._asked.put(ident, value=True)
                title = await self._answer(session, said)
                if title:
                    await self._service.sessions.update(
                        principal, ident, SessionPatch(title=title[:_TITLE], title_by=AGENT)
                    )
            except Error:  # gone, or the store is busy: the title that is there will do
                return False
            return bool(title)

    async def _answer(self, session: Session, said: list[Words]) -> str | None:
        try:
            title = await self._ask(session, said)
        except Exception:  # noqa: BLE001 - somebody else's program may fail as it likes
            return None
        return " ".join(title.split()) if title else None
