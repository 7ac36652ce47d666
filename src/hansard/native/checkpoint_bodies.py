"""What the native API takes and shows of a checkpoint."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from hansard.http.fields import Time
from hansard.model.checkpoint import Checkpoint, Fact
from hansard.model.times import rfc3339
from hansard.native.document_bodies import DocumentSet
from hansard.native.message_bodies import MessageIn, MessageOut
from hansard.native.schemas import Cursor, HasMore, Json, Limit, NextCursor, SessionId, StructType
from hansard.native.session_bodies import SessionStart


class BlobIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The value of a channel in one of its versions; it is stored once, whoever refers to it."""

    example: ClassVar[Json] = {
        "channel": "messages",
        "version": "3",
        "type": "msgpack",
        "data": "kw==",
    }

    channel: str
    """The channel, 1–256 characters."""
    version: str
    """The version of the channel, 1–256 characters."""
    type: str
    """How `data` is encoded, by the framework's name."""
    data: bytes | None = None
    """The value, in base64; null where the channel has none."""


class BlobOut(Struct, frozen=True, kw_only=True):
    """The value of a channel in one of its versions."""

    described_by: ClassVar[StructType] = BlobIn
    example: ClassVar[Json] = BlobIn.example

    channel: str
    version: str
    type: str
    data: bytes | None


class WriteIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a task wrote into a channel."""

    example: ClassVar[Json] = {"idx": 0, "channel": "messages", "type": "msgpack", "data": "kw=="}

    idx: Annotated[int, Meta(ge=-(2**31), le=2**31)]
    """Its number in the task. Of a negative one the last write counts, of any other the first."""
    channel: str
    """The channel, 1–256 characters."""
    type: str
    """How `data` is encoded, by the framework's name."""
    data: bytes
    """What was written, in base64."""


class WriteOut(Struct, frozen=True, kw_only=True):
    """What a task wrote into a channel since the checkpoint."""

    described_by: ClassVar[StructType] = WriteIn
    example: ClassVar[Json] = WriteIn.example | {"task": "t1", "path": "~__pregel_pull, agent"}

    task: str
    """The task that wrote it, by the framework's id."""
    path: str
    """Where the task stands among the others, by which writes are ordered."""
    idx: int
    channel: str
    type: str
    data: bytes


class BesideIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done in the same transaction."""

    example: ClassVar[Json] = {"session": {}, "messages": [MessageIn.example]}

    session: SessionStart | None = None
    """Creates the session of the path where it is not there. One that is there is not changed."""
    messages: list[MessageIn] = []
    """Messages to append, at most 100: the transcript that people read and search."""
    documents: list[DocumentSet] = []
    """Documents to set, at most 100. With the scope `session`, and without a `session`, they are
    those of the path's."""


