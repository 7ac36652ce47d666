"""``/v1/sessions/{session_id}/context``: the part of a session that a model is given."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar, get_args

import msgspec
from msgspec import Meta, Raw, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.context import Context, ContextQuery, Format, Reason, Turn
from hansard.model.parts import Part
from hansard.native.errors import NO_SESSION
from hansard.native.message_bodies import MessageOut, message_out
from hansard.native.schemas import Json, SessionId, one_of
from hansard.service.providers import PROVIDERS


class ContextParams(Struct, frozen=True, kw_only=True):
    """How much of the session, and for whom. Without both limits: the last 50 messages."""

    example: ClassVar[Json] = {"messages": 20, "tokens": 8000}

    format: Format = "native"
    """Whose messages the answer holds: `openai` is Chat Completions, `anthropic` Messages, `gemini`
    generateContent."""
    messages: Annotated[int, Meta(ge=1, le=1000)] | None = None
    """At most this many of the newest messages."""
    tokens: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    """At most this many model tokens, as estimated by the server."""


class DroppedOut(Struct, frozen=True, kw_only=True):
    """A message that was left out, lost parts, or was shortened."""

    example: ClassVar[Json] = {
        "seq": 6,
        "message_id": "msg_0190163d-8694-739b-aea5-966c00000006",
        "reason": "unanswered_call",
        "whole": False,
    }

    seq: int
    """The `seq` of the message."""
    message_id: str
    """The `id` of the message."""
    reason: Annotated[str, one_of(get_args(Reason))]
    """Why; each reason is explained in the reference of contexts."""
    whole: bool
    """Whether all of the message was left out."""


class Manifest(Struct, frozen=True, kw_only=True):
    """Which messages the request holds, and which it does not."""

    example: ClassVar[Json] = {
        "messages": 2,
        "tokens": 14,
        "first_seq": 7,
        "last_seq": 8,
        "task_seq": None,
        "placeholder": False,
        "older": 6,
        "dropped": [],
    }

    messages: int
    """How many messages it holds, the system messages included."""
    tokens: int
    """How many model tokens they are, as estimated by the server."""
    first_seq: int | None
    """The `seq` of the first message after the system messages; null without any."""
    last_seq: int | None
    """The `seq` of the last message; null without any."""
    task_seq: int | None
    """The `seq` of the user's message in front, where messages between it and `first_seq` did not
    fit; else null."""
    placeholder: bool
    """Whether a placeholder stands in front, since no user spoke and the provider needs one."""
    older: int
    """How many messages before `first_seq` did not fit."""
    dropped: list[DroppedOut]
    """The messages that fit and were left out all the same, lost parts, or were shortened."""


class ContextOut(Struct, frozen=True, kw_only=True):
    """The end of a session as a model may be given it."""

    example: ClassVar[Json] = {
        "session_id": "order-17",
        "format": "anthropic",
        "request": {
            "system": "Be kind.",
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Where is my order?"}]}
            ],
        },
        "manifest": Manifest.example,
    }

    session_id: SessionId
    format: Format
    """The `format` of the request."""
    request: dict[str, Any]
    """The fields of the provider's request that make the conversation. Of `native` it is
    `messages`, with the system messages first."""
    manifest: Manifest
    """Which messages the request holds, and which it does not."""


async def read_context(call: Call[ContextParams, None]) -> Raw:
    """Read the end of a session as a model may be given it

    Tool calls and their answers stay together, and roles follow the provider's rules. The manifest
    says what was left out.
    """
    params = call.params
    query = ContextQuery(messages=params.messages, tokens=params.tokens, format=params.format)
    return await call.service.contexts.read(
        call.principal, call.path["session_id"], query, partial(_encoded, params.format)
    )


def _encoded(form: Format, context: Context) -> Raw:
    provider = PROVIDERS.get(form)
    out = ContextOut(
        session_id=context.session.name,
        format=form,
        request=provider.render(context) if provider else native(context),
        manifest=_manifest(context),
    )
    return Raw(msgspec.json.encode(out))


def native(context: Context) -> dict[str, Any]:
    return {
        "messages": [
            _message(context.session.name, turn) for turn in (*context.system, *context.turns)
        ]
    }


def _message(name: str, turn: Turn) -> MessageOut:
    """The message with the parts that stay, each as it is stored unless its text was cut."""
    message = message_out(name, turn.message)
    stored = msgspec.json.decode(message.parts, type=list[Raw])
    if len(stored) == len(turn.parts) and not turn.shortened:
        return message
    staying = [
        _merged(stored[index], part) if index in turn.shortened else stored[index]
        for index, part in zip(turn.indexes, turn.parts, strict=True)
    ]
    return msgspec.structs.replace(message, parts=Raw(msgspec.json.encode(staying)))


def _merged(stored: Raw, shortened: Part) -> dict[str, Any]:
    """A stored part with its texts cut; what Hansard does not know of it stays."""
    changed: dict[str, Any] = msgspec.to_builtins(shortened)
    whole: dict[str, Any] = msgspec.json.decode(stored)
    if changed["type"] != whole["type"]:
        return changed
    return whole | changed


def _manifest(context: Context) -> Manifest:
    return Manifest(
        messages=len(context.system) + len({turn.message.seq for turn in context.turns}),
        tokens=context.tokens,
        first_seq=context.first_seq,
        last_seq=max((turn.message.seq for turn in context.turns), default=None),
        task_seq=context.task,
        placeholder=context.placeholder,
        older=context.older,
        dropped=[
            DroppedOut(
                seq=dropped.seq,
                message_id=dropped.message_id,
                reason=dropped.reason,
                whole=dropped.whole,
            )
            for dropped in context.dropped
        ],
    )


routes = (
    Route(
        "GET /v1/sessions/{session_id}/context",
        read_context,
        scope="sessions:read",
        params=ContextParams,
        returns=ContextOut,
        errors=NO_SESSION,
    ),
)
