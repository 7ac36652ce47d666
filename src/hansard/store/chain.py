"""The hash chain over a session's messages: each message's hash covers it and the hash before it."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hansard.model import Message

ROOT = bytes(16)
_SEPARATOR = b"\x1f"
_WORDS = ("session_id", "sender", "sender_id", "model", "run_id")
_NUMBERS = ("input_tokens", "output_tokens", "cost_nanos")


def link(before: bytes, message: Message) -> bytes:
    """The 16-byte hash of ``message`` after one whose hash is ``before``."""
    fields = (
        before,
        str(message.seq).encode(),
        message.id.encode(),
        (message.client_id or "").encode(),
        message.role.encode(),
        str(message.created_at).encode(),
        bytes(message.parts),
        bytes(message.metadata),
        *((getattr(message, name) or "").encode() for name in _WORDS),
        *(str(getattr(message, name)).encode() for name in _NUMBERS),
    )
    return blake2b(_SEPARATOR.join(fields), digest_size=16).digest()
