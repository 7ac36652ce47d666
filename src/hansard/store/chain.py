"""The hash chain over a session's messages: each message's hash covers it and the hash before it."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hansard.model import Message

ROOT = bytes(16)
_SEPARATOR = b"\x1f"


def link(before: bytes, message: Message) -> bytes:
    """The 16-byte hash of ``message`` after one whose hash is ``before``."""
    m = message
    head = f"{m.seq}\x1f{m.id}\x1f{m.client_id or ''}\x1f{m.role}\x1f{m.created_at}"
    tail = f"{m.session_id}\x1f{m.sender or ''}\x1f{m.sender_id or ''}\x1f{m.model or ''}\x1f{m.run_id or ''}"
    spent = f"{m.input_tokens}\x1f{m.output_tokens}\x1f{m.cost_nanos}"
    fields = (
        before,
        head.encode(),
        bytes(m.parts),
        bytes(m.metadata),
        tail.encode(),
        spent.encode(),
    )
    return blake2b(_SEPARATOR.join(fields), digest_size=16).digest()
