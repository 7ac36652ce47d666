"""Sessions: start, list, read, update, end, archive, fork, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Raw

from hansard import ids as naming
from hansard.errors import NotFound
from hansard.model import Page, Session, SessionDraft, SessionFilter
from hansard.model.bounds import not_ahead
from hansard.model.page import PAGE_BYTES
from hansard.service import session_cursors
from hansard.service.filter_bounds import NOBODY, narrowed
from hansard.service.messages import check
from hansard.service.render_cache import RenderCache, fitting
from hansard.service.rules import forget_deleted, ref, write
from hansard.service.session_bounds import check_texts, sized
from hansard.service.session_cursors import scope_of
from hansard.service.session_rows import check_owner, drafted, patched, resolved
from hansard.store.counts import counted_by
from hansard.store.verbs import (
    appends,
    deletes,
    events,
    followed_lists,
    session_labels,
    title_search,
)
from hansard.store.verbs import documents as document_verbs
from hansard.store.verbs import sessions as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import Message, MessageDraft, SessionPatch, SessionQuery
    from hansard.model.deletion import Deletion, SubSessions
    from hansard.model.document import Document
    from hansard.model.idempotency import IdempotentRequest
    from hansard.service.audit import Audit
    from hansard.service.render_cache import Projection
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.verbs.audit import Act
    from hansard.store.verbs.sessions import Listing

T = TypeVar("T")


class Sessions:
    def __init__(
        self, store: Store, cursors: Cursors, ids: IdSource, clock: Callable[[], int], audit: Audit
    ) -> None:
        self._store = store
        self._audit = audit
        self._cursors = cursors
        self._ids = ids
        self._clock = clock
        self._render_cache = RenderCache("rendered_sessions")
        self._titles = title_search.cache()
        self._lists = followed_lists.cache()

    async def start(
        self,
        principal: Principal,
        draft: SessionDraft,
        *,
        refuse: bool = False,
        once: IdempotentRequest | None = None,
    ) -> tuple[Session, bool]:
        """Create a session, or get the one with the draft's id, atomically; True when it is new.

        Raises Conflict ``session_exists`` when another user has the id, and with ``refuse``
        whenever it is taken.
        """
        now = self._clock()
        not_ahead(draft.created_at, now, "created_at")
        try:
            parent = await self.read(principal, draft.parent) if draft.parent else None
            session = drafted(principal, draft, parent, self._ids, now)
            return await write(
                self._store,
                once,
                principal.workspace_id,
                now,
                verbs.start,
                session,
                ref(principal, draft.id or ""),
                refuse=refuse,
            )
        except NotFound as problem:
            raise NotFound(
                f"no session {draft.parent!r} in this workspace: choose another parent",
                code=problem.code,
                param="parent",
            ) from problem

    async def record(
        self,
        principal: Principal,
        draft: SessionDraft,
        messages: Sequence[MessageDraft],
        *,
        once: IdempotentRequest | None = None,
    ) -> tuple[Session, list[Message]]:
        """Append to the session with the draft's id; create it first if it does not exist."""
        now = self._clock()
        not_ahead(draft.created_at, now, "created_at")
        check(messages, now)
        session = drafted(principal, draft, None, self._ids, now)
        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            appends.record,
            session,
            ref(principal, session.name),
            messages,
            self._ids,
            now,
        )

    async def read(self, principal: Principal, name: str) -> Session:
        """The session by any of its names; NotFound when absent, foreign or hidden from the key."""
        return await self._store.read(verbs.get, ref(principal, name))

    async def generation(self, principal: Principal) -> int:
        """A number that grows with every change of the workspace."""
        return events.generation_in(
            await self._store.ask(events.GENERATION, principal.workspace_id)
        )

    def reached(self, principal: Principal) -> int | None:
        """A generation that a read which begins now sees, or a later one; None without asking."""
        return self._store.reached(principal.workspace_id)

    async def list(self, principal: Principal, query: SessionQuery) -> Page[Session]:
        """One page of whole sessions, as many as fit into ``PAGE_BYTES``."""
        here, listing = principal.workspace_id, await self._listed(principal, query)
        ids = [row[0] for row in listing.rows[: query.limit]]
        sessions, count = await self._store.read(verbs.by_ids_within, here, ids, PAGE_BYTES)
        shown = [sessions[session_id] for session_id in ids[:count] if session_id in sessions]
        return session_cursors.page(self._cursors, here, query, listing, shown, count)

    async def list_with_documents(
        self, principal: Principal, query: SessionQuery, key: str
    ) -> tuple[Page[Session], dict[str, Document]]:
        """One page of whole sessions, and the document of this key that each has, by its id."""
        here, listing = principal.workspace_id, await self._listed(principal, query)
        ids = [row[0] for row in listing.rows[: query.limit]]
        sessions, count = await self._store.read(verbs.by_ids_within, here, ids, PAGE_BYTES)
        documents, count = await self._store.read(
            document_verbs.of_sessions, here, ids[:count], key, self._clock()
        )
        shown = [sessions[session_id] for session_id in ids[:count] if session_id in sessions]
        return session_cursors.page(self._cursors, here, query, listing, shown, count), documents

    async def list_as(
        self, principal: Principal, query: SessionQuery, projection: Projection
    ) -> Page[Raw]:
        """One page, each session encoded by ``projection``.

        Only sessions that changed are read and encoded again.
        """
        here = principal.workspace_id
        since = self._render_cache.clearings
        listing = await self._listed(principal, query)
        self._render_cache.keep(projection, here, listing.changed, since)
        rows = listing.rows[: query.limit]
        rendered, missing = self._render_cache.look_up(projection.name, here, rows)
        ids = [row[0] for row in rows]
        count = fitting(ids, rendered, set(missing), PAGE_BYTES)
        while count < len(ids) and ids[count] in missing:
            # What is stored of a session may be much larger than what is shown of it.
            sessions, reached = await self._store.read(
                verbs.by_ids_within, here, missing, PAGE_BYTES
            )
            rendered |= self._render_cache.keep(projection, here, sessions.values(), since)
            missing = missing[reached:]
            count = fitting(ids, rendered, set(missing), PAGE_BYTES)
        shown = [rendered[row[0]] for row in rows[:count] if row[0] in rendered]
        return session_cursors.page(self._cursors, here, query, listing, shown, count)

    async def cursor_behind(self, principal: Principal, query: SessionQuery, name: str) -> str:
        """The cursor with which a list by times goes on behind a session; NotFound."""
        session = await self.read(principal, name)
        position = session_cursors.behind(session, query, await self.generation(principal))
        return self._cursors.write(principal.workspace_id, scope_of(query), position)

    async def count(self, principal: Principal, filters: SessionFilter) -> int:
        """The exact number of sessions that match."""
        filters = await self.within_sight(principal, filters)
        return await self._store.read(verbs.count, principal.workspace_id, filters, self._titles)

    async def matches(self, principal: Principal, filters: SessionFilter, session_id: str) -> bool:
        """Whether the session with this ``Session.id`` passes the filter."""
        filters = await self.within_sight(principal, filters)
        return await self._store.read(verbs.matches, principal.workspace_id, filters, session_id)

    async def facet(
        self, principal: Principal, name: str, *, archived: bool | None = None
    ) -> dict[str, int]:
        """The number of sessions per value of ``name``, one of store.counts.FACETS."""
        return await self._store.read(verbs.facet, principal.workspace_id, name, archived)

    async def metadata_names(self, principal: Principal, most: int) -> Sequence[str]:
        """The first keys at the top of the sessions' metadata, in their order."""
        return await self._store.read(session_labels.metadata_names, principal.workspace_id, most)

    async def metadata_values(self, principal: Principal, name: str, most: int) -> Sequence[str]:
        """The first values of a key of the metadata, in their order."""
        return await self._store.read(
            session_labels.metadata_values, principal.workspace_id, name, most
        )

    async def update(
        self,
        principal: Principal,
        name: str,
        patch: SessionPatch,
        *,
        if_version: frozenset[str] | None = None,
        once: IdempotentRequest | None = None,
    ) -> Session:
        """Apply a patch.

        Raises Conflict ``version_mismatch`` when the session's version is not in ``if_version``.
        """
        now = self._clock()
        check_texts(patch, patch.tags)
        check_owner(principal, patch)

        def amend(session: Session) -> Session:
            verbs.at_version(session, if_version)
            return sized(patched(session, patch, now))

        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.change,
            ref(principal, name),
            now,
            amend,
        )

    async def end(
        self,
        principal: Principal,
        name: str,
        *,
        resolution: str | None = None,
        if_version: frozenset[str] | None = None,
        once: IdempotentRequest | None = None,
    ) -> Session:
        """Mark the session as ended, on the first call; ``resolution`` also sets its resolution."""
        now = self._clock()

        def amend(session: Session) -> Session:
            verbs.at_version(session, if_version)
            settled = resolved(session, resolution, now) if resolution else session
            return msgspec.structs.replace(
                settled, ended_at=session.ended_at or now, state=session.state or "completed"
            )

        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.change,
            ref(principal, name),
            now,
            amend,
        )

    async def archive(
        self,
        principal: Principal,
        name: str,
        *,
        archived: bool = True,
        if_version: frozenset[str] | None = None,
    ) -> Session:
        """Archive the session, or restore it from the archive."""
        now = self._clock()

        def amend(session: Session) -> Session:
            verbs.at_version(session, if_version)
            return msgspec.structs.replace(
                session, archived_at=(session.archived_at or now) if archived else None
            )

        return await self._store.write(verbs.change, ref(principal, name), now, amend)

    async def mark_read(self, principal: Principal, name: str, *, read: bool = True) -> Session:
        """Mark the session as read up to now, or as unread; its position in lists stays."""
        now = self._clock()

        def amend(session: Session) -> Session:
            return (
                msgspec.structs.replace(
                    session, read_at=max(now, session.last_message_at or now) if read else None
                )
                if session.is_unread == read
                else session
            )

        return await self._store.write(verbs.change, ref(principal, name), now, amend, touch=False)

    async def delete(  # noqa: PLR0913 - the facts of a deletion
        self,
        principal: Principal,
        name: str,
        *,
        sub_sessions: SubSessions = "keep",
        dry_run: bool = False,
        if_version: frozenset[str] | None = None,
        once: IdempotentRequest | None = None,
    ) -> Deletion:
        """Delete the session; what went, or with ``dry_run`` what would go.

        Its sub-sessions go with it only where ``sub_sessions`` says so.
        """
        if dry_run:
            return await self._store.snapshot(deletes.preview, ref(principal, name), sub_sessions)
        now = self._clock()

        def act(session_id: str, counts: dict[str, int]) -> Act:
            return self._audit.act(
                principal, "session.deleted", f"{naming.SESSION}{session_id}", **counts
            )

        deletion = await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            deletes.delete_noted,
            ref(principal, name),
            now,
            self._audit.secret,
            act,
            sub_sessions,
            if_version=if_version,
        )
        await forget_deleted(self._store, principal.workspace_id)
        return deletion

    async def within_sight(self, principal: Principal, filters: SessionFilter) -> SessionFilter:
        """The filter limited to what the key may see, with its parents as our own ids."""
        if filters.parent_id:
            parent_ids = [
                naming.uuid_in(name) or await self._store.read(verbs.ident, ref(principal, name))
                for name in filters.parent_id
            ]
            filters = msgspec.structs.replace(
                filters, parent_id=tuple(parent_id or NOBODY for parent_id in parent_ids)
            )
        return narrowed(principal, await self._within_sight_nested(principal, filters))

    async def _within_sight_nested(
        self, principal: Principal, filters: SessionFilter
    ) -> SessionFilter:
        """The same of the filters within the filter: it is the outer one that limits."""
        if not filters.either and not filters.without:
            return filters
        everybody = msgspec.structs.replace(principal, user_id=None, app=None)

        async def seen(group: tuple[SessionFilter, ...]) -> tuple[SessionFilter, ...]:
            return tuple([await self.within_sight(everybody, each) for each in group])

        either = tuple([await seen(group) for group in filters.either])
        return msgspec.structs.replace(filters, either=either, without=await seen(filters.without))

    async def _listed(self, principal: Principal, query: SessionQuery) -> Listing:
        """The places of a page."""
        filters = await self.within_sight(principal, query.filter)
        caches = (self._titles, self._lists)
        here = (principal.workspace_id, filters, query.sort, query.limit, *caches)
        # A total that must be counted is read from the same state as the page.
        is_counted = query.with_total and counted_by(filters) is None
        read = self._store.snapshot if is_counted else self._store.read
        if query.cursor is None:
            return await read(verbs.page, *here, offset=query.offset, with_total=query.with_total)
        since, total, after = self._cursors.read(here[0], scope_of(query), query.cursor)
        counted = query.with_total and total is None
        listing = await read(verbs.page, *here, after=after, since=since, with_total=counted)
        return msgspec.structs.replace(
            listing, total=listing.total if counted else total, generation=since
        )
