"""Restore exported sessions.

New ones are stored, known ones are continued.

What is here is never written over: a known session is continued only if its messages are the
beginning of the exported ones, which the hash chain shows, and its runs are among theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hansard.model import tool_calls
from hansard.model.transfer import NEW, SAME, Kept, Snapshot, Verdict
from hansard.store import chain, rows, steps
from hansard.store.steps import Steps, many, row, run, value
from hansard.store.verbs import (
    checkpoint_rows,
    documents,
    edits,
    indexing,
    items,
    notes,
    recounts,
    removals,
    session_labels,
    sessions,
)
from hansard.store.verbs.events import title_left
from hansard.store.verbs.import_buffer import ImportBuffer, spoken
from hansard.store.verbs.messages import wiped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Message, Run, Session

_IDENTITY = ("user_id", "app", "parent_id", "created_by", "created_at", "forked_seq")
"""What a known session keeps, whatever the file says: whose it is, and where it came from."""
_NAMED = (
    "title", "kind", "channel", "agent", "model", "workflow_id", "workflow_name", "trigger",
    "state", "resolution", "intent", "sub_intent", "assignee", "ended_at", "archived_at", "read_at",
        "tags",
    "trail", "external_ids", "metadata",
)  # fmt: skip
"""The fields whose change the audit log names."""


class ChainedSnapshot(Struct, frozen=True):
    """A session as it was exported, with the hash of each of its messages."""

    snapshot: Snapshot
    hashes: list[bytes]


class KnownSession(Struct, frozen=True):
    """The stored session's version and the number of its last message."""

    version: int
    last_seq: int


class _Diverged(Exception):
    """The session that is here is no earlier state of the exported one; the text says why."""


def hashed(snapshot: Snapshot) -> ChainedSnapshot:
    """The snapshot with its chain.

    A deleted message, or an edited one, brings the hash that its first content had.
    """
    hashes: list[bytes] = []
    messages: list[Kept] = []
    before = chain.ROOT
    for kept in snapshot.messages:
        is_edited = kept.message.edited_at is not None
        is_other = is_edited or kept.deleted_at is not None
        before = (kept.hash or before) if is_other else chain.link(before, kept.message)
        hashes.append(before)
        messages.append(_edited(kept, before) if is_edited else kept)
    return ChainedSnapshot(msgspec.structs.replace(snapshot, messages=messages), hashes)


def _edited(kept: Kept, first: bytes) -> Kept:
    """An edited message with the hash of what it says, after that of what it said first."""
    digest = chain.link(first, kept.message)
    message = msgspec.structs.replace(kept.message, edit_hash=digest)
    return msgspec.structs.replace(kept, message=message)


def known(workspace_id: str, session_id: str) -> Steps[KnownSession | None]:
    got = yield from row("session_get", workspace_id=workspace_id, id=session_id)
    if got is None:
        return None
    here = rows.session(got)
    return KnownSession(here.version, here.last_seq)


def restore(
    workspace_id: str, snapshots: Sequence[ChainedSnapshot], now: int, *, may_delete: bool
) -> Steps[list[Verdict]]:
    """Store sessions exactly as they were, and go on with those that are an earlier state of them.

    Only a caller who ``may_delete`` takes away messages that are here.
    """
    changes = ImportBuffer(workspace_id, now)
    verdicts = []
    for snapshot in snapshots:
        verdict = yield from _restore(snapshot, changes, may_delete=may_delete)
        if verdict.outcome != "bad":
            verdict = yield from _with_the_rest(snapshot, workspace_id, verdict)
        verdicts.append(verdict)
    yield from changes.tell()
    return verdicts


def _summed(chained: ChainedSnapshot) -> ChainedSnapshot:
    """The snapshot with the sums and times that its messages and runs have."""
    snapshot = chained.snapshot
    alive = [
        recounts.figures_of(kept.message) for kept in snapshot.messages if kept.deleted_at is None
    ]
    session = recounts.summed(snapshot.session, alive, snapshot.runs)
    return msgspec.structs.replace(
        chained, snapshot=msgspec.structs.replace(snapshot, session=session)
    )


