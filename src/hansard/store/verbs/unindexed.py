"""What the search index has not seen yet, read for it in stretches of a bounded size."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from hansard.model import Message
from hansard.store import rows, steps
from hansard.store.steps import Steps, row, value
from hansard.store.verbs import message_pages
from hansard.store.verbs.events import generation

if TYPE_CHECKING:
    from collections.abc import Sequence


class UnindexedSession(Struct, frozen=True):
    """A session with something that is not indexed: messages behind ``seq``, or its title."""

    session_id: str
    seq: int
    titled: bool
    last_seq: int
    title: str | None


class Unseen(Struct, frozen=True):
    """A stretch of changes that the index has not seen, up to generation ``until``.

    ``reached`` says up to which seq each session's messages are here; ``whole`` is False when there
    are more.
    """

    workspace_id: str
    until: int
    sessions: list[UnindexedSession]
    messages: list[Message]
    reached: dict[str, int]
    whole: bool


def behind(after: str, limit: int) -> Steps[list[str]]:
    """The next workspaces, in the order of their ids, with changes that the index has not seen."""
    return [row[0] for row in (yield from steps.rows("search_behind", after=after, limit=limit))]


def unseen(workspace_id: str, events: int, messages: int, most_bytes: int) -> Steps[Unseen | None]:
    """The next stretch of up to so many events, with up to so many messages and bytes.

    None when the index has seen all.
    """
    known = yield from row("search_workspace_get", workspace_id=workspace_id)
    after = known[1] if known else 0
    newest = yield from generation(workspace_id)
    if newest <= after:
        return None
    until = (
        yield from value(
            "search_events_until", workspace_id=workspace_id, after=after, limit=events
        )
    ) or newest
    got = yield from steps.rows(
        "search_changed", workspace_id=workspace_id, after=after, until=until
    )
    return (yield from _stretch(workspace_id, until, got, messages, most_bytes))


def lacking(
    workspace_id: str, after: str, sessions: int, messages: int, most_bytes: int
) -> Steps[Unseen | None]:
    """What the index lacks of the next sessions behind the id ``after``; None for nothing.

    For an index that begins anew: what the events tell of is for ``unseen``.
    """
    got = yield from steps.rows(
        "search_lacking", workspace_id=workspace_id, after=after, limit=sessions
    )
    if not got:
        return None
    lacked = yield from _stretch(workspace_id, 0, got, messages, most_bytes)
    return structs.replace(lacked, whole=False)


def _stretch(
    workspace_id: str, until: int, got: Sequence[steps.Row], messages: int, most_bytes: int
) -> Steps[Unseen]:
    """The messages of these sessions that are not indexed, as many as the bounds allow.

    They are asked for at once, however many the sessions are.
    """
    waiting = sorted(
        (
            UnindexedSession(ident, seq, bool(titled), last_seq, title)
            for ident, seq, titled, last_seq, title, *_ in got
        ),
        key=attrgetter("session_id"),
    )
    stretches, left = list[tuple[str, int, int]](), messages
    for session in waiting:
        if left <= 0:
            break
        until_seq = max(session.seq, min(session.seq + left, session.last_seq))
        stretches.append((session.session_id, session.seq, until_seq))
        left -= until_seq - session.seq
    lengths = yield from sizes(workspace_id, stretches)
    fetched = yield from message_pages.fetch_sized(workspace_id, lengths, most_bytes)
    reached = _reached(stretches, lengths, fetched.reached)
    return Unseen(
        workspace_id,
        until,
        waiting,
        fetched.messages,
        reached,
        whole=all(reached.get(each.session_id, -1) >= each.last_seq for each in waiting),
    )


def sizes(workspace_id: str, stretches: Sequence[tuple[str, int, int]]) -> Steps[list[steps.Row]]:
    """Session, seq and bytes of the messages in each stretch: from behind one seq up to another."""
    filled = [stretch for stretch in stretches if stretch[1] < stretch[2]]
    if not filled:
        return []
    return (
        yield from steps.rows(
            "search_unseen", workspace_id=workspace_id, stretches=rows.encoded(filled)
        )
    )


def _reached(
    stretches: Sequence[tuple[str, int, int]], lengths: Sequence[steps.Row], count: int
) -> dict[str, int]:
    """Up to which seq each session is here with the first ``count`` of these messages.

    Those behind the first session that is not here to its end are left out.
    """
    reached: dict[str, int] = {}
    left_at, left_from = lengths[count][:2] if count < len(lengths) else ("", 0)
    for ident, after, until in stretches:
        if ident != left_at:
            reached[ident] = until
            continue
        if left_from - 1 > after:
            reached[ident] = left_from - 1
        break
    return reached
