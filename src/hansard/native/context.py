"""``/v1/sessions/{session_id}/context``: what a model is given of a session."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.context import Context, ContextQuery, Format, Turn
from hansard.model.parts import Part
from hansard.native.messages import MessageOut, message_out
from hansard.service.providers import PROVIDERS


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
    """What the context holds and what it lacks.

    ``older`` messages before ``first_seq`` did not fit; ``dropped`` names what else is missing or
    shortened. ``task_seq`` is the user's message put in front of messages that do not follow it
    directly; ``placeholder`` says that no user spoke, so that a placeholder stands in front.
    """

    messages: int
    tokens: int
    first_seq: int | None
    last_seq: int | None
    task_seq: int | None
    placeholder: bool
    older: int
    dropped: list[DroppedOut]


class ContextOut(Struct, frozen=True, kw_only=True):
    """``request`` holds the fields of the provider's request; natively ``messages``, with the system's first."""

    session_id: str
    format: Format
    request: dict[str, Any]
    manifest: Manifest


async def read_context(call: Call[ContextParams, None]) -> ContextOut:
    """Read the end of a transcript as a model may be given it: tool calls with their answers, and a list of what was dropped"""
    params = call.params
    query = ContextQuery(messages=params.messages, tokens=params.tokens, format=params.format)
    context = await call.service.contexts.read(call.principal, call.path["session_id"], query)
    provider = PROVIDERS.get(params.format)
    return ContextOut(
        session_id=context.session.name,
        format=params.format,
        request=provider.render(context) if provider else native(context),
        manifest=_manifest(context),
    )


def native(context: Context) -> dict[str, Any]:
    return {
        "messages": [
            _message(context.session.name, turn) for turn in (*context.system, *context.turns)
        ]
    }


def _message(name: str, turn: Turn) -> MessageOut:
    """The message with the parts that stay, each as it is stored unless its text was cut."""
    shown = message_out(name, turn.message)
    stored = msgspec.json.decode(shown.parts, type=list[Raw])
    if len(stored) == len(turn.parts) and not turn.shortened:
        return shown
    kept = [
        _merged(stored[index], part) if index in turn.shortened else stored[index]
        for index, part in zip(turn.indexes, turn.parts, strict=True)
    ]
    return msgspec.structs.replace(shown, parts=Raw(msgspec.json.encode(kept)))


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