def _with_the_rest(chained: ChainedSnapshot, workspace_id: str, verdict: Verdict) -> Steps[Verdict]:
    """Store the documents and checkpoints, which move without the session's version."""
    snapshot = chained.snapshot
    here = (workspace_id, snapshot.session.id)
    counted = {
        "documents": (yield from documents.restore(*here, snapshot.documents)),
        "checkpoints": (yield from checkpoint_rows.restore(*here, snapshot.checkpoints)),
    }
    changed = {name: count for name, count in counted.items() if count}
    if not changed or verdict.outcome == "new":
        return verdict
    return Verdict("updated", session_id=here[1], changes=verdict.changes | changed)


def _restore(
    chained: ChainedSnapshot, changes: ImportBuffer, *, may_delete: bool
) -> Steps[Verdict]:
    chained = _summed(chained)
    session = chained.snapshot.session
    got = yield from row("session_lock", workspace_id=session.workspace_id, id=session.id)
    if got is None:
        return (yield from _begin(chained, changes))
    yield from changes.flush()
    here = rows.session(got)
    if here.version >= session.version:
        return SAME
    try:
        gone = yield from _gone(here, chained)
        edited = yield from _edited_since(here, chained)
        runs = yield from _runs_that_changed(here, chained.snapshot.runs)
    except _Diverged as why:
        return Verdict("bad", f"the session {session.name!r} has gone another way here: {why}")
    if (gone or edited) and not may_delete:
        return Verdict(
            "bad",
            f"the file deletes or edits messages of the session {session.name!r} that are here "
            f"({_listed([*gone, *edited])}): import it with a key that has the scope"
            " sessions:delete",
        )
    for kept in edited:
        yield from edits.follow(here, kept.message, kept.item)
    return (yield from _go_on(here, chained, gone, runs, changes))


def _begin(chained: ChainedSnapshot, changes: ImportBuffer) -> Steps[Verdict]:
    session = chained.snapshot.session
    if (yield from value("session_put", **sessions.row_of(session))) is None:
        return Verdict("bad", f"another session is named {session.name!r} here")
    yield from removals.make_way(session.workspace_id, session.id)
    yield from session_labels.put(session)
    yield from notes.restored(session, chained.snapshot.notes, chained.snapshot.scores)
    yield from _put_runs(session, chained.snapshot.runs)
    _put_messages(chained, 0, changes)
    changes.note("session.created", None, session, session.last_seq or None)
    return NEW


def _go_on(
    here: Session,
    chained: ChainedSnapshot,
    gone: Sequence[Kept],
    runs: tuple[Sequence[Run], Sequence[Run]],
    changes: ImportBuffer,
) -> Steps[Verdict]:
    """Bring a known session to the state that was exported; it stays whose it is."""
    own = {field: getattr(here, field) for field in _IDENTITY}
    after = msgspec.structs.replace(chained.snapshot.session, **own)
    for kept in gone:
        yield from _delete(here, kept, changes)
    begun, changed = runs
    yield from _put_runs(here, begun)
    yield from many("run_update", [rows.run_values(here.workspace_id, run) for run in changed])
    _put_messages(chained, here.last_seq, changes)
    yield from run("session_update", **rows.session_values(after))
    yield from notes.restored(here, chained.snapshot.notes, chained.snapshot.scores)
    yield from session_labels.change(here, after)
    if title_left(here, after) is not None:
        yield from indexing.retitle(here, after)
    changes.note("session.updated", here, after, after.last_seq or None)
    counted = {
        "messages_added": after.last_seq - here.last_seq,
        "messages_deleted": len(gone),
        "runs_added": len(begun),
        "runs_changed": len(changed),
    }
    changed_fields: dict[str, Any] = {name: number for name, number in counted.items() if number}
    if fields := [name for name in _NAMED if getattr(here, name) != getattr(after, name)]:
        changed_fields["changed"] = fields
    return Verdict("updated", session_id=here.id, changes=changed_fields)


