"""Sessions: create or get, read, page, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import Struct

from hansard.errors import Conflict, NotFound
from hansard.ids import file_safe
from hansard.model import Session
from hansard.store import counts, listing, rows, steps
from hansard.store.steps import Query, Row, Steps, Values, run, value
from hansard.store.verbs import (
    followed_lists,
    index_choice,
    indexing,
    pending_forks,
    removals,
    session_labels,
    snapshot_paging,
    stats,
    title_search,
)
from hansard.store.verbs.events import generation, happened, happened_many, title_left
from hansard.store.verbs.session_lookup import SessionRef, existing, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.model import SessionFilter


_CHUNK = 32
_PLAIN_BYTES = 1000
_ANY_ORDER = "-active_at"


class Listed(NamedTuple):
    """One place of a page: which session, in which version, and where it stands in the order."""

    id: str
    version: int
    position: list[Any]


class Listing(Struct, frozen=True):
    """``rows`` begin with id and version; ``positions`` says the same with names.

    ``changed`` are sessions that changed lately, where they came along; on the page or not.
    """

    rows: list[Row]
    total: int | None
    generation: int
    changed: list[Session] = []

    @property
    def positions(self) -> list[Listed]:
        return [Listed(row[0], row[1], listing.position_of(row)) for row in self.rows]


def create(session: Session) -> Steps[tuple[Session, bool]]:
    """Store the session, or find the one that has its name already; True when it is new.

    NotFound when its parent is gone meanwhile.
    """
    if session.parent_id is not None:
        yield from locked(SessionRef(session.workspace_id, session.parent_id))
    created = yield from value("session_put", **row_of(session))
    if created is None:
        name = session.own_id or session.id
        return (yield from locked(SessionRef(session.workspace_id, name))), False
    if session.version > 1:  # its id is the caller's, and may be that of a deleted session
        yield from removals.make_way(session.workspace_id, session.id)
    yield from session_labels.put(session)
    yield from counts.change(session.workspace_id, None, session)
    yield from happened(session.workspace_id, "session.created", session.id, at=session.updated_at)
    return session, True


def start(
    session: Session, ref: SessionRef, *, refuse: bool = False
) -> Steps[tuple[Session, bool]]:
    """Create the session, or get the one of this name, for a key that may be narrowed.

    Raises Conflict ``session_exists`` when the name is that of a session which the caller may not
    see or which another user has, and with ``refuse`` whenever the name is taken.
    """
    stored, new = yield from create(session)
    if new:
        return stored, True
    if not ref.sees(stored.user_id, stored.app):
        raise Conflict(f"the id {ref.name!r} is taken", code="session_exists", param="id")
    same_user(ref, session, stored.user_id)
    if refuse:
        raise Conflict(
            f"there is a session {ref.name!r} already: choose another id, or leave out if_exists",
            code="session_exists",
            param="id",
        )
    return stored, False


def same_user(ref: SessionRef, wanted: Session, user_id: str | None) -> None:
    """Raises Conflict where ``wanted`` is for a user, and the stored session is another's."""
    if wanted.user_id not in (None, user_id):
        raise Conflict(
            f"the id {ref.name!r} is taken by a session of another user: choose another id",
            code="session_exists",
            param="user",
        )


def get(ref: SessionRef) -> Steps[Session]:
    return (yield from existing(ref))


def ident(ref: SessionRef) -> Steps[str | None]:
    """The internal id of a session, None when there is none of that name."""
    try:
        return (yield from existing(ref)).id
    except NotFound:
        return None


def by_ids(workspace_id: str, ids: Sequence[str]) -> Steps[dict[str, Session]]:
    """The sessions of these internal ids, by id; those that are gone are left out."""
    if not ids:
        return {}
    if len(ids) == 1:  # what a list lacks most often
        got = yield from steps.rows("session_get", workspace_id=workspace_id, id=ids[0])
    else:
        got = yield from steps.rows(
            "session_by_ids", workspace_id=workspace_id, ids=rows.texts(ids)
        )
    return {session.id: session for session in map(rows.session, got)}


