"""Find the sessions whose id begins with what somebody typed or pasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard import ids
from hansard.errors import NotFound
from hansard.store.steps import Steps
from hansard.store.steps import rows as ask
from hansard.store.verbs.session_lookup import SessionRef, existing
from hansard.store.verbs.sessions import by_ids

if TYPE_CHECKING:
    from hansard.model import Session

_BEHIND = "\U0010ffff"


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
