"""The chats of Cursor's command line: ``.cursor/chats/*/ID/store.db``, one session a file.

``meta`` holds a JSON object in hexadecimal. It names the root among the ``blobs``, a message of
Protocol Buffers: its first field repeats the ids of the blobs that are the messages, in order, and
each of those is JSON. The rest of the root is not read. Cursor publishes no schema.
"""

from __future__ import annotations

import json

from hansard.interchange.content.text import Json
from hansard.interchange.databases import Database
from hansard.interchange.records import Unreadable

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MESSAGES = 1
_ID_BYTES = 32
_HIGH_BIT, _LONGEST_VARINT = 0x80, 10


def is_chat(database: Database) -> bool:
    return database.has_table("blobs") and database.has_table("meta")


def meta_of(database: Database) -> Json:
    """What the chat says of itself; empty where it was never begun."""
    for row in database.rows("meta", "key"):
        try:
            meta = json.loads(bytes.fromhex(str(row.get("value"))))
        except (ValueError, RecursionError):
            continue
        if isinstance(meta, dict) and meta.get("latestRootBlobId"):
            return meta
    return {}


def messages_of(database: Database, meta: Json) -> list[tuple[str, Json]]:
    """The messages with their ids, in order; Unreadable where the chat is of another shape.

    One that is not there, or no JSON, is a message of a part of the type ``cursor_blob``.
    """
    root = database.value("blobs", "data", id=str(meta["latestRootBlobId"]))
    if root is None:
        message = "the chat names a root that is not there"
        raise Unreadable(message)
    ids = _ids(root)
    read = [_message(database, ident) for ident in ids]
    if not any(read):
        message = "no message that the chat's root names is JSON: another version?"
        raise Unreadable(message)
    return [
        (ident, message or {"role": "system", "content": [{"type": "cursor_blob", "id": ident}]})
        for ident, message in zip(ids, read, strict=True)
    ]


def _message(database: Database, ident: str) -> Json | None:
    try:
        message = json.loads(database.value("blobs", "data", id=ident) or b"")
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and "role" in message else None


def _ids(root: bytes) -> list[str]:
    """The ids in the first field of a message of Protocol Buffers."""
    ids, at = [], 0
    while at < len(root):
        key, at = _varint(root, at)
        kind = key & 7
        size = {_FIXED64: 8, _FIXED32: 4, _VARINT: 0}.get(kind)
        if kind in {_VARINT, _BYTES}:
            number, at = _varint(root, at)
            size = number if kind == _BYTES else 0
        if size is None or at + size > len(root):
            message = "the chat's root is not a message of Protocol Buffers: another version?"
            raise Unreadable(message)
        if (key >> 3, kind, size) == (_MESSAGES, _BYTES, _ID_BYTES):
            ids.append(root[at : at + size].hex())
        at += size
    return ids


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    number = 0
    for index, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        number |= (byte & ~_HIGH_BIT) << 7 * index
        if not byte & _HIGH_BIT:
            return number, at + index + 1
    message = "the chat's root breaks off"
    raise Unreadable(message)
