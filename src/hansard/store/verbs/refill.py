"""Fill in what rows from before a migration lack, a few sessions at a time.

Each step is a transaction that notes how far it came, so that a walk that is broken off goes on.
"""

from __future__ import annotations

from hansard.errors import NotFound
from hansard.store import rows, steps
from hansard.store.steps import Steps, row, run, value
from hansard.store.verbs import session_labels
from hansard.store.verbs.session_lookup import SessionRef, locked

_FACT, _DUE = "refill", "due"


def is_due() -> Steps[bool]:
    """Whether some rows lack something."""
    return bool((yield from value("fact_get", name=_FACT)) == _DUE)


def done() -> Steps[None]:
    """Note that no row lacks anything."""
    yield from run("fact_set", name=_FACT, value="done")


def fill(workspace_id: str, limit: int) -> Steps[int | None]:
    """Fill in up to ``limit`` sessions; how many it looked at, None when all had been."""
    mark = yield from row("refill_get", workspace_id=workspace_id)
    if mark is not None and mark[0] is None:
        return None
    after = mark[0] if mark else ""
    got = yield from steps.rows("session_walk", workspace_id=workspace_id, after=after, limit=limit)
    for session in map(rows.session, got):
        if session_labels.metadata_pairs(session.metadata):
            yield from _fill(SessionRef(workspace_id, session.id))
    walked = got[-1][1] if len(got) == limit else None
    yield from run("refill_put", workspace_id=workspace_id, walked=walked)
    return len(got)


def _fill(ref: SessionRef) -> Steps[None]:
    try:
        session = yield from locked(ref)
    except NotFound:  # deleted since the list was read
        return
    yield from session_labels.put_metadata(session)
