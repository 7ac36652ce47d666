"""Drafts of messages that can be sent, whatever a framework's own messages hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from hansard.client import Message, NewMessage

_AT_ONCE, _BYTES_AT_ONCE = 100, 6 << 20


def with_item(drafted: NewMessage, format: str, data: object) -> NewMessage:
    """The draft with the framework's message beside it.

    JSON in UTF-8 holds neither halves of surrogate pairs nor NaN: they are kept as JSON in ASCII.
    """
    if _fits(data):
        return {**drafted, "item": {"format": format, "data": data}}
    packed = json.dumps(data).encode()
    return {**readable(drafted), "item": {"format": format, "base64": packed}}


def readable(drafted: NewMessage) -> NewMessage:
    """The draft with ``?`` for halves of surrogate pairs in what people read."""
    if _fits(drafted["parts"]):
        return drafted
    text = json.dumps(drafted["parts"], ensure_ascii=False).encode("utf-8", "replace")
    parts = json.loads(text, parse_constant=str)
    return {**drafted, "parts": parts}


def data_of(message: Message, format: str) -> Any:  # noqa: ANN401 - any JSON
    """What the framework's message was; None where the message came by another API."""
    if message.item is None or message.item.format != format:
        return None
    packed = message.item.base64
    return message.item.data if packed is None else json.loads(packed)


def batches(drafts: Iterable[NewMessage]) -> Iterator[list[NewMessage]]:
    """What to append at once: up to 100 messages, and no more bytes than one request takes."""
    batch: list[NewMessage] = []
    size = 0
    for drafted in drafts:
        text = json.dumps(drafted, default=str, ensure_ascii=False)
        length = len(text.encode("utf-8", "replace"))
        if batch and (len(batch) == _AT_ONCE or size + length > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(drafted)
        size += length
    if batch:
        yield batch


def _fits(data: object) -> bool:
    try:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # of which a half of a surrogate pair is one
        return False
    except TypeError:  # the client knows more types
        return True
    return True
