"""Delete a session: alone, or with its sub-sessions where that is asked for.

And say before what that takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Forbidden, NotFound
from hansard.model.deletion import Deletion, SubSessions
from hansard.store import steps
from hansard.store.steps import Steps, value
from hansard.store.verbs.audit import Act, note
from hansard.store.verbs.events import happened
from hansard.store.verbs.session_lookup import SessionRef, existing, locked
from hansard.store.verbs.sessions import at_version, erase, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.model import Session


def preview(ref: SessionRef, sub_sessions: SubSessions = "keep") -> Steps[Deletion]:
    """What ``delete`` would take; changes nothing."""
    top = yield from existing(ref)
    return (yield from _counted(ref, (yield from _doomed(ref, top, sub_sessions, existing))))


def delete(ref: SessionRef, now: int, sub_sessions: SubSessions = "keep") -> Steps[Deletion]:
    """Delete the session: what went.

    Its sub-sessions go with it where that is asked for; otherwise they stay, as its forks do, and
    lose their parent.
    Raises Forbidden when a session that would go is not the caller's to see: then nothing goes.
    """
    top = yield from locked(ref)
    doomed = yield from _doomed(ref, top, sub_sessions, locked)
    deletion = yield from _counted(ref, doomed)
    for child in (yield from _kept_children(ref, doomed)):
        yield from _detach(ref, child, now)
    gone = 0
    for session in doomed.values():
        gone += yield from erase(session, gone)
        yield from happened(
            session.workspace_id,
            "session.deleted",
            session.id,
            at=now,
            was_updated_at=session.updated_at,
        )
    return deletion


def delete_noted(  # noqa: PLR0913 - the facts of a deletion
    ref: SessionRef,
    now: int,
    secret: bytes,
    describe: Callable[[str, dict[str, int]], Act],
    sub_sessions: SubSessions = "keep",
    *,
    if_version: frozenset[str] | None = None,
) -> Steps[Deletion]:
    """Delete the session and write it into the audit log.

    ``describe`` makes the entry from the session's id and the numbers of what was deleted. Raises
    Conflict, and deletes nothing, unless the session is at one of ``if_version``.
    """
    top = yield from locked(ref)
    at_version(top, if_version)
    deletion = yield from delete(ref, now, sub_sessions)
    yield from note(secret, describe(top.id, deletion.counts))
    return deletion


def _doomed(
    ref: SessionRef,
    top: Session,
    sub_sessions: SubSessions,
    look: Callable[[SessionRef], Steps[Session]],
) -> Steps[dict[str, Session]]:
    """The sessions that go, by id.

    The one that is named, and where that is asked for the sub-sessions below it; a fork has its
    own copy of the messages and stays.
    """
    doomed = {top.id: top}
    waiting = [top.id] if sub_sessions == "delete" else []
    while waiting:
        for child, is_sub_session in (yield from _children(ref, waiting.pop())):
            # A file may have brought a session that is its own parent.
            if not is_sub_session or child in doomed:
                continue
            try:
                session = yield from look(SessionRef(ref.workspace_id, child))
            except NotFound:  # deleted since the list of sub-sessions was read
                continue
            if not ref.sees(session.user_id, session.app):
                raise Forbidden(
                    "below it is a session of another user or app, which this key may not delete",
                    code="foreign_sub_session",
                )
            doomed[child] = session
            waiting.append(child)
    return doomed


def _counted(ref: SessionRef, doomed: dict[str, Session]) -> Steps[Deletion]:
    runs = 0
    for ident in doomed:
        here = {"workspace_id": ref.workspace_id, "session_id": ident}
        runs += yield from value("run_count_of_session", **here)
    messages = sum(session.message_count for session in doomed.values())
    detached = len((yield from _kept_children(ref, doomed)))
    return Deletion(len(doomed), messages, runs, detached)


def _kept_children(ref: SessionRef, doomed: dict[str, Session]) -> Steps[list[str]]:
    """The sessions that branched from what goes and stay."""
    kept: list[str] = []
    for ident in doomed:
        kept += [child for child, _ in (yield from _children(ref, ident)) if child not in doomed]
    return kept


def _children(ref: SessionRef, ident: str) -> Steps[list[tuple[str, bool]]]:
    """The sessions that branched from it, and whether each is a sub-session and no fork."""
    children = yield from steps.rows("session_children", workspace_id=ref.workspace_id, id=ident)
    return [(child, bool(is_sub_session)) for child, is_sub_session in children]


def _detach(ref: SessionRef, ident: str, now: int) -> Steps[None]:
    """Take its parent from a session; its place in the list stays."""
    try:
        before = yield from locked(SessionRef(ref.workspace_id, ident))
    except NotFound:  # deleted since the list of sub-sessions was read
        return
    after = msgspec.structs.replace(before, parent_id=None, version=before.version + 1)
    yield from store(before, after)
    yield from happened(
        ref.workspace_id,
        "session.updated",
        ident,
        at=now,
        was_updated_at=before.updated_at,
        was_active_at=before.active_at,
    )
