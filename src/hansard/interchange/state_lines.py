"""Documents and checkpoints of a session, as a line of our own files has them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from hansard.errors import Invalid
from hansard.model import times
from hansard.model.checkpoint import Blob, Checkpoint, Fact, PendingWrite
from hansard.model.document import BODY, KEY, TYPE, Document
from hansard.model.usage import MOST_SUM


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
    body = each.body or b""
    expires_at = None if each.expires_at is None else times.moment(each.expires_at)
    return DocumentLine(
        each.key,
        each.revision,
        times.moment(each.created_at),
        times.moment(each.updated_at),
        each.type,
        expires_at,
        body.decode() if each.encoding == "json" else None,
        body if each.encoding == "bytes" else None,
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
