"""Sessions: start, list, read, update, end, archive, fork, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import UNSET, Raw

from hansard import ids as naming
from hansard.byte_cache import MIB, remembered
from hansard.errors import Forbidden, Invalid, NotFound
from hansard.model import Page, Session, SessionDraft, SessionFilter
from hansard.model.page import PAGE_BYTES
from hansard.service.merge import merge_patch
from hansard.service.messages import check
from hansard.service.render_cache import RenderCache, fitting
from hansard.service.rules import forget_deleted, not_ahead, own_id, ref, write
from hansard.service.session_bounds import TEXTS, check_texts, sized
from hansard.store.counts import counted_by
from hansard.store.listing import place_of
from hansard.store.verbs import appends, events
from hansard.store.verbs import sessions as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import Message, MessageDraft, SessionPatch, SessionQuery
    from hansard.model.idempotency import IdempotentRequest
    from hansard.service.audit import Audit
    from hansard.service.render_cache import Projection
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.verbs.audit import Act
    from hansard.store.verbs.sessions import Listing

T = TypeVar("T")
TERM = 500
_NOBODY = "-" * 300  # longer than any stored value: matches nothing


class Sessions:
    def __init__(
        self, store: Store, cursors: Cursors, ids: IdSource, clock: Callable[[], int], audit: Audit
    ) -> None:
        self._store = store
        self._audit = audit
        self._cursors = cursors
        self._ids = ids
        self._clock = clock
        self._render_cache = RenderCache()

    async def start(
        self, principal: Principal, draft: SessionDraft, *, once: IdempotentRequest | None = None
    ) -> tuple[Session, bool]:
        """Create a session, or get the one that has the draft's id: atomically, True when it is new."""
        now = self._clock()
        not_ahead(draft.created_at, now, "created_at")
        try:
            parent = await self.read(principal, draft.parent) if draft.parent else None
            session = self.drafted(principal, draft, parent, now)
            return await write(
                self._store,
                once,
                principal.workspace_id,
                now,
                verbs.start,
                session,
                ref(principal, draft.id or ""),
            )
        except NotFound as problem:
            raise NotFound(
                f"no session {draft.parent!r} in this workspace to be the parent",
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
        """Append to the session that has the draft's id, which begins with these messages if it is not there yet."""
        now = self._clock()
        not_ahead(draft.created_at, now, "created_at")
        check(messages, now)
        session = self.drafted(principal, draft, None, now)
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
        """The session by any of its names; NotFound when it is absent, foreign or hidden from this key."""
        return await self._store.read(verbs.get, ref(principal, name))

    async def generation(self, principal: Principal) -> int:
        """Grows with every change of the workspace: the same number, the same answers."""
        return events.generation_in(
            await self._store.ask(events.GENERATION, principal.workspace_id)
        )

    async def list(self, principal: Principal, query: SessionQuery) -> Page[Session]:
        """One page of whole sessions, as many as go into ``PAGE_BYTES``."""
        listing = await self._listed(principal, query)
        ids = [row[0] for row in listing.rows[: query.limit]]
        sessions, count = await self._store.read(
            verbs.by_ids_within, principal.workspace_id, ids, PAGE_BYTES
        )
        shown = [sessions[one] for one in ids[:count] if one in sessions]
        return self._page(principal, query, listing, shown, count)

    async def list_as(
        self, principal: Principal, query: SessionQuery, projection: Projection
    ) -> Page[Raw]:
        """The same, each encoded by ``projection``; only those that changed are read and encoded again."""
        here = principal.workspace_id
        listing = await self._listed(principal, query)
        rows = listing.rows[: query.limit]
        since = self._render_cache.clearings
        rendered, missing = self._render_cache.look_up(projection.name, here, rows)
        unread = set[str]()
        if missing:
            sessions, reached = await self._store.read(
                verbs.by_ids_within, here, missing, PAGE_BYTES
            )
            unread = set(missing[reached:])
            rendered |= self._render_cache.keep(projection, here, sessions.values(), since)
        count = fitting([row[0] for row in rows], rendered, unread, PAGE_BYTES)
        shown = [rendered[row[0]] for row in rows[:count] if row[0] in rendered]
        return self._page(principal, query, listing, shown, count)

    async def count(self, principal: Principal, wanted: SessionFilter) -> int:
        """The exact number of sessions that match."""
        wanted = await self.within_sight(principal, wanted)
        return await self._store.read(verbs.count, principal.workspace_id, wanted)

    async def facet(self, principal: Principal, name: str) -> dict[str, int]:
        """How many sessions of the workspace have each value of ``name`` (one of store.counts.FACETS)."""
        return await self._store.read(verbs.facet, principal.workspace_id, name)

    async def update(
        self,
        principal: Principal,
        name: str,
        patch: SessionPatch,
        *,
        if_version: frozenset[str] | None = None,
        once: IdempotentRequest | None = None,
    ) -> Session:
        """Apply a patch; Conflict ``version_mismatch`` when the session is at none of ``if_version`` any more."""
        now = self._clock()
        check_texts(patch, patch.tags)
        _check_owner(principal, patch)

        def amend(session: Session) -> Session:
            verbs.at_version(session, if_version)
            return sized(_patched(session, patch, now))

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
        """Mark the session as over, at the first call; ``resolution`` settles it as well."""
        now = self._clock()

        def amend(session: Session) -> Session:
            verbs.at_version(session, if_version)
            settled = _resolved(session, resolution, now) if resolution else session
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
        """Put the session away, or take it out again."""
        now = self._clock()

        def amend(session: Session) -> Session:
            verbs.at_version(session, if_version)
            return msgspec.structs.replace(
                session, archived_at=(session.archived_at or now) if archived else None
            )

        return await self._store.write(verbs.change, ref(principal, name), now, amend)

    async def mark_read(self, principal: Principal, name: str, *, read: bool = True) -> Session:
        """Note that a person has read the session up to now, or forget it; its place in the list stays."""
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

    async def delete(
        self,
        principal: Principal,
        name: str,
        *,
        if_version: frozenset[str] | None = None,
        once: IdempotentRequest | None = None,
    ) -> dict[str, int]:
        """Delete the session and everything below it; how many of what went."""
        now = self._clock()

        def told(ident: str, gone: dict[str, int]) -> Act:
            return self._audit.act(principal, "session.deleted", f"{naming.SESSION}{ident}", **gone)

        gone = await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.delete_noted,
            ref(principal, name),
            now,
            self._audit.secret,
            told,
            if_version=if_version,
        )
        await forget_deleted(self._store, principal.workspace_id)
        return gone

    async def within_sight(self, principal: Principal, wanted: SessionFilter) -> SessionFilter:
        """The filter within what the key may see, its parents by our own ids whatever form they came in."""
        if wanted.parent_id:
            found = [
                naming.uuid_in(name) or await self._store.read(verbs.ident, ref(principal, name))
                for name in wanted.parent_id
            ]
            wanted = msgspec.structs.replace(
                wanted, parent_id=tuple(ident or _NOBODY for ident in found)
            )
        return narrowed(principal, wanted)

    async def _listed(self, principal: Principal, query: SessionQuery) -> Listing:
        wanted = await self.within_sight(principal, query.filter)
        here = (principal.workspace_id, wanted, query.sort, query.limit)
        # A total that must be counted is one of the very state that the page is of.
        is_counted = query.with_total and counted_by(wanted) is None
        read = self._store.snapshot if is_counted else self._store.read
        if query.cursor is None:
            return await read(verbs.page, *here, offset=query.offset, with_total=query.with_total)
        since, total, after = self._cursors.read(
            principal.workspace_id, _scope(query), query.cursor
        )
        counted = query.with_total and total is None
        listing = await read(verbs.page, *here, after=after, since=since, with_total=counted)
        return msgspec.structs.replace(
            listing, total=listing.total if counted else total, generation=since
        )

    def _page(
        self,
        principal: Principal,
        query: SessionQuery,
        listing: Listing,
        items: Sequence[T],
        count: int,
    ) -> Page[T]:
        """The page of the first ``count`` rows, of which those in ``items`` are still there."""
        more = len(listing.rows) > count
        last = place_of(listing.rows[count - 1]) if more and count else None
        place = (listing.generation, listing.total, last)
        cursor = self._cursors.write(principal.workspace_id, _scope(query), place) if last else None
        return Page(
            items=[*items],
            has_more=more,
            next_cursor=cursor,
            total=listing.total if query.with_total else None,
        )

    def drafted(
        self, principal: Principal, draft: SessionDraft, parent: Session | None, now: int
    ) -> Session:
        """The row that a draft becomes; Invalid, TooLarge and Forbidden say what may not be."""
        check_texts(draft, draft.tags)
        _check_owner(principal, draft)
        given = own_id(draft.id) if draft.id is not None else None
        uuid = naming.uuid_in(given) if given else None
        at = now if draft.created_at is None else draft.created_at
        plain = {field: getattr(draft, field) or None for field in TEXTS}
        plain |= {
            "channel": _lower(draft.channel),
            "user_id": draft.user_id or principal.user_id,
            "app": draft.app or principal.app,
        }
        empty: dict[str, Any] = dict.fromkeys(Session.__struct_fields__)
        row = Session(
            **empty
            | plain
            | {
                "workspace_id": principal.workspace_id,
                "id": uuid or self._ids.uuid(),
                "own_id": None if given == f"ses_{uuid}" else given,
                "version": now
                if uuid
                else 1,  # a UUID of the caller's may be a deleted session's, which caches still know by its versions
                "kind": draft.kind,
                "parent_id": parent.id if parent else None,
                "created_by": principal.key_id,
                "title": _given(draft.title),
                "title_by": (draft.title_by or "user") if _given(draft.title) else None,
                "resolution": draft.resolution,
                "resolved_at": now if draft.resolution == "resolved" else None,
                "message_count": 0,
                "last_seq": 0,
                "input_tokens": 0,
                "output_tokens": 0,
                "cost_nanos": 0,
                "created_at": at,
                "updated_at": now,
                "active_at": at,
                "tags": _json(list(dict.fromkeys(draft.tags))),
                "trail": _json(draft.trail),
                "external_ids": _json(draft.external_ids),
                "metadata": _json(draft.metadata),
            }
        )
        return sized(row)


