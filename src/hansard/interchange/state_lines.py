"""Documents and checkpoints of a session, as a line of our own files has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from hansard.errors import Invalid
from hansard.model import times
from hansard.model.bounds import TEXT, short
from hansard.model.checkpoint import Blob, Checkpoint, Fact, PendingWrite
from hansard.model.document import BODY, KEY, TYPE, Document
from hansard.model.usage import MOST_SUM

VERSION = 1
"""The version of our own lines."""


class DocumentLine(Struct, omit_defaults=True):
    """A document of the session: JSON as a text, or bytes in base64."""

    key: str
    revision: int
    created_at: datetime
    updated_at: datetime
    type: str = "application/json"
    expires_at: datetime | None = None
    text: str | None = None
    base64: bytes | None = None


class OwnedDocumentLine(DocumentLine, omit_defaults=True, kw_only=True):
    """A document of a user, an app or the workspace."""

    scope: Literal["user", "app", "workspace"]
    app: str | None = None
    user: str | None = None


class OwnedDocumentRecord(Struct):
    """A line of its own, with the version of the format."""

    hansard: int
    document: OwnedDocumentLine


class CheckpointLine(Struct, omit_defaults=True):
    """A checkpoint of the session, with blobs that no other one brings, and its writes."""

    id: str
    created_at: datetime
    type: str
    data: bytes
    ns: str = ""
    parent_id: str | None = None
    run_id: str | None = None
    meta_type: str = "json"
    meta: bytes = b"{}"
    facts: dict[str, Fact] = {}
    versions: dict[str, str] = {}
    blobs: list[Blob] = []
    writes: list[PendingWrite] = []


def document_line(each: Document) -> DocumentLine:
    return DocumentLine(**_spelled(each))


def write_document(each: Document) -> bytes:
    """The line of a document that belongs to no session, with its end."""
    owner: Any = {"scope": each.scope, "app": each.app, "user": each.user_id}
    line = OwnedDocumentRecord(VERSION, OwnedDocumentLine(**_spelled(each), **owner))
    return msgspec.json.encode(line) + b"\n"


def _spelled(each: Document) -> dict[str, Any]:
    body = each.body or b""
    return {
        "key": each.key,
        "revision": each.revision,
        "created_at": times.moment(each.created_at),
        "updated_at": times.moment(each.updated_at),
        "type": each.type,
        "expires_at": None if each.expires_at is None else times.moment(each.expires_at),
        "text": body.decode() if each.encoding == "json" else None,
        "base64": body if each.encoding == "bytes" else None,
    }


def owned_document_of(line: OwnedDocumentLine) -> Document:
    """The document, with the owner left to the store; Invalid for one that cannot be stored."""
    needed = {"user": line.user, "app": line.app, "workspace": ""}[line.scope]
    if needed is None or (line.user is not None and line.scope != "user"):
        raise Invalid(f"document {line.key[:64]}: its owner is not that of scope {line.scope}")
    for name in (line.app, line.user):
        short(name, "document", TEXT)
    return msgspec.structs.replace(
        document_of(line, ""), scope=line.scope, app=line.app, user_id=line.user, session_id=None
    )


def document_of(line: DocumentLine, session_id: str) -> Document:
    if (line.text is None) == (line.base64 is None):
        raise Invalid(f"document {line.key}: it needs either text or base64")
    if line.text is not None:
        msgspec.json.decode(line.text)
    body = (line.text or "").encode() if line.base64 is None else line.base64
    if not 1 <= len(line.key) <= KEY or len(body) > BODY or not 1 <= line.revision <= MOST_SUM:
        raise Invalid(f"document {line.key[:64]}: its key, its body or its revision is too large")
    return Document(
        "session",
        session_id,
        line.key,
        line.revision,
        line.type[:TYPE],
        "json" if line.base64 is None else "bytes",
        len(body),
        None,
        None,
        session_id,
        times.from_datetime(line.created_at),
        times.from_datetime(line.updated_at),
        None if line.expires_at is None else times.from_datetime(line.expires_at),
        body,
    )


def checkpoint_line(each: Checkpoint) -> CheckpointLine:
    fields = {
        field: getattr(each, field)
        for field in CheckpointLine.__struct_fields__
        if field != "created_at"
    }
    return CheckpointLine(created_at=times.moment(each.created_at), **fields)


def checkpoint_of(line: CheckpointLine, session_id: str) -> Checkpoint:
    fields = {
        field: getattr(line, field) for field in line.__struct_fields__ if field != "created_at"
    }
    at = times.from_datetime(line.created_at)
    return Checkpoint(session_id=session_id, created_at=at, **fields)