def by_ids_within(
    workspace_id: str, ids: Sequence[str], most_bytes: int
) -> Steps[tuple[dict[str, Session], int]]:
    """The first of these sessions that fit ``most_bytes``, at least one.

    Also how many of the ids were gone through.
    """
    sessions: dict[str, Session] = {}
    size = 0
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        there = yield from by_ids(workspace_id, chunk)
        for number, id_ in enumerate(chunk, start):
            more = size_of(there[id_]) if id_ in there else 0
            if sessions and size + more > most_bytes:
                return sessions, number
            sessions |= {id_: there[id_]} if id_ in there else {}
            size += more
    return sessions, len(ids)


def size_of(session: Session) -> int:
    """The bytes of a session, about; its JSON is what may be large."""
    return _PLAIN_BYTES + sum(
        len(field)
        for field in (session.tags, session.trail, session.external_ids, session.metadata)
    )


def page(  # noqa: PLR0913 - the coordinates of a page
    workspace_id: str,
    filters: SessionFilter,
    sort: str,
    limit: int,
    titles: title_search.MatchCache = title_search.NOT_KEPT,
    lists: followed_lists.ListCache = followed_lists.NOT_KEPT,
    *,
    offset: int = 0,
    after: list[Any] | None = None,
    since: int | None = None,
    with_total: bool = False,
) -> Steps[Listing]:
    """One row more than ``limit`` where there is more, and the exact total when asked.

    With ``since``, the generation at which a walk began, the page is of the list as it stood then.
    ``titles`` keeps what parts of titles match, ``lists`` how lists begin.
    """
    if filters.title:
        most = title_search.MOST_COUNTED if with_total else title_search.MOST_SORTED
        matches = yield from title_search.matches(workspace_id, filters, sort, most, titles)
        if matches is not None:
            got = yield from title_search.page(
                workspace_id, sort, matches.rows, limit + 1, offset, after, since
            )
            return Listing(got, len(matches.rows), matches.generation)
    begins = after is None and not offset and not (with_total and not counts.counted_by(filters))
    if begins:
        here = (workspace_id, filters, sort, limit, lists)
        known = yield from followed_lists.followed(*here, with_total=with_total)
        if known is not None:
            beginning, changes = known
            changed = [each.session for each in changes.changed.values() if each is not None]
            shown = [*beginning.rows[: limit + 1]]
            return Listing(shown, changes.total, beginning.generation, changed)
    before = lists.clearings
    loose = yield from index_choice.loosened(workspace_id, filters, sort)
    got = yield listing.page(
        workspace_id,
        filters,
        sort,
        limit + 1,
        offset=offset,
        after=after,
        loose=loose,
        with_total=with_total,
    )
    of, total = listing.generation_of(got), listing.total_of(got)
    if after is not None and since is not None and since != of:
        got = yield from snapshot_paging.page(
            workspace_id, filters, sort, limit + 1, after, since, got, loose
        )
    if begins and of is not None:
        beginning = followed_lists.Beginning(of, got, len(got) <= limit)
        followed_lists.keep(workspace_id, filters, sort, limit, lists, beginning, before)
    if of is None:
        of = yield from generation(workspace_id)
    if with_total and total is None:
        total = yield from count(workspace_id, filters, titles)
    return Listing(got, total, of)


def count(
    workspace_id: str,
    filters: SessionFilter,
    titles: title_search.MatchCache = title_search.NOT_KEPT,
) -> Steps[int]:
    """The exact number of matching sessions.

    From the counters where they know it, else by counting.
    """
    counted = counts.counted_by(filters)
    if counted is not None:
        return (yield from counts.total(workspace_id, counted))
    if filters.title:
        matches = yield from title_search.matches(
            workspace_id, filters, _ANY_ORDER, title_search.MOST_COUNTED, titles
        )
        if matches is not None:
            return len(matches.rows)
    loose = yield from index_choice.narrowest_only(workspace_id, filters)
    got = yield listing.count(workspace_id, filters, loose)
    return int(got[0][0])