class CheckpointIn(BesideIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A checkpoint to store; one of the same `ns` and `id` is replaced."""

    described_by: ClassVar[StructType] = Checkpoint
    example: ClassVar[Json] = {
        "ns": "",
        "id": "1f0b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d",
        "parent": "1f0b2c3d-4e5f-6a7a-8c9d-0e1f2a3b4c5d",
        "run": "run-7",
        "type": "msgpack",
        "data": "kw==",
        "meta_type": "json",
        "meta": "e30=",
        "facts": {"step": 3, "source": "loop"},
        "versions": {"messages": "3"},
        "blobs": [BlobIn.example],
    }

    ns: str = ""
    id: str
    parent: str | None = None
    """The checkpoint before this one, by its id."""
    run: str | None = None
    """The run that wrote it, by the framework's id, at most 256 characters."""
    type: str
    data: bytes
    meta_type: str = "json"
    meta: bytes = b"{}"
    facts: dict[str, Fact] = {}
    versions: dict[str, str] | None = None
    blobs: list[BlobIn] = []
    """The values of channels that are new since its parent, at most 1,000."""


class WritesIn(BesideIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a task wrote, before the checkpoint behind it."""

    example: ClassVar[Json] = {
        "checkpoint": "1f0b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d",
        "task": "t1",
        "path": "~__pregel_pull, agent",
        "writes": [WriteIn.example],
    }

    ns: str = ""
    """The namespace of the checkpoint."""
    checkpoint: str
    """The checkpoint, by its id; it need not be there yet."""
    task: str
    """The task, by the framework's id."""
    path: str = ""
    """Where the task stands among the others; at most 256 characters."""
    writes: list[WriteIn]
    """1–1,000 writes. Of several with one `idx` the last counts."""


class CheckpointOut(Struct, frozen=True, kw_only=True):
    """A checkpoint with the values that it refers to, and the writes that wait for the next one."""

    described_by: ClassVar[StructType] = Checkpoint
    example: ClassVar[Json] = {
        key: value
        for key, value in CheckpointIn.example.items()
        if key not in {"session", "messages", "documents"}
    } | {
        "session_id": "order-17",
        "created_at": "2026-01-31T09:30:00Z",
        "writes": [WriteOut.example],
    }

    session_id: SessionId
    ns: str
    id: str
    parent: str | None
    """The checkpoint before this one, by its id."""
    run: str | None
    """The run that wrote it, by the framework's id."""
    type: str
    data: bytes
    meta_type: str
    meta: bytes
    facts: dict[str, Fact]
    versions: dict[str, str]
    created_at: Time
    blobs: list[BlobOut]
    writes: list[WriteOut]


class CheckpointList(Struct, frozen=True, kw_only=True):
    """A page of checkpoints."""

    data: list[CheckpointOut]
    """The checkpoints of the page, the newest first. It may have fewer than `limit`, or none, and
    still not be the last one."""
    has_more: HasMore
    next_cursor: NextCursor


class Stored(Struct, frozen=True, kw_only=True):
    """What was stored."""

    example: ClassVar[Json] = {"id": "1f0b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d"}

    id: str
    """The checkpoint."""
    messages: list[MessageOut] | UnsetType = UNSET
    """The messages that were appended, in the order of the request."""


class CheckpointsDeleted(Struct, frozen=True, kw_only=True):
    """What was deleted, for ever."""

    example: ClassVar[Json] = {"checkpoints": 12}

    checkpoints: int
    """How many checkpoints are gone, with their writes and values."""


class PruneIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to keep."""

    example: ClassVar[Json] = {"keep": 1}

    keep: Annotated[int, Meta(ge=0, le=1_000_000)]
    """How many of the newest checkpoints of each namespace stay; 0 for none."""
    ns: str | None = None
    """Only this namespace; all by default."""


class AcrossParams(Struct, frozen=True, kw_only=True):
    """Which checkpoints."""

    described_by: ClassVar[StructType] = Checkpoint
    example: ClassVar[Json] = {"ns": "", "fact": ["step:3"]}

    ns: str | None = None
    """Only this namespace; all by default."""
    before: str | None = None
    """Only checkpoints whose id is less, by its bytes."""
    id: str | None = None
    """Only checkpoints of this id."""
    fact: tuple[str, ...] = ()
    """Only those with all of these facts, each as `name:value`."""
    limit: Limit = 50
    """The most checkpoints that a page may have."""
    cursor: Cursor = None


class RunParams(Struct, frozen=True, kw_only=True):
    """Which run."""

    example: ClassVar[Json] = {"run": "run-7"}

    run: Annotated[str, Meta(min_length=1, max_length=256)]
    """The run, by the framework's id."""


def checkpoint_out(session_name: str, checkpoint: Checkpoint) -> CheckpointOut:
    return CheckpointOut(
        session_id=session_name,
        ns=checkpoint.ns,
        id=checkpoint.id,
        parent=checkpoint.parent_id,
        run=checkpoint.run_id,
        type=checkpoint.type,
        data=checkpoint.data,
        meta_type=checkpoint.meta_type,
        meta=checkpoint.meta,
        facts=checkpoint.facts,
        versions=checkpoint.versions,
        created_at=rfc3339(checkpoint.created_at),
        blobs=[
            BlobOut(channel=each.channel, version=each.version, type=each.type, data=each.data)
            for each in checkpoint.blobs
        ],
        writes=[
            WriteOut(
                task=each.task,
                path=each.path,
                idx=each.idx,
                channel=each.channel,
                type=each.type,
                data=each.data,
            )
            for each in checkpoint.writes
        ],
    )
