"""Copies of sessions that are under way: they go on, end, or are taken away.

The messages of a copy are stored before its session. Whoever takes away a message of the original,
or the original itself, takes its pending copies away in the same transaction, so that no copy
brings it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import Busy
from hansard.store.steps import Query, Row, Steps, rows, run, value
from hansard.store.verbs import removals

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE = 500


class Interrupted(Busy):
    """The copy was taken away: something of the original was deleted, or it took too long."""

    default_code = "fork_interrupted"


def begin(workspace_id: str, session_id: str, source_id: str, now: int) -> Steps[None]:
    """Note a new copy; the row of the original is locked."""
    here = {"workspace_id": workspace_id, "session_id": session_id}
    yield from run("pending_fork_put", **here, source_id=source_id, now=now)


def go_on(workspace_id: str, session_id: str, copied: int, seen: int, now: int) -> Steps[None]:
    """Note how long the copy is now, and when; Interrupted when it is not as of ``seen``."""
    here = {"workspace_id": workspace_id, "session_id": session_id}
    touched = yield from value("pending_fork_touch", **here, copied=copied, seen=seen, now=now)
    if touched is None:
        raise _interrupted()


def end(workspace_id: str, session_id: str, seen: int) -> Steps[None]:
    """The copy is complete: its session is stored in this transaction.

    Raises Interrupted as ``go_on``.
    """
    here = {"workspace_id": workspace_id, "session_id": session_id}
    if (yield from value("pending_fork_end", **here, seen=seen)) is None:
        raise _interrupted()


def cancel(workspace_id: str, source_id: str) -> Steps[None]:
    """Take away every pending copy of a session whose row is locked."""
    yield from removed(workspace_id, (yield cancelling(workspace_id, source_id)))


def cancelling(workspace_id: str, source_id: str) -> Query:
    """The query that takes them away; its rows are for ``removed``."""
    here = {"workspace_id": workspace_id, "source_id": source_id}
    return Query("pending_fork_cancel", here)


def removed(workspace_id: str, cancelled: Sequence[Row]) -> Steps[None]:
    """Remove the messages of copies that were taken away."""
    for session_id, copied in cancelled:
        yield from removals.begin_unindexed(workspace_id, session_id, copied)


def lapsed(before: int, limit: int) -> Steps[list[tuple[str, str]]]:
    """The copies, by workspace and session, that did not go on since ``before``."""
    fetched = yield from rows("pending_fork_lapsed", before=before, limit=limit)
    return [(workspace_id, session_id) for workspace_id, session_id in fetched]


def take_away(
    workspace_id: str, session_id: str, before: int, at_once: int = _AT_ONCE
) -> Steps[bool]:
    """Remove the last ``at_once`` messages of a copy that did not go on since ``before``.

    True when there are more.
    """
    here = {"workspace_id": workspace_id, "session_id": session_id}
    copied: int | None = yield from value("pending_fork_take_away", **here, before=before)
    if copied is None:
        return False
    left = max(0, copied - at_once)
    yield from run("message_delete_behind", **here, after=left)
    yield from run("message_item_delete_behind", **here, after=left)
    if left:
        yield from run("pending_fork_shorten", **here, copied=left)
    else:
        yield from run("pending_fork_drop", **here)
    return left > 0


def _interrupted() -> Interrupted:
    return Interrupted("messages of the session were deleted while it was copied: try again")
