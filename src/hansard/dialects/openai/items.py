"""``/openai/v1/conversations/{id}/items``: create, list, read, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta, Raw, Struct

from hansard.dialects.openai.errors import NO_CONVERSATION, NO_ITEM
from hansard.dialects.openai.shapes import (
    ConversationOut,
    Json,
    conversation_out,
    draft_of,
    items_out,
    split_id,
)
from hansard.errors import Conflict, Invalid, NotFound
from hansard.http.call import Call
from hansard.http.route import MIB, Route
from hansard.model import Message, MessageDraft, MessageQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.ids import IdSource
    from hansard.model.item import Item

AT_ONCE, _RECENT = 20, 100
PATH = "/openai/v1/conversations/{conversation_id}/items"


class ItemsIn(Struct, kw_only=True, frozen=True):
    """Items to add."""

    example: ClassVar[Json] = {
        "items": [{"type": "message", "role": "user", "content": "Where is my order?"}]
    }

    items: list[Raw]
    """1–20 items, in their order: messages, calls, outputs, reasoning or any other kind. Each is
    kept byte for byte."""


class IncludeParams(Struct, kw_only=True, frozen=True):
    """What to show besides."""

    example: ClassVar[Json] = {"include": ["reasoning.encrypted_content"]}

    include: tuple[str, ...] = ()
    """What OpenAI's server would leave out else; here all of an item is always shown."""


class ListParams(IncludeParams, kw_only=True, frozen=True):
    """Which items."""

    example: ClassVar[Json] = {"limit": 20, "order": "desc", "after": "msg_abc"}

    after: str | None = None
    """The items behind this one, by its id."""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    """The most items that a page may have."""
    order: Literal["asc", "desc"] = "desc"
    """`desc` begins with the newest."""


class ItemOut(Struct, kw_only=True):
    """An item of a conversation; which fields it has depends on ``type``."""

    example: ClassVar[Json] = {
        "id": "msg_0190163d-8694-739b-aea5-966c00000001",
        "type": "message",
    }

    id: str
    """The id that the item came with, else one of ours."""
    type: str
    """`message`, `reasoning`, `function_call`, `function_call_output` or any other kind."""


class ItemList(Struct, kw_only=True):
    """A page of items."""

    object: str = "list"
    """Always `list`."""
    data: list[ItemOut]
    """The items of the page."""
    first_id: str | None
    """The id of the first item; null on an empty page."""
    last_id: str | None
    """The id of the last item; null on an empty page."""
    has_more: bool
    """Whether there are more."""


async def create_items(call: Call[IncludeParams, ItemsIn]) -> ItemList:
    """Add items to a conversation

    An item with an `id` that the conversation has already is stored once. A request that the client
    repeats by itself is recognised by its items.
    """
    name = call.path["conversation_id"]
    drafts = drafts_of(call.service.ids, call.body.items)
    is_repeated = call.headers.get("x-stainless-retry-count", "0") not in {"", "0"}
    if is_repeated and (earlier := await _earlier(call, name, drafts)) is not None:
        return _page([each for pair in earlier for each in items_out(*pair)], more=False)
    _, messages = await call.service.messages.append(call.principal, name, drafts)
    shown = [
        each
        for message, draft in zip(messages, drafts, strict=True)
        for each in items_out(message, draft.item)
    ]
    return _page(shown, more=False)


def drafts_of(ids: IdSource, items: Sequence[Raw]) -> list[MessageDraft]:
    """The messages that stand for items; Invalid for none, or for more than a call may bring."""
    if not 1 <= len(items) <= AT_ONCE:
        raise Invalid(f"send 1-{AT_ONCE} items", param="items")
    return [draft_of(raw, index, ids.uuid().replace("-", "")) for index, raw in enumerate(items)]