def _check_owner(principal: Principal, given: SessionDraft | SessionPatch) -> None:
    """A narrowed key gives no session to others; None in a draft means its own."""
    unsaid = None if isinstance(given, SessionDraft) else UNSET
    if principal.user_id is not None and given.user_id not in (unsaid, principal.user_id):
        raise Forbidden("this key is for another end user", code="other_user", param="user_id")
    if principal.app is not None and given.app not in (unsaid, principal.app):
        raise Forbidden("this key is for another app", code="other_app", param="app")


def spelled(wanted: SessionFilter) -> SessionFilter:
    """The filter with its channels in lower case, as sessions have them."""
    lower = tuple(one.lower() for one in wanted.channel)
    return wanted if lower == wanted.channel else msgspec.structs.replace(wanted, channel=lower)


def narrowed(principal: Principal, wanted: SessionFilter) -> SessionFilter:
    """The filter within what the key may see; Invalid for one that no statement could hold."""
    if wanted.title is not None and len(wanted.title) > TERM:
        raise Invalid(f"a title to look for has at most {TERM} characters", param="title")
    wanted = spelled(wanted)
    for field, own in (("user_id", principal.user_id), ("app", principal.app)):
        if own is not None:
            asked = getattr(wanted, field)
            wanted = msgspec.structs.replace(
                wanted, **{field: (own,) if not asked or own in asked else (_NOBODY,)}
            )
    return wanted