def _gone(here: Session, chained: ChainedSnapshot) -> Steps[list[Kept]]:
    """The messages that are here and were deleted where the snapshot was taken.

    Raises _Diverged unless what is here is the beginning of the snapshot.
    """
    theirs = chained.snapshot.messages[: here.last_seq]
    if here.own_id != chained.snapshot.session.own_id:
        raise _Diverged("it has another id")
    if len(theirs) < here.last_seq:
        raise _Diverged(f"it has {here.last_seq} messages")
    if not theirs:
        return []
    last = yield from steps.rows("message_chain", **_at(here), after=here.last_seq - 1, limit=1)
    if not last or bytes(last[0][2]) != chained.hashes[here.last_seq - 1]:
        raise _Diverged("its messages are others")
    deleted = [kept for kept in theirs if kept.deleted_at is not None]
    if not deleted and here.message_count == here.last_seq:
        return []
    got = yield from steps.rows("message_deleted", **_at(here))
    empty = {row[0] for row in got}
    if revived := empty - {kept.message.seq for kept in deleted}:
        raise _Diverged(f"message {min(revived)} was deleted")
    return [kept for kept in deleted if kept.message.seq not in empty]


def _edited_since(here: Session, each: ChainedSnapshot) -> Steps[list[Kept]]:
    """The messages that are here, and were edited where the snapshot was taken."""
    theirs = each.snapshot.messages[: here.last_seq]
    edited: list[Kept] = []
    for kept in (each for each in theirs if each.message.edited_at is not None):
        got = yield from row("message_get", **_at(here), seq=kept.message.seq)
        mine = rows.message(got).edited_at if got is not None else None
        if got is not None and mine != kept.message.edited_at:
            if mine is not None and mine > (kept.message.edited_at or 0):
                raise _Diverged(f"message {kept.message.seq} was edited")
            edited.append(kept)
    return edited


def _runs_that_changed(
    here: Session, runs: Sequence[Run]
) -> Steps[tuple[Sequence[Run], Sequence[Run]]]:
    """The runs that are not here, and those that have gone on.

    _Diverged when one did otherwise here.
    """
    got = yield from steps.rows("run_all", **_at(here))
    mine = {run.id: run for run in map(rows.run, got)}
    if lost := mine.keys() - {run.id for run in runs}:
        raise _Diverged(f"it has a run {min(lost)!r}")
    changed = [run for run in runs if run.id in mine and run != mine[run.id]]
    for theirs in changed:
        before = mine[theirs.id]
        if before.finished_at is not None and not before.is_lapsed:
            raise _Diverged(f"its run {theirs.id!r} is {before.state}")
    return [run for run in runs if run.id not in mine], changed


def _delete(here: Session, kept: Kept, changes: ImportBuffer) -> Steps[None]:
    got = yield from row("message_get", **_at(here), seq=kept.message.seq)
    if got is None:
        return
    assert kept.deleted_at is not None, "it is among those that were deleted"  # noqa: S101 - an invariant of _gone
    yield from wiped(here.workspace_id, rows.message(got), kept.deleted_at)
    changes.happened("message.deleted", here.id, kept.message.seq, {})


def _put_runs(session: Session, runs: Sequence[Run]) -> Steps[None]:
    yield from many("run_put", [rows.run_values(session.workspace_id, run) for run in runs])
    leases = [run.lease_expires_at for run in runs if run.lease_expires_at is not None]
    if leases:
        yield from run("lapse_earlier", workspace_id=session.workspace_id, at=min(leases))


def _put_messages(chained: ChainedSnapshot, after: int, changes: ImportBuffer) -> None:
    """Keep the rows of the messages behind ``after``, those that are empty included."""
    workspace_id, session = changes.workspace_id, chained.snapshot.session
    alive: list[Message] = []
    for kept, digest in zip(chained.snapshot.messages[after:], chained.hashes[after:], strict=True):
        changes.keep([rows.message_values(workspace_id, kept.message, digest)])
        if kept.item is not None:
            changes.keep_item(items.values_of(workspace_id, kept.message, kept.item))
        if kept.deleted_at is None:
            alive.append(kept.message)
        else:
            key = {"workspace_id": workspace_id, "session_id": session.id}
            changes.mark(key | {"seq": kept.message.seq, "at": kept.deleted_at})
    words = spoken(alive, [None] * len(alive), tool_calls.read_all(alive))
    changes.add_words(session.id, words, after)


def _at(session: Session) -> dict[str, str]:
    return {"workspace_id": session.workspace_id, "session_id": session.id}


def _listed(gone: Sequence[Kept]) -> str:
    """The numbers of a few messages, and how many more there are."""
    few, more = gone[:5], len(gone) - 5
    named = ", ".join(str(kept.message.seq) for kept in few)
    return f"{named} and {more} more" if more > 0 else named
