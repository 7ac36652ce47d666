"""Transcripts: the text of a session, of several sessions, or of a workflow's newest messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from hansard.model import MessageQuery, SessionFilter
from hansard.service.filter_bounds import narrowed
from hansard.service.rules import ref
from hansard.store.verbs import message_pages
from hansard.store.verbs import sessions as session_verbs
from hansard.store.verbs import transcripts as verbs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hansard.access import Principal
    from hansard.model import Message, Session
    from hansard.store import Store

T = TypeVar("T")
_PIECE, _PIECE_BYTES = 200, 256 * 1024


class Transcripts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def walk(
        self, principal: Principal, session: str
    ) -> tuple[Session, AsyncIterator[list[Message]]]:
        """The session and all messages that it has now, in order, some at a time.

        No more than a piece is held, and others are served between two pieces. What is deleted
        meanwhile is left out.
        """
        existing = await self._store.read(session_verbs.get, ref(principal, session))
        return existing, self._pieces(existing)

    async def _pieces(
        self, session: Session, roles: tuple[str, ...] = ()
    ) -> AsyncIterator[list[Message]]:
        after, more = 0, session.message_count > 0
        while more:
            query = MessageQuery(after=after, limit=_PIECE, roles=roles, most_bytes=_PIECE_BYTES)
            messages, more = await self._store.read(
                message_pages.stretch, session.workspace_id, session.id, query
            )
            known = [message for message in messages if message.seq <= session.last_seq]
            if known:
                yield known
            if len(known) < len(messages) or not messages:
                return
            after = messages[-1].seq
            await asyncio.sleep(0)

    async def whole(self, principal: Principal, session: str) -> tuple[Session, list[Message]]:
        """The session and all its messages at once, however large that is: for the command line."""
        existing, pieces = await self.walk(principal, session)
        return existing, [message async for piece in pieces for message in piece]

    async def spoken(
        self, principal: Principal, session: str, limit: int
    ) -> tuple[Session, list[Message]]:
        """The session and its last ``limit`` messages with text, without tool messages."""
        return await self._store.read(verbs.spoken, ref(principal, session), limit)

    def texts(self, session: Session) -> AsyncIterator[list[Message]]:
        """The user and assistant messages of a session already read, in order, in pieces."""
        return self._pieces(session, ("user", "assistant"))

    async def mentions(
        self,
        principal: Principal,
        text: str,
        limit: int,
        show: Callable[[Session, Message], T],
    ) -> list[T]:
        """Up to ``limit`` sessions with ``text`` in a message, as ``show`` makes them.

        It is given each session with its first such message, which may be large.
        Only user and assistant messages count, and case does not. The most recent activity comes
        first. Reads the workspace in batches until there are enough.
        """
        hits: list[T] = []
        after = None
        while True:
            more, after = await self._store.read(
                verbs.mentions,
                principal.workspace_id,
                narrowed(principal, SessionFilter()),
                text,
                after,
                show,
            )
            hits += more
            if after is None or len(hits) >= limit:
                return hits[:limit]

    async def newest(
        self,
        principal: Principal,
        filters: SessionFilter,
        limit: int,
        *,
        before: verbs.MessagePosition | None = None,
    ) -> tuple[dict[str, Session], list[Message]]:
        """The newest ``limit`` messages of all matching sessions, oldest first.

        Returns those sessions by id as well. ``before`` is a position (``created_at``, ``seq``, the
        end of the session's id): only messages before it are read.
        """
        return await self._store.read(
            verbs.newest, principal.workspace_id, narrowed(principal, filters), limit, before
        )
