"""Messages by the caller's own ids, whatever session they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import TooLarge
from hansard.model.session import name_of
from hansard.store import rows, steps
from hansard.store.verbs import items, message_pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Message
    from hansard.model.item import Item
    from hansard.store.steps import Steps
    from hansard.store.verbs.session_lookup import SessionRef

MOST = 200
"""The most messages that one answer may have."""


def find(
    ref: SessionRef, client_ids: Sequence[str]
) -> Steps[list[tuple[str, Message, Item | None]]]:
    """The name of its session, the message and its item, for each that the caller may see.

    Ordered by session and seq. Raises TooLarge where there are more than an answer may have.
    """
    got = yield from steps.rows(
        "message_named",
        workspace_id=ref.workspace_id,
        client_ids=rows.texts(client_ids),
        limit=MOST + 1,
    )
    if len(got) > MOST:
        raise TooLarge(
            f"more than {MOST} messages have these client ids: read them in their sessions",
            param="client_id",
            code="too_many_messages",
        )
    names = {
        session_id: name_of(session_id, own_id)
        for session_id, _, own_id, user_id, app in got
        if ref.sees(user_id, app)
    }
    positions = [(row[0], row[1]) for row in got if row[0] in names]
    stored = yield from message_pages.each_at(ref.workspace_id, positions, lambda message: message)
    answer: list[tuple[str, Message, Item | None]] = []
    for session_id, name in names.items():
        theirs = [
            stored[position]
            for position in positions
            if position[0] == session_id and position in stored
        ]
        itemed = yield from items.of(ref.workspace_id, theirs)
        answer += [(name, message, item) for message, item in itemed]
    return answer
