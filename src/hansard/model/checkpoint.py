"""Checkpoints: opaque bytes of a framework that belong to a session, with their pending writes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hansard.model.document import DocumentDraft
from hansard.model.message import MessageDraft
from hansard.model.session import Session
from hansard.model.units import Microseconds

NAME, FACTS, BLOBS, WRITES = 256, 16 * 1024, 1000, 1000
"""The longest name, in characters; the most bytes of facts; the most blobs and writes of a call."""
Fact = str | int | float | bool | None


class Blob(Struct, frozen=True):
    """The value of a channel in one of its versions, which several checkpoints may share."""

    channel: str
    version: str
    type: str
    data: bytes | None = None


class PendingWrite(Struct, frozen=True):
    """What a task wrote into a channel, before the checkpoint behind it."""

    task: str
    idx: int
    path: str
    channel: str
    type: str
    data: bytes


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A checkpoint of a session, within a namespace ``ns``."""

    session_id: str
    """The session that it belongs to. Set by the server."""
    ns: str
    """The framework's namespace, such as a subgraph; empty by default, at most 256 characters."""
    id: str
    """The framework's id, 1–256 characters. The newest has the greatest, by its bytes."""
    parent_id: str | None
    """The checkpoint before this one. Set by the caller."""
    run_id: str | None
    """The run that wrote it, by the framework's id. Set by the caller."""
    type: str
    """How `data` is encoded, by the framework's name. Set by the caller."""
    data: bytes
    """The checkpoint itself, in base64. Set by the caller."""
    meta_type: str
    """How `meta` is encoded. Set by the caller."""
    meta: bytes
    """Its metadata, in base64. Set by the caller."""
    facts: dict[str, Fact]
    """The scalar part of its metadata, by which it is found. Set by the caller; at most 16 KiB."""
    versions: dict[str, str]
    """Which version of each channel it refers to. By default those of its `blobs`."""
    created_at: Microseconds
    """When it was stored. Set by the server."""
    blobs: list[Blob] = []
    """The values of the channels that it refers to."""
    writes: list[PendingWrite] = []
    """What tasks wrote since, in the order of path, task and index."""


class Beside(Struct, frozen=True):
    """What a call brings besides: a session to start, messages to append, documents to set."""

    start: Session | None = None
    messages: Sequence[MessageDraft] = ()
    documents: Sequence[DocumentDraft] = ()


class CheckpointQuery(Struct, frozen=True, kw_only=True):
    """Which checkpoints, the newest first: of a namespace or all, before an id, or with an id."""

    ns: str | None = None
    before: str | None = None
    id: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    limit: int = 50
