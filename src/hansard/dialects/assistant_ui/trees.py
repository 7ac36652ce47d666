"""The parents of messages: a thread of assistant-ui is a tree, a session is a sequence.

Each message says under which one it hangs. One of another API hangs under the message before it,
and one whose parent is deleted under the message before that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.dialects.assistant_ui.contents import stored_of
from hansard.errors import NotFound
from hansard.http.call import Call
from hansard.ids import seq_of
from hansard.model import MessageQuery

if TYPE_CHECKING:
    from hansard.model import Message
    from hansard.model.item import Item

Itemed = Sequence[tuple["Message", "Item | None"]]
_AT_ONCE = 100


async def stretches(call: Call[Any, Any], thread: str, before: int | None) -> AsyncIterator[Itemed]:
    """The messages of a thread before a ``seq``, the newest first, some at a time."""
    query = MessageQuery(limit=_AT_ONCE, newest=True, descending=True, before=before)
    while True:
        _, messages, more = await call.service.messages.list_with_items(
            call.principal, thread, query
        )
        if messages:
            yield messages
        if not more or not messages:
            return
        query = msgspec.structs.replace(query, before=messages[-1][0].seq)


async def parents_of(call: Call[Any, Any], thread: str, stretch: Itemed) -> list[str | None]:
    """The parent of each message of a stretch, which has the newest first."""
    there = {message.id for message, _ in stretch}
    last = stretch[-1][0].seq
    parents: list[str | None] = []
    for position, (message, item) in enumerate(stretch):
        stored = stored_of(item)
        named = message.id if stored is None else stored.parent_id
        if named is None or (named in there and named != message.id):
            parents.append(named)
            continue
        seq = seq_of(named) or message.seq
        if seq < last and await _is_there(call, thread, named):
            parents.append(named)
            continue
        older = (other.id for other, _ in stretch[position + 1 :] if other.seq < seq)
        parents.append(next(older, None) or await message_before(call, thread, seq))
    return parents


async def _is_there(call: Call[Any, Any], thread: str, ident: str) -> bool:
    try:
        await call.service.messages.read(call.principal, thread, ident)
    except NotFound:
        return False
    return True


async def message_before(call: Call[Any, Any], thread: str, seq: int) -> str | None:
    """The id of the newest message before a ``seq``."""
    query = MessageQuery(limit=1, newest=True, before=seq)
    _, messages, _ = await call.service.messages.list(call.principal, thread, query)
    return messages[0].id if messages else None
