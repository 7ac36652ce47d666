"""Where a row of the database becomes a thing of the model, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from hansard.model import Key, Message, Run, Session, Workspace
from hansard.model.session import branch_of
from hansard.store import packing
from hansard.store.message_ids import message_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.store.steps import Row, Values


_PARTS = Message.__struct_fields__.index("parts")
_SESSION_JSON = len(Session.__struct_fields__) - 7


def session(row: Row) -> Session:
    return Session(*row[:_SESSION_JSON], *map(Raw, row[_SESSION_JSON:]))


def message(row: Row) -> Message:
    session_id, seq, stored_id, *before = row[:_PARTS]
    parts, metadata, *beside = row[_PARTS:]
    content = map(Raw, (packing.unpacked(parts), metadata))
    return Message(
        session_id, seq, message_id(session_id, seq, stored_id), *before, *content, *beside
    )


def message_id(session_id: str, seq: int, stored: str | bytes) -> str:
    """The id of a message, of which a backend may store only what nothing else says."""
    return stored if isinstance(stored, str) else message_at(session_id, seq, stored)


def large_size(row: Row) -> int:
    """How many bytes a message has that takes long to unpack and to look through; 0 for others."""
    return packing.large_size(row[_PARTS])


def run(row: Row) -> Run:
    return Run(*row[:-1], *map(Raw, row[-1:]))


def workspace(row: Row) -> Workspace:
    return Workspace(*row[:-1], *map(Raw, row[-1:]))


def key(row: Row) -> Key:
    ident, workspace_id, name, scopes, *rest = row
    return Key(ident, workspace_id, name, tuple(scopes.split()), *rest)


def session_values(session: Session) -> dict[str, Any]:
    """The parameters that write a session: its fields, and the columns derived from them."""
    values = _values(session)
    return (
        values
        | {"branch": branch_of(session.parent_id, session.kind)}
        | title_values(session.title)
    )


def title_values(title: str | None) -> dict[str, Any]:
    """The columns that sort and search a title: missing ones come last in both directions."""
    folded = fold(title or "")
    return {"title_folded": folded, "untitled": 0 if folded else 1}


def fold(text: str) -> str:
    """A title without case. The dot that İ leaves beside its i is none that anybody types.

    >>> fold("İstanbul")
    'istanbul'
    """
    return text.casefold().replace("i\u0307", "i").strip()


def message_values(workspace_id: str, message: Message, digest: bytes) -> Values:
    values = msgspec.structs.asdict(message)
    values |= {
        "parts": bytes(message.parts).decode(),
        "metadata": bytes(message.metadata).decode(),
        "workspace_id": workspace_id,
        "hash": digest,
    }
    return values


def run_values(workspace_id: str, run: Run) -> Values:
    return _values(run) | {"workspace_id": workspace_id}


def _values(struct: msgspec.Struct) -> dict[str, Any]:
    values = msgspec.structs.asdict(struct)
    for name, value in values.items():
        if type(value) is Raw:
            values[name] = bytes(value).decode()
    return values


def texts(values: Sequence[str]) -> str:
    """A list of strings as one JSON parameter."""
    return msgspec.json.encode(values).decode()


def encoded(places: Sequence[Sequence[object]]) -> str:
    """A list of lists as one JSON parameter."""
    return msgspec.json.encode(places).decode()
