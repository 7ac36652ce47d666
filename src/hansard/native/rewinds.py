"""``/v1/sessions/{session_id}/messages``: take the last away, and replace one in place."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import MIB, ONCE, Route
from hansard.model import Message, Session
from hansard.model.rewind import Cut, Rewound
from hansard.native.errors import NO_MESSAGE, NO_SESSION
from hansard.native.message_bodies import (
    MessageChange,
    MessageIn,
    MessageOut,
    content_of,
    drafts_of,
    itemed_out,
    message_out,
)
from hansard.native.messages import MESSAGES_PATH
from hansard.native.schemas import Json


class RewindIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages to take away, by ``after`` or ``count``, and what comes in their place."""

    example: ClassVar[Json] = {
        "after": "mail-88",
        "expected_seq": 4,
        "messages": [{"role": "assistant", "text": "It arrived this morning."}],
    }

    after: str | int | None = None
    """All messages behind this one go: a `seq`, an `id` or a `client_id`; 0 for all of them."""
    count: Annotated[int, Meta(ge=1, le=200)] | None = None
    """How many messages to take away from the end; all, where there are fewer."""
    expected_seq: Annotated[int, Meta(ge=0)] | None = None
    """The `last_seq` that the caller knows: refused with 409 when the session is further on."""
    messages: list[MessageIn] | None = None
    """1–100 messages to append after that."""


class RewindOut(Struct, frozen=True, kw_only=True):
    """What a rewind took away, and what it appended."""

    removed: list[MessageOut]
    """The messages that went, with their items, in order. Their numbers are never used again."""
    data: list[MessageOut]
    """The messages that came in their place, in the order of the request."""


async def rewind_messages(call: Call[None, RewindIn]) -> RewindOut:
    """Take the last messages away for ever, and append others in their place

    Both happen in one transaction: pop the last turn, replace the tail, or generate it again.
    Deletes as `DELETE` of each message does. Appending also needs the scope `sessions:write`.
    """
    body, name = call.body, call.path["session_id"]
    if (body.after is None) == (body.count is None):
        raise Invalid("give either after or count", param="after")
    if body.messages:
        call.principal.require("sessions:write")
    drafts = await call.off_loop(lambda: drafts_of(body.messages or ()))
    after = (
        None
        if body.after is None
        else await call.service.messages.find_seq(
            call.principal, name, str(body.after), param="after"
        )
    )
    cut = Cut(after, body.count or 0, body.expected_seq)
    return _rewound(
        await call.service.messages.rewind(
            call.principal, name, cut, drafts, once=call.once(_rewound_first)
        )
    )


def _rewound_first(result: tuple[object, Rewound]) -> RewindOut:
    return _rewound(result[1])


def _rewound(rewound: Rewound) -> RewindOut:
    name = rewound.session.name
    return RewindOut(
        removed=[itemed_out(name, message, item) for message, item in rewound.removed],
        data=[message_out(name, message) for message in rewound.added],
    )


async def edit_message(call: Call[None, MessageChange]) -> MessageOut:
    """Replace what a message says, in place

    It keeps its `seq`, its ids and its `created_at`, and has `edited_at` from then on. What it said
    before is gone for ever; the hash chain of the session still holds.
    """
    call.principal.require("sessions:delete")
    draft = await call.off_loop(lambda: content_of(call.body, "message"))
    return _edited(
        await call.service.messages.edit(
            call.principal,
            call.path["session_id"],
            call.path["message_id"],
            draft,
            once=call.once(_edited),
        )
    )


def _edited(result: tuple[Session, Message]) -> MessageOut:
    session, message = result
    return message_out(session.name, message)


routes = (
    Route(
        f"POST {MESSAGES_PATH}/rewind",
        rewind_messages,
        msgpack=True,
        scope="sessions:delete",
        body=RewindIn,
        body_limit=8 * MIB,
        returns=RewindOut,
        request_headers=(ONCE,),
        errors=NO_SESSION
        | {
            409: "`seq_mismatch`: the session is not at `expected_seq`; `seq` is where it is.",
            413: "`rewind_too_large`: more than 200 messages, or than 8 MiB, would go at once.",
        },
    ),
    Route(
        f"PUT {MESSAGES_PATH}/{{message_id}}",
        edit_message,
        msgpack=True,
        scope="sessions:write",
        body=MessageChange,
        body_limit=8 * MIB,
        returns=MessageOut,
        request_headers=(ONCE,),
        errors=NO_MESSAGE
        | {403: "`forbidden`: the key lacks the scope `sessions:delete`: what it said is gone."},
    ),
)
