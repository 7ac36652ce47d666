"""The hash chain over a session's messages.

Each hash covers the message and the hash before it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from hansard.store.rows import message_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Message
    from hansard.store.steps import Values

ROOT = bytes(16)
"""What the first message of a session follows."""
_SEPARATOR = b"\x1f"


def link(before: bytes, message: Message) -> bytes:
    """The 16-byte hash of ``message`` after one whose hash is ``before``."""
    m = message
    head = f"{m.seq}\x1f{m.id}\x1f{m.client_id or ''}\x1f{m.role}\x1f{m.created_at}"
    sender = f"{m.sender or ''}\x1f{m.sender_id or ''}"
    tail = f"{m.session_id}\x1f{sender}\x1f{m.model or ''}\x1f{m.run_id or ''}"
    spent = f"{m.input_tokens}\x1f{m.output_tokens}\x1f{m.cost_nanos}"
    if (
        m.cache_read_tokens or m.cache_write_tokens or m.reasoning_tokens
    ):  # older messages have none
        spent += f"\x1f{m.cache_read_tokens}\x1f{m.cache_write_tokens}\x1f{m.reasoning_tokens}"
    fields = (
        before,
        head.encode(),
        bytes(m.parts),
        bytes(m.metadata),
        tail.encode(),
        spent.encode(),
        *_beside(m),
    )
    return blake2b(_SEPARATOR.join(fields), digest_size=16).digest()


def _beside(message: Message) -> tuple[bytes, ...]:
    """What only some messages have: nothing, so that the hashes of all others stay as they are."""
    item = () if message.item_hash is None else (b"item", message.item_hash)
    edited = () if message.edited_at is None else (b"edited", b"%d" % message.edited_at)
    return (*item, *edited)


def linked_rows(
    workspace_id: str, messages: Sequence[Message], before: bytes
) -> tuple[list[Values], bytes]:
    """The rows that store ``messages`` behind the hash ``before``, and the last one's hash."""
    rows = []
    for message in messages:
        before = link(before, message)
        rows.append(message_values(workspace_id, message, before))
    return rows, before
