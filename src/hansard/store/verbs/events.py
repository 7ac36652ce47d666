"""What happened in a workspace, in the order of its generation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hansard.store.rows import fold
from hansard.store.steps import (
    GENERATION_TAKEN,
    Query,
    Row,
    Steps,
    Values,
    each_of,
    rows,
    run,
    together,
    value,
)

if TYPE_CHECKING:
    from hansard.model import Session
    from hansard.store.verbs.session_lookup import AppendHead


class Event(Struct, frozen=True):
    """``n`` is the workspace's generation that the change made.

    ``seq`` is the last message's where there is one.
    """

    n: int
    type: str
    session_id: str
    seq: int | None
    at: int


def places_left(before: AppendHead, title: str | None) -> dict[str, Any]:
    """Where a session stood before an append whose first words would make this title."""
    was_title = before.title_folded if title and not before.title_folded else None
    return {
        "was_updated_at": before.updated_at,
        "was_active_at": before.active_at,
        "was_title": was_title,
    }


def title_left(before: Session, after: Session) -> str | None:
    """The folded title from before a change, None when it stayed."""
    return None if before.title == after.title else fold(before.title or "")


def forgetting(workspace_id: str, session_id: str, gone: set[str]) -> list[Query]:
    """Take up to two titles (folded) that must not be kept out of a session's events.

    A walk in the order of titles that began before may then miss the session, or show it twice.
    """
    if not gone:
        return []
    here = {"workspace_id": workspace_id, "session_id": session_id}
    return [Query("event_forget_title", here | {"title": min(gone), "other": max(gone)})]


_STAYED = {"was_updated_at": None, "was_active_at": None, "was_title": None}


def noting(workspace_id: str, events: Sequence[Values]) -> list[Query]:
    """Note changes in their order, each with a generation of its own; nothing for none.

    Locks the workspace's counter, so these are the last parts of a transaction. A session's places
    in the orders of the list before the change are noted where they changed; ``was_title`` is
    folded.
    """
    if not events:
        return []
    taken = Query(GENERATION_TAKEN, {"workspace_id": workspace_id, "by": len(events)})
    return [taken, *each_of("event_put", noted(workspace_id, events))]


def noted(workspace_id: str, events: Sequence[Values]) -> list[Values]:
    """The rows of events, each with how far its generation is behind the last one's."""
    return [
        {"workspace_id": workspace_id, "back": back, "seq": None, **_STAYED, **event}
        for back, event in zip(range(len(events) - 1, -1, -1), events, strict=True)
    ]


def happened(workspace_id: str, kind: str, session_id: str, **facts: Any) -> Steps[int]:  # noqa: ANN401 - as ``noting`` takes them
    """Take the next generation and note what made it; comes last, as ``noting`` says."""
    event = {"type": kind, "session_id": session_id, **facts}
    return (yield from happened_many(workspace_id, [event]))[1]


def happened_many(
    workspace_id: str, events: Sequence[Values], beside: Sequence[Query] = ()
) -> Steps[tuple[int, int]]:
    """Note several changes, as ``noting`` does, and do together with it what is ``beside``.

    The generation before the first of them, and that of the last; 0 for none.
    """
    parts = noting(workspace_id, events)
    if not parts and not beside:
        return 0, 0
    answers = yield from together("event_put", [*beside, *parts])
    if not events:
        return 0, 0
    rows = answers[len(beside)]
    assert rows, "a workspace has its counters from its first moment"  # noqa: S101 - an invariant of workspaces.create
    last = int(rows[0][0])
    return last - len(events), last


def generation(workspace_id: str) -> Steps[int]:
    """A number that grows with every change of the workspace; 0 for one without changes."""
    return generation_in((yield from rows(GENERATION, workspace_id=workspace_id)))


GENERATION = "generation_get"
"""The statement that reads a workspace's generation, which ``generation_in`` finds in its rows."""


def generation_in(rows: Sequence[Row]) -> int:
    return rows[0][0] if rows else 0


def changed_sessions(
    workspace_id: str, after: int, until: int, most: int
) -> Steps[set[str] | None]:
    """The ids of the sessions that changed behind generation ``after``; ``until`` is the newest.

    None when that is more than ``most`` changes, or when some of their events are gone.
    """
    behind = until - after
    if behind == 0:
        return set()
    if not 0 < behind <= most:
        return None
    events = yield from rows("event_sessions", workspace_id=workspace_id, after=after, limit=behind)
    if len(events) < behind or events[-1][1] != until:
        return None
    return {session_id for session_id, _ in events}


def since(workspace_id: str, after: int, limit: int) -> Steps[tuple[list[Event], int]]:
    """The events behind generation ``after``, and up to which they were trimmed.

    Those of sessions that are deleted are gone besides.
    """
    fetched = yield from rows("event_list", workspace_id=workspace_id, after=after, limit=limit)
    trimmed = yield from value("fact_get", name=_trimmed(workspace_id))
    return [Event(*row) for row in fetched], int(trimmed or 0)


def trim(workspace_id: str, until: int) -> Steps[int]:
    """Forget the indexed events up to and including ``until``.

    Remembers and returns how far it got.
    """
    indexed = yield from value("event_indexed", workspace_id=workspace_id)
    until = min(until, indexed or 0)
    if until > 0:
        yield from run("event_trim", workspace_id=workspace_id, until=until)
        yield from run("fact_raise", name=_trimmed(workspace_id), value=str(until))
    return until


def _trimmed(workspace_id: str) -> str:
    return f"trimmed:{workspace_id}"


def trim_old(workspace_id: str, before: int, kept: int, limit: int) -> Steps[bool]:
    """Forget events before a time, and all but the newest ``kept``.

    It removes up to ``limit`` of the oldest, and is True when there may be more.
    """
    newest = yield from generation(workspace_id)
    until = yield from value(
        "event_old", workspace_id=workspace_id, before=before, beyond=newest - kept, limit=limit
    )
    return until is not None and (yield from trim(workspace_id, until)) == until
