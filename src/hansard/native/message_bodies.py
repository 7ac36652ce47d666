"""What the native API takes and shows of a message."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hansard.errors import Invalid
from hansard.http.fields import Time, us
from hansard.model import Message, MessageDraft, Run, Usage, parts
from hansard.model.message import Role
from hansard.model.times import Moment, rfc3339
from hansard.model.usage import SUMS, Spent
from hansard.native.schemas import (
    Deleted,
    HasMore,
    Json,
    Metadata,
    NextCursor,
    Parts,
    RoleOut,
    SessionId,
)
from hansard.service.render_cache import MessageProjection


class UsageIn(Usage, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Model tokens and their price, as the caller reports them."""


class UsageOut(Struct, frozen=True, kw_only=True):
    """Model tokens and their price."""

    described_by: ClassVar[type[Struct]] = Usage
    example: ClassVar[Json] = Usage.example

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float


class MessageOut(Struct, frozen=True, kw_only=True):
    """One entry of a session. A field that was not set is left out."""

    described_by: ClassVar[type[Struct]] = Message
    example: ClassVar[Json] = {
        "id": "msg_0190163d-8694-739b-aea5-966c00000004",
        "session_id": "order-17",
        "seq": 4,
        "role": "assistant",
        "parts": [{"type": "text", "content": "It arrives tomorrow."}],
        "created_at": "2026-01-31T09:30:41Z",
        "client_id": "mail-89",
        "run_id": "turn-1",
        "sender": "operator",
        "sender_id": "grace",
        "model": "gpt-5",
        "usage": Usage.example,
        "metadata": {"finish_reason": "stop"},
    }

    id: str
    session_id: SessionId
    seq: int
    role: RoleOut
    parts: Parts
    created_at: Time
    client_id: str | UnsetType = UNSET
    run_id: str | UnsetType = UNSET
    sender: str | UnsetType = UNSET
    sender_id: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    usage: UsageOut | UnsetType = UNSET
    """The model tokens of this message and their price. Set by the caller."""
    metadata: Metadata | UnsetType = UNSET


class MessageIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to append; it has either ``parts`` or ``text``."""

    described_by: ClassVar[type[Struct]] = MessageOut
    example: ClassVar[Json] = {
        "role": "user",
        "text": "Where is my order?",
        "client_id": "mail-88",
    }
    instead: ClassVar[dict[str, str]] = {
        "content": "what is said goes into 'text', or into 'parts' as a list"
    }

    role: Role
    parts: Parts | UnsetType = UNSET
    text: str | None = None
    """Short for `parts` with one text part of this content."""
    client_id: str | None = None
    created_at: Moment | None = None
    """When it was written; at most a day ahead. The time of the request by default."""
    run_id: str | None = None
    sender: Literal["operator"] | None = None
    sender_id: str | None = None
    model: str | None = None
    usage: UsageIn | None = None
    metadata: Metadata | UnsetType = UNSET


class AppendIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages to append, in their order: all of them or, after an error, none."""

    example: ClassVar[Json] = {
        "messages": [
            MessageIn.example,
            {
                "role": "assistant",
                "parts": [
                    {
                        "type": "tool_call",
                        "id": "call_1",
                        "name": "find_order",
                        "arguments": {"order": 17},
                    }
                ],
            },
            {
                "role": "tool",
                "parts": [{"type": "tool_call_response", "id": "call_1", "response": "shipped"}],
            },
            {
                "role": "assistant",
                "text": "It arrives tomorrow.",
                "usage": {"input_tokens": 210, "output_tokens": 9},
            },
        ],
        "expected_seq": 0,
    }

    messages: list[MessageIn]
    """1–100 messages."""
    expected_seq: Annotated[int, Meta(ge=0)] | None = None
    """The `last_seq` that the caller knows: refused with 409 when the session is further on."""


class Appended(Struct, frozen=True, kw_only=True):
    """The messages as they are stored."""

    data: list[MessageOut]
    """One for each message of the request, in its order."""


class MessageList(Struct, frozen=True, kw_only=True):
    """A page of a transcript."""

    data: list[MessageOut]
    """The messages of the page, in the `order` asked for; deleted ones are left out."""
    has_more: HasMore
    next_cursor: NextCursor


class MessageDeleted(Struct, frozen=True, kw_only=True):
    """What a deletion removed, for ever."""

    id: str
    """The message, as the request named it."""
    deleted: Deleted


def draft_of(body: MessageIn, index: int) -> MessageDraft:
    """The message that a caller means; Invalid names the part that is wrong."""
    where = f"messages[{index}]"
    raw, usage = _without_null(body.parts), body.usage or UsageIn()
    if (raw is None) == (body.text is None):
        raise Invalid(f"{where} needs either parts or text", param=f"{where}.parts")
    if raw is None:
        raw = parts.text_part(body.text or "")
    text = parts.check(raw, f"{where}.parts")
    metadata = _without_null(body.metadata) or Raw(b"{}")
    if not bytes(metadata).lstrip().startswith(b"{"):
        raise Invalid(f"{where}.metadata must be an object", param=f"{where}.metadata")
    return MessageDraft(
        role=body.role,
        parts=raw.copy(),
        text=text,
        client_id=body.client_id,
        sender=body.sender,
        sender_id=body.sender_id,
        model=body.model,
        run_id=body.run_id,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cost_nanos=round(usage.cost_usd * 1e9),
        created_at=us(body.created_at),
        metadata=metadata.copy(),
    )


def _without_null(value: Raw | UnsetType) -> Raw | None:
    return None if value is UNSET or bytes(value) == b"null" else value


def message_out(session_name: str, message: Message) -> MessageOut:
    has_usage = any(getattr(message, name) for name in SUMS)
    return MessageOut(
        id=message.id,
        session_id=session_name,
        seq=message.seq,
        role=message.role,
        parts=message.parts,
        created_at=rfc3339(message.created_at),
        client_id=message.client_id or UNSET,
        run_id=message.run_id or UNSET,
        sender=message.sender or UNSET,
        sender_id=message.sender_id or UNSET,
        model=message.model or UNSET,
        usage=usage_out(message) if has_usage else UNSET,
        metadata=message.metadata if bytes(message.metadata) != b"{}" else UNSET,
    )


def usage_out(spent: Message | Run) -> UsageOut:
    return UsageOut(**spent_out(spent))


def spent_out(spent: Message | Run | Spent) -> dict[str, Any]:
    """The fields of a ``UsageOut``."""
    tokens = {name: getattr(spent, name) for name in SUMS if name != "cost_nanos"}
    return tokens | {"cost_usd": spent.cost_nanos / 1e9}


MESSAGE = MessageProjection("native.message", message_out)
