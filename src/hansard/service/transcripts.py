"""Transcripts: what was said in a whole session, in several, or lately in a workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.model import SessionFilter
from hansard.service.rules import ref
from hansard.service.sessions import narrowed
from hansard.store.verbs import transcripts as verbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.access import Principal
    from hansard.model import Message, Session
    from hansard.store import Store


class Transcripts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def whole(self, principal: Principal, session: str) -> tuple[Session, list[Message]]:
        """The session and all its messages, in order."""
        return await self._store.snapshot(verbs.whole, ref(principal, session))

    async def spoken(
        self, principal: Principal, session: str, limit: int
    ) -> tuple[Session, list[Message]]:
        """The session and the last ``limit`` of its messages that have words, in order; what tools said is left out."""
        return await self._store.read(verbs.spoken, ref(principal, session), limit)

    async def said(
        self, principal: Principal, sessions: Sequence[Session]
    ) -> dict[str, list[Message]]:
        """The user and assistant messages of sessions that were read before, in order, by session id."""
        return await self._store.read(
            verbs.said, principal.workspace_id, [session.id for session in sessions]
        )

    async def mentions(
        self, principal: Principal, text: str, limit: int
    ) -> list[tuple[Session, Message]]:
        """Up to ``limit`` sessions in which a user or an assistant said ``text``, in any case, each with the first message that has it.

        The most recent activity comes first.  Looks through the workspace piece by piece, until there are enough.
        """
        hits: list[tuple[Session, Message]] = []
        after = None
        while True:
            more, after = await self._store.read(
                verbs.mentions,
                principal.workspace_id,
                narrowed(principal, SessionFilter()),
                text,
                after,
            )
            hits += more
            if after is None or len(hits) >= limit:
                return hits[:limit]

    async def newest(
        self,
        principal: Principal,
        wanted: SessionFilter,
        limit: int,
        *,
        before: verbs.ImportPosition | None = None,
    ) -> tuple[dict[str, Session], list[Message]]:
        """The newest ``limit`` messages of all sessions that match, oldest first, and those sessions by id.

        ``before`` is the place (``created_at``, ``seq``, ``id``) that they all lie before.
        """
        return await self._store.read(
            verbs.newest, principal.workspace_id, narrowed(principal, wanted), limit, before
        )
