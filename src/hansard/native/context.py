"""``/v1/sessions/{session_id}/context``: what a model is given of a session."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model import parts
from hansard.model.context import Context, ContextQuery, Turn
from hansard.native.messages import MessageOut, message_out
from hansard.service import providers

Format = Literal["native", "openai", "anthropic", "gemini"]


class ContextParams(Struct, frozen=True, kw_only=True):
    """Without ``messages`` and ``tokens``: the last 50 messages."""

    format: Annotated[Format, Meta(description="whose messages the answer holds")] = "native"
    messages: (
        Annotated[int, Meta(ge=1, le=1000, description="at most so many of the newest messages")]
        | None
    ) = None
    tokens: (
        Annotated[
            int, Meta(ge=1, le=10_000_000, description="at most so many model tokens, estimated")
        ]
        | None
    ) = None


class DroppedOut(Struct, frozen=True, kw_only=True):
    """``whole`` is false where only parts of the message had to go."""

    seq: int
    message_id: str
    reason: str
    whole: bool


class Manifest(Struct, frozen=True, kw_only=True):
    """What is there and what is not. ``older`` messages before ``first_seq`` did not fit; ``dropped`` names what else had to go."""

    messages: int
    tokens: int
    first_seq: int | None
    last_seq: int | None
    older: int
    dropped: list[DroppedOut]


class ContextOut(Struct, frozen=True, kw_only=True):
    """``request`` holds the fields of the provider's request; natively ``messages``, with the system's first."""

    session_id: str
    format: Format
    request: dict[str, Any]
    manifest: Manifest


_RENDERED = {
    "openai": providers.openai,
    "anthropic": providers.anthropic,
    "gemini": providers.gemini,
}
_USER_FIRST = ("anthropic", "gemini")


async def read_context(call: Call[ContextParams, None]) -> ContextOut:
    """Read the end of a transcript as a model may be given it: tool calls with their answers, and a list of what was dropped"""
    asked = call.params
    query = ContextQuery(
        messages=asked.messages, tokens=asked.tokens, user_first=asked.format in _USER_FIRST
    )
    context = await call.service.contexts.read(call.principal, call.path["session_id"], query)
    render = _RENDERED.get(asked.format, native)
    return ContextOut(
        session_id=context.session.name,
        format=asked.format,
        request=render(context),
        manifest=_manifest(context),
    )


def native(context: Context) -> dict[str, Any]:
    return {
        "messages": [
            _message(context.session.name, turn) for turn in (*context.system, *context.turns)
        ]
    }


def _message(name: str, turn: Turn) -> MessageOut:
    """The message with the parts that stay; as it is stored where all do."""
    shown = message_out(name, turn.message)
    whole = parts.decode(shown.parts)
    if whole == turn.parts:
        return shown
    stored = zip(msgspec.json.decode(shown.parts, type=list[Raw]), whole, strict=True)
    kept = [raw for raw, part in stored if part in turn.parts]
    return msgspec.structs.replace(shown, parts=Raw(msgspec.json.encode(kept)))


def _manifest(context: Context) -> Manifest:
    return Manifest(
        messages=len(context.system) + len({turn.message.seq for turn in context.turns}),
        tokens=context.tokens,
        first_seq=context.first_seq,
        last_seq=max((turn.message.seq for turn in context.turns), default=None),
        older=context.older,
        dropped=[
            DroppedOut(seq=one.seq, message_id=one.message_id, reason=one.reason, whole=one.whole)
            for one in context.dropped
        ],
    )


routes = (
    Route(
        "GET /v1/sessions/{session_id}/context",
        read_context,
        scope="sessions:read",
        params=ContextParams,
        returns=ContextOut,
    ),
)
