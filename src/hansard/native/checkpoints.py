"""Checkpoints of frameworks: put, write, list newest first, prune, delete by run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import MIB, ONCE, Route
from hansard.model.checkpoint import Beside, Blob, Checkpoint, CheckpointQuery, PendingWrite
from hansard.model.session import name_of
from hansard.native.checkpoint_bodies import (
    AcrossParams,
    BesideIn,
    CheckpointIn,
    CheckpointList,
    CheckpointsDeleted,
    PruneIn,
    RunParams,
    Stored,
    WritesIn,
    checkpoint_out,
)
from hansard.native.document_bodies import set_draft
from hansard.native.errors import NO_SESSION
from hansard.native.message_bodies import drafts_of, message_out
from hansard.native.sessions import SESSION_PATH, session_draft

_BODY = 9 * MIB


async def put_checkpoint(call: Call[None, CheckpointIn]) -> Stored:
    """Store a checkpoint, with what comes with it, in one transaction"""
    body, name = call.body, call.path["session_id"]
    beside = await _beside(call, body)
    blobs = [Blob(each.channel, each.version, each.type, each.data) for each in body.blobs]
    versions = {blob.channel: blob.version for blob in blobs}
    checkpoint = Checkpoint(
        session_id="",
        ns=body.ns,
        id=body.id,
        parent_id=body.parent,
        run_id=body.run,
        type=body.type,
        data=body.data,
        meta_type=body.meta_type,
        meta=body.meta,
        facts=body.facts,
        versions=versions if body.versions is None else body.versions,
        created_at=0,
        blobs=blobs,
    )
    call.forget_body()

    def stored(result: Any) -> Stored:  # noqa: ANN401 - the session before, and its new messages
        return _stored(checkpoint.id, result)

    return stored(
        await call.service.checkpoints.put(
            call.principal, name, checkpoint, beside, once=call.once(stored)
        )
    )


async def put_writes(call: Call[None, WritesIn]) -> Stored:
    """Store what a task wrote since a checkpoint"""
    body, name = call.body, call.path["session_id"]
    beside = await _beside(call, body)
    writes = [
        PendingWrite(body.task, each.idx, body.path, each.channel, each.type, each.data)
        for each in body.writes
    ]
    ns, checkpoint_id = body.ns, body.checkpoint
    call.forget_body()

    def stored(result: Any) -> Stored:  # noqa: ANN401 - the session before, and its new messages
        return _stored(checkpoint_id, result)

    return stored(
        await call.service.checkpoints.write(
            call.principal, name, ns, checkpoint_id, writes, beside, once=call.once(stored)
        )
    )


async def _beside(call: Call[None, Any], body: BesideIn) -> Beside:
    drafts = await call.off_loop(lambda: drafts_of(body.messages))
    start = None if body.session is None else session_draft(body.session)
    documents = [set_draft(each) for each in body.documents]
    return call.service.checkpoints.beside(
        call.principal, call.path["session_id"], start, drafts, documents
    )


def _stored(ident: str, result: Any) -> Stored:  # noqa: ANN401 - the session before, and its new messages
    head, messages = result
    name = name_of(head.id, head.own_id)
    shown = [message_out(name, message) for message in messages]
    return Stored(id=ident, messages=shown or UNSET)


async def list_checkpoints(call: Call[AcrossParams, None]) -> CheckpointList:
    """List the checkpoints of a session, the newest first, each whole"""
    session, checkpoints, cursor = await call.service.checkpoints.list(
        call.principal, call.path["session_id"], _query(call.params), call.params.cursor
    )
    return _listed([(session.name, each) for each in checkpoints], cursor)


async def list_all_checkpoints(call: Call[AcrossParams, None]) -> CheckpointList:
    """List the checkpoints of all sessions, the newest first, each whole"""
    checkpoints, cursor = await call.service.checkpoints.across(
        call.principal, _query(call.params), call.params.cursor
    )
    return _listed(checkpoints, cursor)


async def prune_checkpoints(call: Call[None, PruneIn]) -> CheckpointsDeleted:
    """Permanently delete all but the newest checkpoints of each namespace"""
    keep, ns = call.body.keep, call.body.ns
    return _deleted(
        await call.service.checkpoints.prune(
            call.principal, call.path["session_id"], keep, ns, once=call.once(_deleted)
        )
    )


async def delete_of_run(call: Call[RunParams, None]) -> CheckpointsDeleted:
    """Permanently delete the checkpoints of a run, in whatever sessions"""
    return _deleted(
        await call.service.checkpoints.delete_of_run(
            call.principal, call.params.run, once=call.once(_deleted)
        )
    )


def _deleted(count: int) -> CheckpointsDeleted:
    return CheckpointsDeleted(checkpoints=count)


def _query(params: AcrossParams) -> CheckpointQuery:
    return CheckpointQuery(
        ns=params.ns,
        before=params.before,
        id=params.id,
        facts=tuple(_fact(each) for each in params.fact),
        limit=params.limit,
    )


def _fact(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not name or not colon:
        raise Invalid(f"fact: {text!r} is not a fact: write name:value", param="fact")
    return name, value


def _listed(checkpoints: Sequence[tuple[str, Checkpoint]], cursor: str | None) -> CheckpointList:
    return CheckpointList(
        data=[checkpoint_out(name, each) for name, each in checkpoints],
        has_more=cursor is not None,
        next_cursor=cursor,
    )


_PATH = f"{SESSION_PATH}/checkpoints"
_WRITTEN = NO_SESSION | {
    409: "`session_exists`: the session is of another user than `session` says.",
    412: "`revision_mismatch`: one of the `documents` is at another `revision`.",
    413: "`batch_too_large`, `document_too_large`, `field_too_large`: too many or too large.",
}

routes = (
    Route(
        f"POST {_PATH}",
        put_checkpoint,
        msgpack=True,
        scope="sessions:write",
        body=CheckpointIn,
        body_limit=_BODY,
        returns=Stored,
        status=201,
        request_headers=(ONCE,),
        errors=_WRITTEN,
    ),
    Route(
        f"POST {_PATH}/writes",
        put_writes,
        msgpack=True,
        scope="sessions:write",
        body=WritesIn,
        body_limit=_BODY,
        returns=Stored,
        status=201,
        request_headers=(ONCE,),
        errors=_WRITTEN,
    ),
    Route(
        f"GET {_PATH}",
        list_checkpoints,
        msgpack=True,
        scope="sessions:read",
        params=AcrossParams,
        returns=CheckpointList,
        errors=NO_SESSION,
    ),
    Route(
        f"POST {_PATH}/prune",
        prune_checkpoints,
        msgpack=True,
        scope="sessions:write",
        body=PruneIn,
        returns=CheckpointsDeleted,
        request_headers=(ONCE,),
        errors=NO_SESSION,
    ),
    Route(
        "GET /v1/checkpoints",
        list_all_checkpoints,
        msgpack=True,
        scope="sessions:read",
        params=AcrossParams,
        returns=CheckpointList,
    ),
    Route(
        "DELETE /v1/checkpoints",
        delete_of_run,
        msgpack=True,
        scope="sessions:write",
        params=RunParams,
        returns=CheckpointsDeleted,
        request_headers=(ONCE,),
    ),
)