async def _earlier(
    call: Call[Any, Any], name: str, drafts: Sequence[MessageDraft]
) -> list[tuple[Message, Item | None]] | None:
    """The newest messages that are these items, where the request was done before."""
    query = MessageQuery(limit=_RECENT, newest=True)
    _, recent, _ = await call.service.messages.list_with_items(call.principal, name, query)
    wanted = [draft.item.digest for draft in drafts if draft.item is not None]
    digests = [message.item_hash for message, _ in recent]
    for start in range(len(recent) - len(wanted), -1, -1):
        if digests[start : start + len(wanted)] == wanted:
            return recent[start : start + len(wanted)]
    return None


async def list_items(call: Call[ListParams, None]) -> ItemList:
    """List the items of a conversation, the newest first"""
    params, name = call.params, call.path["conversation_id"]
    is_descending = params.order == "desc"
    start: dict[str, Any] = {}
    seq, behind = -1, -1
    if params.after is not None:
        ident, behind = split_id(params.after)
        seq = await call.service.messages.find_seq(call.principal, name, ident, param="after")
        # The message itself may have further items.
        start = {"before": seq + 1} if is_descending else {"after": seq - 1}
    query = MessageQuery(
        limit=params.limit + 2, newest=is_descending, descending=is_descending, **start
    )
    _, messages, more = await call.service.messages.list_with_items(call.principal, name, query)
    shown: list[Json] = []
    for number, (message, item) in enumerate(messages):
        mine = list(enumerate(items_out(message, item)))
        if not number and message.seq == seq:
            mine = [pair for pair in mine if _is_behind(pair[0], behind, is_descending)]
        shown += [each for _, each in (reversed(mine) if is_descending else mine)]
    return _page(shown[: params.limit], more=more or len(shown) > params.limit)


def _is_behind(number: int, last: int, is_descending: bool) -> bool:  # noqa: FBT001 - the order
    """Whether an item of a message comes after another of the same message."""
    return number < last if is_descending else number > last


async def read_item(call: Call[IncludeParams, None]) -> ItemOut:
    """Read an item"""
    ident, number = split_id(call.path["item_id"])
    _, message, item = await call.service.messages.read_with_item(
        call.principal, call.path["conversation_id"], ident
    )
    shown = items_out(message, item)
    if number >= len(shown):
        raise NotFound(f"no item {call.path['item_id']!r}", code="message_not_found")
    return shown[number]  # type: ignore[return-value]  # an item, with all its fields


async def delete_item(call: Call[None, None]) -> ConversationOut:
    """Permanently delete an item, and return the conversation"""
    name = call.path["conversation_id"]
    ident, _ = split_id(call.path["item_id"])
    _, message, item = await call.service.messages.read_with_item(call.principal, name, ident)
    if len(items_out(message, item)) > 1:
        raise Conflict(
            f"the item {call.path['item_id']!r} is a part of a message of another API:"
            " delete the message there",
            code="part_of_a_message",
        )
    session = await call.service.messages.delete(call.principal, name, ident)
    return conversation_out(session)


def _page(shown: list[Json], *, more: bool) -> ItemList:
    return ItemList(
        data=shown,  # type: ignore[arg-type]  # items, with all their fields
        first_id=shown[0]["id"] if shown else None,
        last_id=shown[-1]["id"] if shown else None,
        has_more=more,
    )


routes = (
    Route(
        f"POST {PATH}",
        create_items,
        scope="sessions:write",
        params=IncludeParams,
        body=ItemsIn,
        body_limit=8 * MIB,
        returns=ItemList,
        errors=NO_CONVERSATION,
    ),
    Route(
        f"GET {PATH}",
        list_items,
        scope="sessions:read",
        params=ListParams,
        returns=ItemList,
        errors=NO_CONVERSATION,
    ),
    Route(
        f"GET {PATH}/{{item_id}}",
        read_item,
        scope="sessions:read",
        params=IncludeParams,
        returns=ItemOut,
        errors=NO_ITEM,
    ),
    Route(
        f"DELETE {PATH}/{{item_id}}",
        delete_item,
        scope="sessions:delete",
        returns=ConversationOut,
        errors=NO_ITEM | {409: "It is a part of a message of another API."},
    ),
)