def _scope(query: SessionQuery) -> list[object]:
    return _scope_of(query.sort, query.filter)


@remembered(MIB)
def _scope_of(sort: str, wanted: SessionFilter) -> list[object]:
    return [sort, msgspec.to_builtins(wanted, enc_hook=int)]


def _patched(session: Session, patch: SessionPatch, now: int) -> Session:
    given = {
        field: value
        for field in patch.__struct_fields__
        if (value := getattr(patch, field)) is not UNSET
    }
    changes: dict[str, Any] = {
        field: value or None for field, value in given.items() if field in TEXTS
    }
    changes |= {
        field: given[field]
        for field in ("kind", "ended_at", "archived_at", "read_at")
        if field in given
    }
    if given.get("channel"):
        changes["channel"] = _lower(given["channel"])
    for field in ("tags", "trail"):
        if field in given:
            changes[field] = _json(
                list(dict.fromkeys(given[field])) if field == "tags" else given[field]
            )
    for field in ("external_ids", "metadata"):
        if field in given:
            changes[field] = _json(
                merge_patch(msgspec.json.decode(getattr(session, field)), given[field])
            )
    if "title" in given:
        by = given.get("title_by") or "user"
        if not (session.title_by == "user" and by != "user"):
            title = _given(given["title"])
            changes |= {"title": title, "title_by": by if title else None}
    amended = msgspec.structs.replace(session, **changes)
    return _resolved(amended, given["resolution"], now) if "resolution" in given else amended


def _resolved(session: Session, resolution: str, now: int) -> Session:
    resolved_at = (session.resolved_at or now) if resolution == "resolved" else None
    return msgspec.structs.replace(session, resolution=resolution, resolved_at=resolved_at)


def _given(title: str | None) -> str | None:
    """A title as it was given; blanks are none."""
    return title if title and title.strip() else None


def _lower(text: str | None) -> str | None:
    return text.strip().lower() or None if text else None


def _json(value: object) -> Raw:
    return Raw(msgspec.json.encode(value))
