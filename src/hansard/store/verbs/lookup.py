"""Find what has an id that somebody typed or pasted: sessions, a message, an end user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard import ids
from hansard.errors import NotFound
from hansard.model import Jump
from hansard.store import rows
from hansard.store.steps import Steps, row
from hansard.store.steps import rows as ask
from hansard.store.verbs.session_lookup import SessionRef, existing
from hansard.store.verbs.sessions import by_ids

if TYPE_CHECKING:
    from hansard.model import Session

_USER = 3
_BEHIND = "\U0010ffff"
_MOST = 20
"""The most messages with one client id, as in forks, that are searched for the caller's."""


def named(ref: SessionRef) -> Steps[list[Session]]:
    """The one session of exactly this name; empty without one."""
    try:
        return [(yield from existing(ref))]
    except NotFound:
        return []


def beginning(ref: SessionRef, limit: int) -> Steps[list[Session]]:
    """Up to ``limit`` sessions whose UUID, or whose own id, begins with the name; by id.

    A narrowed caller is shown those of the first ``limit`` that it sees.
    """
    here = {"workspace_id": ref.workspace_id, "limit": limit}
    start = ids.uuid_start(ref.name)
    first = yield from ask("session_ids_from", **here, first=start, behind=start + _BEHIND)
    own = yield from ask("session_own_ids_from", **here, first=ref.name, behind=ref.name + _BEHIND)
    idents = list(dict.fromkeys(row[0] for row in [*first, *own]))[:limit]
    sessions = yield from by_ids(ref.workspace_id, idents)
    return [
        session
        for ident in idents
        if (session := sessions.get(ident)) and ref.sees(session.user_id, session.app)
    ]


def jump(ref: SessionRef) -> Steps[Jump | None]:
    """What has exactly this id, for the caller to see: a session, else a message, else a user.

    Of several messages it is that of the oldest session, which forks have it from.
    """
    message_id = ids.message_in(ref.name) or ""
    owners = yield from ask(
        "id_named",
        workspace_id=ref.workspace_id,
        name=ref.name,
        session_id=ids.uuid_in(ref.name) or "",
        spelling=ids.percent_spelling(ref.name),
        safe_id=ids.file_safe(ref.name),
        message_id=message_id,
        seq=ids.seq_of(message_id) or 0,
        tail=ids.session_tail_of(message_id) if message_id else "",
        limit=_MOST,
    )
    seen = [tuple(each[:3]) for each in owners if ref.sees(*each[3:])]
    if not seen:
        return None
    kind, session_id, seq = min(seen)
    if kind == _USER:
        return Jump(user_id=ref.name)
    session = (yield from by_ids(ref.workspace_id, [session_id])).get(session_id)
    if session is None:
        return None
    if seq is None:
        return Jump(session=session)
    here = {"workspace_id": ref.workspace_id, "session_id": session_id, "seq": seq}
    stored = yield from row("message_get", **here)
    return Jump(session=session, message=rows.message(stored)) if stored else None
