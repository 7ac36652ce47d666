"""Checkpoints as the server answers them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from msgspec import field

from hansard.client.structs import Record


class Blob(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """The value of a channel in one of its versions."""

    channel: str
    version: str
    type: str = ""
    data: bytes | None = None


class PendingWrite(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What a task wrote into a channel since a checkpoint."""

    task: str
    path: str = ""
    idx: int = 0
    channel: str = ""
    type: str = ""
    data: bytes = b""


class Checkpoint(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A checkpoint with the blobs that it refers to, and the writes that wait for the next one."""

    session_id: str
    id: str
    ns: str = ""
    parent: str | None = None
    run: str | None = None
    type: str = ""
    data: bytes = b""
    meta_type: str = ""
    meta: bytes = b""
    facts: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    blobs: list[Blob] = field(default_factory=list)
    writes: list[PendingWrite] = field(default_factory=list)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        lists: dict[str, Any] = {
            "blobs": [Blob.of(each) for each in document.get("blobs", [])],
            "writes": [PendingWrite.of(each) for each in document.get("writes", [])],
        }
        return super().of({**document, **lists})
