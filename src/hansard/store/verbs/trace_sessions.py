"""The session of a trace: found by its name, and given what the spans say of it."""

from __future__ import annotations

import msgspec

from hansard.errors import NotFound
from hansard.model import Session
from hansard.model.model_call import TraceFacts
from hansard.store.steps import Steps
from hansard.store.verbs import sessions
from hansard.store.verbs.session_lookup import SessionRef, locked

_MADE_HERE = b'"source":"telemetry"'


def named(ref: SessionRef) -> Steps[Session | None]:
    """The session of exactly this name, locked; most calls are of one that is there already."""
    try:
        session = yield from locked(ref)
    except NotFound:
        return None
    return session if session.name == ref.name else None


def owned(caller: SessionRef, about: TraceFacts, session: Session, now: int) -> Steps[None]:
    """Give the session the end user, the agent and the model that its spans name.

    Where telemetry made the session, several names leave the least of them, in whatever order they
    come. What an application set stays.
    """
    is_ours = _MADE_HERE in bytes(session.metadata)
    facts = TraceFacts(user_id=session.user_id, agent=session.agent, model=session.model).joined(
        about
    )
    changes = {
        field: getattr(facts, field)
        for field in ("user_id", "agent", "model")
        if is_ours or getattr(session, field) is None
    }
    if caller.user_id is not None:
        changes.pop("user_id", None)
    named = msgspec.structs.replace(session, **changes)
    if named != session:
        ref = SessionRef(session.workspace_id, session.id)
        yield from sessions.change(ref, now, lambda _: named, touch=False)
