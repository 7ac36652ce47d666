"""Checkpoints: store, read newest first with blobs and writes, prune, delete by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.model.checkpoint import Beside, Checkpoint, CheckpointQuery, Fact, PendingWrite
from hansard.model.page import PAGE_BYTES
from hansard.model.session import name_of
from hansard.store import steps
from hansard.store.steps import Row, Steps, many, row, run
from hansard.store.verbs import appends
from hansard.store.verbs.checkpoint_rows import (
    at,
    blob_of,
    checkpoint_of,
    facts_of,
    values_of,
    versions_of,
    write_of,
    write_values,
)
from hansard.store.verbs.session_lookup import SessionRef, existing, locked, peeked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.ids import IdSource
    from hansard.model import Message, Session
    from hansard.store.verbs.session_lookup import AppendHead

_LAST = chr(0x10FFFF) * 2
_SEARCHED, _CHUNK, _AT_ONCE = 2000, 100, 500


class Position(Struct, frozen=True):
    """Where a walk over checkpoints of several namespaces or sessions goes on."""

    id: str
    ns: str = ""
    session_id: str = ""


def put(
    ref: SessionRef, checkpoint: Checkpoint, beside: Beside, ids: IdSource, now: int
) -> Steps[tuple[AppendHead, list[Message]]]:
    """Store a checkpoint, and all that comes with it, in one transaction; NotFound.

    The same id again replaces it. A blob that is there already stays.
    """
    head = yield from _head(ref, beside)
    here = at(ref.workspace_id, head.id, checkpoint.ns)
    yield from run("checkpoint_put", **here, **values_of(checkpoint))
    yield from many(
        "checkpoint_blob_keep", [here | msgspec.structs.asdict(blob) for blob in checkpoint.blobs]
    )
    return (yield from _append(ref, head, beside, ids, now))


def write(  # noqa: PLR0913 - what is written, and what comes with it
    ref: SessionRef,
    ns: str,
    checkpoint_id: str,
    writes: Sequence[PendingWrite],
    beside: Beside,
    ids: IdSource,
    now: int,
) -> Steps[tuple[AppendHead, list[Message]]]:
    """Store what tasks wrote: of a negative index the last counts, of any other the first."""
    head = yield from _head(ref, beside)
    here = at(ref.workspace_id, head.id, ns) | {"checkpoint_id": checkpoint_id}
    last = {(each.task, each.idx): each for each in writes}
    for name, is_replacing in (
        ("checkpoint_write_replace", True),
        ("checkpoint_write_keep", False),
    ):
        yield from many(
            name,
            [here | write_values(each) for each in last.values() if (each.idx < 0) == is_replacing],
        )
    return (yield from _append(ref, head, beside, ids, now))


def listed(
    ref: SessionRef, query: CheckpointQuery, position: Position | None
) -> Steps[tuple[Session, list[Checkpoint], Position | None]]:
    """The session, a page of its checkpoints, newest first, and where the next one goes on.

    A page has at most the bytes of one, and one checkpoint in any case. It may have fewer than
    asked for where many were gone through whose facts are others.
    """
    session = yield from existing(ref)
    here = (ref.workspace_id, session.id)
    heads, position = yield from _heads(*here, query, position)
    checkpoints: list[Checkpoint] = []
    size = 0
    for ns, ident in heads:
        whole = yield from _whole(*here, ns, ident)
        if whole is None:  # deleted meanwhile
            continue
        size += _size(whole)
        if checkpoints and size > PAGE_BYTES:
            before = checkpoints[-1]
            return session, checkpoints, Position(before.id, before.ns)
        checkpoints.append(whole)
    return session, checkpoints, position


def sizes(ref: SessionRef, limit: int) -> Steps[list[tuple[str, str, int]]]:
    """The namespace, the id and the bytes of the newest checkpoints, without their channels."""
    session = yield from existing(ref)
    heads = yield from steps.rows(
        "checkpoint_heads_of_session",
        workspace_id=ref.workspace_id,
        session_id=session.id,
        before=_LAST,
        before_ns="",
        limit=limit,
    )
    return [(ns, ident, size) for ns, ident, _, size in heads]


def across(
    ref: SessionRef, query: CheckpointQuery, position: Position | None
) -> Steps[tuple[list[tuple[str, Checkpoint]], Position | None]]:
    """As ``listed`` of all sessions that the caller sees; each with the name of its session."""
    page: list[tuple[str, Checkpoint]] = []
    size, searched = 0, 0
    at = position or Position(query.before or _LAST)
    while searched < _SEARCHED:
        heads = yield from steps.rows(
            "checkpoint_heads_of_workspace",
            workspace_id=ref.workspace_id,
            before=at.id,
            before_ns=at.ns,
            before_session=at.session_id,
            limit=_CHUNK,
        )
        searched += len(heads)
        for session_id, ns, ident, facts, own_id, user_id, app in heads:
            here = Position(ident, ns, session_id)
            if ref.sees(user_id, app) and matches(query, ns, ident, facts_of(facts)):
                if len(page) == query.limit:
                    return page, at
                whole = yield from _whole(ref.workspace_id, session_id, ns, ident)
                size += _size(whole) if whole else 0
                if page and size > PAGE_BYTES:
                    return page, at
                page += [(name_of(session_id, own_id), whole)] if whole else []
            at = here
        if len(heads) < _CHUNK:
            return page, None
    return page, at


def prune(ref: SessionRef, keep: int, ns: str | None) -> Steps[int]:
    """Delete all but the newest ``keep`` of each namespace; how many went. NotFound."""
    session = yield from locked(ref)
    here = {"workspace_id": ref.workspace_id, "session_id": session.id}
    names = (
        [ns]
        if ns is not None
        else [each[0] for each in (yield from steps.rows("checkpoint_namespaces", **here))]
    )
    count = 0
    for name in names:
        while old := (
            yield from steps.rows(
                "checkpoint_ids_beyond", **here, ns=name, keep=keep, limit=_AT_ONCE
            )
        ):
            yield from _delete(ref.workspace_id, session.id, name, [each[0] for each in old])
            count += len(old)
    return count


def delete_of_run(ref: SessionRef, run_id: str) -> Steps[int]:
    """Delete the checkpoints of a run, in whatever sessions the caller sees; how many went."""
    stored = yield from steps.rows(
        "checkpoint_of_run", workspace_id=ref.workspace_id, run_id=run_id, limit=1 << 31
    )
    groups: dict[tuple[str, str], list[str]] = {}
    for session_id, ns, ident, user_id, app in stored:
        if ref.sees(user_id, app):
            groups.setdefault((session_id, ns), []).append(ident)
    for (session_id, ns), idents in groups.items():
        yield from _delete(ref.workspace_id, session_id, ns, idents)
    return sum(map(len, groups.values()))


def matches(query: CheckpointQuery, ns: str, ident: str, facts: dict[str, Fact]) -> bool:
    """Whether a checkpoint has the namespace, the id and the facts that are looked for."""
    return (
        query.ns in (None, ns)
        and query.id in (None, ident)
        and all(name in facts and spelled(facts[name]) == value for name, value in query.facts)
    )


def spelled(fact: Fact) -> str:
    """A fact as a query string has it: a text as it is, all else as JSON."""
    return fact if isinstance(fact, str) else msgspec.json.encode(fact).decode()


def _head(ref: SessionRef, beside: Beside) -> Steps[AppendHead]:
    if beside.start is None:
        return (yield from peeked(ref))
    return (yield from appends.started(ref, beside.start))


def _append(
    ref: SessionRef, head: AppendHead, beside: Beside, ids: IdSource, now: int
) -> Steps[tuple[AppendHead, list[Message]]]:
    if not beside.messages and not beside.documents:
        return head, []
    within = msgspec.structs.replace(ref, name=head.id)
    return (
        yield from appends.append(
            within, beside.messages, ids, now, drafted_documents=beside.documents
        )
    )


def _heads(
    workspace_id: str, session_id: str, query: CheckpointQuery, position: Position | None
) -> Steps[tuple[list[tuple[str, str]], Position | None]]:
    """The namespace and the id of each checkpoint of a page, and where the next one goes on."""
    here = {"workspace_id": workspace_id, "session_id": session_id}
    if query.id is not None:
        since, until = ("", _LAST) if query.ns is None else (query.ns, query.ns)
        named = yield from steps.rows(
            "checkpoint_heads_with_id",
            **here,
            id=query.id,
            since=since,
            until=until,
            limit=query.limit,
        )
        return [(each[0], each[1]) for each in named if _has_facts(query, each)], None
    page: list[tuple[str, str]] = []
    at, searched = position or Position(query.before or _LAST), 0
    chunk = query.limit + 1 if not query.facts else _CHUNK
    while searched < _SEARCHED:
        heads = yield from _next(here, query, at, chunk)
        searched += len(heads)
        for head in heads:
            if _has_facts(query, head):
                if len(page) == query.limit:
                    return page, at
                page.append((head[0], head[1]))
            at = Position(head[1], head[0])
        if len(heads) < chunk:
            return page, None
    return page, at


def _next(
    here: dict[str, str], query: CheckpointQuery, at: Position, limit: int
) -> Steps[list[Row]]:
    if query.ns is not None:
        return (
            yield from steps.rows(
                "checkpoint_heads", **here, ns=query.ns, before=at.id, limit=limit
            )
        )
    return (
        yield from steps.rows(
            "checkpoint_heads_of_session", **here, before=at.id, before_ns=at.ns, limit=limit
        )
    )


def _has_facts(query: CheckpointQuery, head: Row) -> bool:
    return not query.facts or matches(query, head[0], head[1], facts_of(head[2]))


def _whole(workspace_id: str, session_id: str, ns: str, ident: str) -> Steps[Checkpoint | None]:
    """A checkpoint with the blobs that it refers to and the writes that wait for it."""
    here = at(workspace_id, session_id, ns)
    stored = yield from row("checkpoint_get", **here, id=ident)
    if stored is None:
        return None
    bare = checkpoint_of(session_id, stored)
    blobs = (
        (
            yield from steps.rows(
                "checkpoint_blob_list",
                **here,
                pairs=msgspec.json.encode([*bare.versions.items()]).decode(),
            )
        )
        if bare.versions
        else []
    )
    writes = yield from steps.rows("checkpoint_write_list", **here, checkpoint_id=ident)
    return msgspec.structs.replace(
        bare,
        blobs=[blob_of(each) for each in blobs],
        writes=[write_of(each) for each in writes],
    )


def _delete(workspace_id: str, session_id: str, ns: str, idents: Sequence[str]) -> Steps[None]:
    """Delete checkpoints with their writes, and the blobs to which no other one refers."""
    here = at(workspace_id, session_id, ns)
    gone = [here | {"id": ident} for ident in idents]
    yield from many("checkpoint_delete", gone)
    yield from many("checkpoint_write_delete", gone)
    blobs = yield from steps.rows("checkpoint_blob_names", **here)
    if not blobs:
        return
    kept = yield from steps.rows("checkpoint_versions", **here)
    used = {pair for each in kept for pair in versions_of(each[0]).items()}
    yield from many(
        "checkpoint_blob_delete",
        [
            here | {"channel": channel, "version": version}
            for channel, version in blobs
            if (channel, version) not in used
        ],
    )


def _size(checkpoint: Checkpoint) -> int:
    return (
        len(checkpoint.data)
        + len(checkpoint.meta)
        + sum(len(blob.data or b"") for blob in checkpoint.blobs)
        + sum(len(each.data) for each in checkpoint.writes)
    )