def matches(workspace_id: str, filters: SessionFilter, session_id: str) -> Steps[bool]:
    """Whether a session passes a filter."""
    return bool((yield listing.among(workspace_id, filters, [session_id])))


def facet(workspace_id: str, name: str, archived: bool | None) -> Steps[dict[str, int]]:  # noqa: FBT001 - as SessionFilter has it
    """How many sessions have each value of a facet."""
    return (yield from counts.by_value(workspace_id, counts.counters(name, archived)))


def change(
    ref: SessionRef, now: int, amend: Callable[[Session], Session], *, touch: bool = True
) -> Steps[Session]:
    """Read under a lock, amend, write.

    ``amend`` is pure, may be called again on a retry, and may refuse by raising.

    Without ``touch`` the session keeps its ``updated_at``, and with it its place in the list.
    """
    before = yield from locked(ref)
    amended = amend(before)
    if amended == before:
        return before
    updated_at = max(now, before.updated_at) if touch else before.updated_at
    after = msgspec.structs.replace(amended, version=before.version + 1, updated_at=updated_at)
    updated = {"type": "session.updated", "session_id": after.id, "at": now}
    was = {"was_updated_at": before.updated_at, "was_title": title_left(before, after)}
    yield from store(before, after, [updated | was])
    return after


def store(before: Session, after: Session, events: Sequence[Values] = ()) -> Steps[None]:
    """Write the row and what is derived from it: labels and counters.

    With ``events``, which are noted last, nothing may come behind it.
    """
    yield from session_labels.change(before, after)
    if after.title != before.title:
        yield from indexing.retitle(before, after)
    yield from counts.change(after.workspace_id, before, after)
    written = Query("session_update", rows.session_values(after))
    yield from happened_many(after.workspace_id, events, [written])


def at_version(session: Session, tags: frozenset[str] | None) -> None:
    """Raise Conflict unless the session's ETag or version is among ``tags``.

    A version is written as ``v3``.
    """
    if tags is not None and tags.isdisjoint((session.tag, f"v{session.version}")):
        raise Conflict(
            f"the session is at version {session.version}: read it, then try again",
            code="version_mismatch",
            param="If-Match",
            version=session.version,
        )


ERASED = (
    "document_delete_of_session",
    "checkpoint_delete_of_session",
    "checkpoint_blob_delete_of_session",
    "checkpoint_write_delete_of_session",
    "run_delete_of_session",
    "tag_delete_of_session",
    "metadata_delete_of_session",
    "tool_delete_of_session",
    "event_delete_of_session",
    "share_delete_of_session",
    "note_delete_of_session",
    "note_word_delete_of_session",
    "score_delete_of_session",
    "bulk_change_delete_of_session",
    "model_call_delete_of_session",
    "idempotency_forget_session",
    "session_delete",
)


def erase(session: Session, gone: int = 0) -> Steps[int]:
    """Remove one session; how many messages there were.

    Those beyond what one transaction may remove, of which so many are ``gone`` already, go by
    ``removals.step``.
    """
    here = {"workspace_id": session.workspace_id, "id": session.id}
    # First: who counts waits for this transaction then, and not in the middle of it for a row.
    yield from stats.forget(session.workspace_id, session.id)
    yield from pending_forks.cancel(session.workspace_id, session.id)
    messages = yield from value("message_count_of_session", **here)
    yield from removals.begin(session, indexing.AT_ONCE - gone)
    for name in ERASED:
        yield from run(name, **here)
    yield from counts.change(session.workspace_id, session, None)
    return int(messages)


def row_of(session: Session) -> dict[str, Any]:
    """The parameters of ``session_put``."""
    return rows.session_values(session) | {"safe_id": safe_id(session)}


def safe_id(session: Session) -> str | None:
    """The file-name form of the caller's id, where it differs."""
    safe = file_safe(session.own_id) if session.own_id else None
    return safe if safe != session.own_id else None
