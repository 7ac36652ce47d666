"""Items: the foreign originals of messages, read and written beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.model.item import Item
from hansard.store import steps
from hansard.store.steps import Query, Steps, Values, each_of, many
from hansard.store.verbs import message_pages
from hansard.store.verbs.session_lookup import SessionRef, existing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model import Message, MessageQuery, Session

Itemed = list[tuple["Message", Item | None]]
"""Messages with their items."""


def values_of(workspace_id: str, message: Message, item: Item) -> Values:
    """The row that stores the item of a message."""
    return {
        "workspace_id": workspace_id,
        "session_id": message.session_id,
        "seq": message.seq,
        "encoding": item.encoding,
        "data": item.data,
    }


def put(rows: Sequence[Values]) -> Steps[None]:
    yield from many("message_item_put", rows)


def forgetting(workspace_id: str, message: Message) -> list[Query]:
    """Delete the item of a message; nothing for one without."""
    if message.item_format is None:
        return []
    here = {"workspace_id": workspace_id, "session_id": message.session_id}
    return [Query("message_item_delete", here | {"seq": message.seq})]


def putting(rows: Sequence[Values]) -> list[Query]:
    """Store items; nothing for none."""
    return each_of("message_item_put", rows)


def of(workspace_id: str, messages: Iterable[Message]) -> Steps[Itemed]:
    """Messages of one session with their items."""
    listed = list(messages)
    having = {each.seq: each for each in listed if each.item_format is not None}
    items: dict[int, Item] = {}
    if having:
        stored = yield from steps.rows(
            "message_item_list", **_at(workspace_id, listed[0]), seqs=_json(having)
        )
        items = {
            seq: Item(having[seq].item_format or "", encoding, bytes(data))
            for seq, encoding, data in stored
        }
    return [(each, items.get(each.seq)) for each in listed]


def stretch(
    workspace_id: str, session_id: str, messages: Sequence[Message]
) -> Steps[dict[int, Item]]:
    """The items of messages that follow each other, by seq."""
    having = {each.seq: each for each in messages if each.item_format is not None}
    if not having:
        return {}
    stored = yield from steps.rows(
        "message_item_range",
        workspace_id=workspace_id,
        session_id=session_id,
        after=min(having) - 1,
        until=max(having),
    )
    return {
        seq: Item(having[seq].item_format or "", encoding, bytes(data))
        for seq, encoding, data in stored
        if seq in having
    }


def page(ref: SessionRef, query: MessageQuery) -> Steps[tuple[Session, Itemed, bool]]:
    """A range of a session's messages with their items, and whether more follow.

    Fewer than asked for where messages and items would go beyond the bytes of a page.
    """
    session = yield from existing(ref)
    messages, more = yield from message_pages.stretch(ref.workspace_id, session.id, query)
    order = message_pages.reading_order(query, [(each.seq, each) for each in messages])
    count = yield from _fitting(ref.workspace_id, [row[1] for row in order], query.most_bytes)
    shown = [row[1] for row in message_pages.in_order(query, order[:count])]
    more = more or message_pages.has_left_out(query, order, count)
    return session, (yield from of(ref.workspace_id, shown)), more


def _fitting(workspace_id: str, messages: Sequence[Message], most_bytes: int) -> Steps[int]:
    """How many of these messages fit with their items; one in any case."""
    having = [each.seq for each in messages if each.item_format is not None]
    if not having:
        return len(messages)
    stored = yield from steps.rows(
        "message_item_sizes", **_at(workspace_id, messages[0]), seqs=_json(having)
    )
    sizes, size = dict(map(tuple, stored)), 0
    for count, each in enumerate(messages):
        size += message_pages.size_of(each) + sizes.get(each.seq, 0)
        if count and size > most_bytes:
            return count
    return len(messages)


def _at(workspace_id: str, message: Message) -> dict[str, str]:
    return {"workspace_id": workspace_id, "session_id": message.session_id}


def _json(seqs: Iterable[int]) -> str:
    return msgspec.json.encode([*seqs]).decode()
