"""Checkpoints as rows, and all of a session's: what copies, exports and imports take and bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hansard.model.checkpoint import Blob, Checkpoint, Fact, PendingWrite
from hansard.store import steps
from hansard.store.steps import Row, Steps, many, row, run

if TYPE_CHECKING:
    from collections.abc import Sequence

facts_of = msgspec.json.Decoder(dict[str, Fact]).decode
versions_of = msgspec.json.Decoder(dict[str, str]).decode


def copy(workspace_id: str, session_id: str, copy_id: str) -> Steps[None]:
    """Give a session that is copied the checkpoints of the original."""
    for name in ("checkpoint_copy", "checkpoint_blob_copy", "checkpoint_write_copy"):
        yield from run(name, workspace_id=workspace_id, session_id=session_id, copy_id=copy_id)


def walk(workspace_id: str, session_id: str) -> Steps[list[Checkpoint]]:
    """All checkpoints of a session, whole, each blob with the first that refers to it.

    What is not a checkpoint's comes with the first one of its namespace.
    """
    here = {"workspace_id": workspace_id, "session_id": session_id}
    blobs: dict[str, dict[tuple[str, str], Blob]] = {}
    for ns, *stored in (yield from steps.rows("checkpoint_blob_walk", **here)):
        blobs.setdefault(ns, {})[stored[0], stored[1]] = blob_of(stored)
    writes: dict[tuple[str, str], list[PendingWrite]] = {}
    for ns, ident, *stored in (yield from steps.rows("checkpoint_write_walk", **here)):
        writes.setdefault((ns, ident), []).append(write_of(stored))
    walked: list[Checkpoint] = []
    for whole in (yield from steps.rows("checkpoint_walk", **here)):
        bare = checkpoint_of(session_id, whole)
        left = blobs.get(bare.ns, {})
        mine = [blob for pair in bare.versions.items() if (blob := left.pop(pair, None))]
        theirs = writes.get((bare.ns, bare.id), [])
        walked.append(msgspec.structs.replace(bare, blobs=mine, writes=theirs))
    return walked


def restore(workspace_id: str, session_id: str, checkpoints: Sequence[Checkpoint]) -> Steps[int]:
    """Store checkpoints as they were, where they are not there; how many that was."""
    count = 0
    for each in checkpoints:
        here = at(workspace_id, session_id, each.ns)
        kept = yield from row("checkpoint_keep", **here, **values_of(each))
        yield from many(
            "checkpoint_blob_keep", [here | msgspec.structs.asdict(blob) for blob in each.blobs]
        )
        yield from many(
            "checkpoint_write_keep",
            [here | {"checkpoint_id": each.id} | write_values(write) for write in each.writes],
        )
        count += kept is not None
    return count


def checkpoint_of(session_id: str, stored: Row) -> Checkpoint:
    ns, ident, parent_id, run_id, type_, data, meta_type, meta, facts, versions, created_at = stored
    return Checkpoint(
        session_id=session_id,
        ns=ns,
        id=ident,
        parent_id=parent_id,
        run_id=run_id,
        type=type_,
        data=bytes(data),
        meta_type=meta_type,
        meta=bytes(meta),
        facts=facts_of(facts),
        versions=versions_of(versions),
        created_at=created_at,
    )


def blob_of(stored: Row) -> Blob:
    channel, version, type_, data = stored
    return Blob(channel, version, type_, None if data is None else bytes(data))


def write_of(stored: Row) -> PendingWrite:
    *names, data = stored
    task, idx, path, channel, type_ = names
    return PendingWrite(task, idx, path, channel, type_, bytes(data))


def values_of(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "id": checkpoint.id,
        "parent_id": checkpoint.parent_id,
        "run_id": checkpoint.run_id,
        "type": checkpoint.type,
        "data": checkpoint.data,
        "meta_type": checkpoint.meta_type,
        "meta": checkpoint.meta,
        "facts": msgspec.json.encode(checkpoint.facts).decode(),
        "versions": msgspec.json.encode(checkpoint.versions).decode(),
        "created_at": checkpoint.created_at,
    }


def write_values(write: PendingWrite) -> dict[str, Any]:
    return {
        "task_id": write.task,
        "idx": write.idx,
        "task_path": write.path,
        "channel": write.channel,
        "type": write.type,
        "data": write.data,
    }


def at(workspace_id: str, session_id: str, ns: str) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "session_id": session_id, "ns": ns}
