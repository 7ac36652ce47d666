"""``/openai/v1/conversations``: create, list, read, update, delete."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Raw, Struct

from hansard.dialects.openai.errors import NO_CONVERSATION
from hansard.dialects.openai.items import drafts_of
from hansard.dialects.openai.shapes import (
    ConversationOut,
    Json,
    checked,
    conversation_out,
    texts_of,
)
from hansard.errors import Conflict, Invalid
from hansard.http.call import Call
from hansard.http.route import MIB, Route
from hansard.model import SessionDraft, SessionPatch, SessionQuery
from hansard.model.session import tag_of

PATH = "/openai/v1/conversations"
_TRIES = 5


class ConversationIn(Struct, kw_only=True, frozen=True):
    """A conversation to create."""

    example: ClassVar[Json] = {
        "metadata": {"topic": "parcel"},
        "items": [{"type": "message", "role": "user", "content": "Where is my order?"}],
    }

    items: list[Raw] | None = None
    """Items to begin with, at most 20: messages, calls, outputs, reasoning or any other kind."""
    metadata: dict[str, str] | None = None
    """At most 16 texts of at most 512 characters, under keys of at most 64."""


class UpdateIn(Struct, kw_only=True, frozen=True):
    """What a conversation gets instead."""

    example: ClassVar[Json] = {"metadata": {"topic": "refund"}}

    metadata: dict[str, str] | None
    """All its metadata, in place of what was there: at most 16 texts of at most 512 characters."""


class ListParams(Struct, kw_only=True, frozen=True):
    """Which conversations."""

    example: ClassVar[Json] = {"limit": 20, "after": "eyJhIjo0Mn0.c2lnbmVk"}

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    """The most conversations that a page may have."""
    after: str | None = None
    """The conversations behind this one: the `last_id` of the page before."""
    order: Literal["asc", "desc"] = "desc"
    """By the time of creation: `desc` begins with the newest."""


class ConversationList(Struct, kw_only=True):
    """A page of conversations."""

    object: str = "list"
    """Always `list`."""
    data: list[ConversationOut]
    """The conversations of the page."""
    first_id: str | None
    """The id of the first one; null on an empty page."""
    last_id: str | None
    """Where the next page goes on; null on an empty page."""
    has_more: bool
    """Whether there are more."""


class ConversationDeleted(Struct, kw_only=True):
    """What was deleted, for ever."""

    id: str
    """The conversation, as the request named it."""
    object: str = "conversation.deleted"
    """Always `conversation.deleted`."""
    deleted: bool = True
    """Always true."""


async def create_conversation(call: Call[None, ConversationIn]) -> ConversationOut:
    """Create a conversation, with up to 20 items"""
    body = call.body
    draft = SessionDraft(metadata=dict(checked(body.metadata)), channel="openai")
    if not body.items:
        session, _ = await call.service.sessions.start(call.principal, draft)
        return conversation_out(session)
    drafts = drafts_of(call.service.ids, body.items)
    session, _ = await call.service.sessions.record(call.principal, draft, drafts)
    return conversation_out(session)


async def list_conversations(call: Call[ListParams, None]) -> ConversationList:
    """List conversations: sessions of every API, which OpenAI's own server does not offer"""
    params = call.params
    sort = "created_at" if params.order == "asc" else "-created_at"
    query = SessionQuery(sort=sort, limit=params.limit, cursor=params.after)  # type: ignore[arg-type]  # one of the two
    page = await call.service.sessions.list(call.principal, query)
    shown = [conversation_out(session) for session in page.items]
    return ConversationList(
        data=shown,
        first_id=shown[0].id if shown else None,
        last_id=page.next_cursor or (shown[-1].id if shown else None),
        has_more=page.has_more,
    )


async def read_conversation(call: Call[None, None]) -> ConversationOut:
    """Read a conversation"""
    session = await call.service.sessions.read(call.principal, call.path["conversation_id"])
    return conversation_out(session)


async def update_conversation(call: Call[None, UpdateIn]) -> ConversationOut:
    """Replace the metadata of a conversation

    Texts are replaced; what else another API keeps in the session's metadata stays.
    """
    name, wanted = call.path["conversation_id"], checked(call.body.metadata)
    for tries_left in reversed(range(_TRIES)):
        session = await call.service.sessions.read(call.principal, name)
        gone = dict.fromkeys(texts_of(session.metadata))
        tag = tag_of(session.id, session.version, session.created_at)
        try:
            return conversation_out(
                await call.service.sessions.update(
                    call.principal,
                    name,
                    SessionPatch(metadata={**gone, **wanted}),
                    if_version=frozenset({tag}),
                )
            )
        except Conflict:
            if not tries_left:
                raise
    raise AssertionError  # pragma: no cover - the last try returns or raises


async def delete_conversation(call: Call[None, None]) -> ConversationDeleted:
    """Permanently delete a conversation and its items"""
    name = call.path["conversation_id"]
    await call.service.sessions.delete(call.principal, name)
    return ConversationDeleted(id=name)


class ResponseIn(Struct, kw_only=True, frozen=True):
    """Anything: no model answers here."""

    example: ClassVar[Json] = {"model": "gpt-5"}

    model: str | None = None
    """The model that would answer."""


async def create_response(_: Call[None, ResponseIn]) -> ConversationOut:
    """Refuse: Hansard keeps conversations and runs no model

    Send `responses.create` to OpenAI, and its input and output here as items.
    """
    raise Invalid(
        "Hansard keeps conversations and runs no model: send responses.create to OpenAI, and its"
        " input and output here, by conversations.items.create",
        code="no_model_here",
    )


routes = (
    Route(
        f"POST {PATH}",
        create_conversation,
        scope="sessions:write",
        body=ConversationIn,
        body_limit=8 * MIB,
        returns=ConversationOut,
    ),
    Route(
        f"GET {PATH}",
        list_conversations,
        scope="sessions:read",
        params=ListParams,
        returns=ConversationList,
    ),
    Route(
        f"GET {PATH}/{{conversation_id}}",
        read_conversation,
        scope="sessions:read",
        returns=ConversationOut,
        errors=NO_CONVERSATION,
    ),
    Route(
        f"POST {PATH}/{{conversation_id}}",
        update_conversation,
        scope="sessions:write",
        body=UpdateIn,
        returns=ConversationOut,
        errors=NO_CONVERSATION,
    ),
    Route(
        f"DELETE {PATH}/{{conversation_id}}",
        delete_conversation,
        scope="sessions:delete",
        returns=ConversationDeleted,
        errors=NO_CONVERSATION | {403: "Below it is a session of another user or application."},
    ),
    Route(
        "POST /openai/v1/responses",
        create_response,
        scope="sessions:write",
        body=ResponseIn,
        body_limit=8 * MIB,
        returns=ConversationOut,
        errors={501: "Always: Hansard runs no model."},
    ),
)
