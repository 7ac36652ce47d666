"""Whole sessions as they are kept: stored exactly as they were elsewhere, and taken out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.model.transfer import NEW, SAME, UPDATED, Kept, Snapshot, Verdict
from hansard.store import chain, rows, steps
from hansard.store.steps import Steps, many, run, value
from hansard.store.verbs import indexing, sessions
from hansard.store.verbs.import_buffer import ImportBuffer, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Session

_PAGE = 1000


def restore(workspace_id: str, snapshots: Sequence[Snapshot], now: int) -> Steps[list[Verdict]]:
    """Store sessions exactly as they were elsewhere; one that is here already is replaced when it is an earlier state of the same."""
    changes = ImportBuffer(workspace_id, now)
    verdicts = []
    for snapshot in snapshots:
        verdict = yield from _restore(snapshot, changes)
        verdicts.append(verdict)
    yield from changes.tell()
    return verdicts


def _restore(snapshot: Snapshot, changes: ImportBuffer) -> Steps[Verdict]:
    session = snapshot.session
    got = yield from steps.row("session_lock", workspace_id=session.workspace_id, id=session.id)
    here = rows.session(got) if got else None
    if here is not None:
        yield from changes.flush()
        if here.version >= session.version:
            return SAME
        if not (yield from _is_continued(here, snapshot)):
            return Verdict("bad", f"the session {session.name!r} has gone another way here")
        yield from _clear(here)
    if (yield from value("session_put", **sessions.row_of(session))) is None:
        return Verdict("bad", f"another session is named {session.name!r} here")
    yield from sessions.tag(session)
    yield from _put_kept(snapshot, changes)
    alive = [kept.message for kept in snapshot.messages if kept.deleted_at is None]
    changes.said(session.id, spoken(alive, [None] * len(alive)), 0)
    changes.note(
        "session.updated" if here else "session.created", here, session, session.last_seq or None
    )
    return UPDATED if here else NEW


def _is_continued(here: Session, snapshot: Snapshot) -> Steps[bool]:
    """Whether the snapshot has the name and the last message that are here, so that it is a later state of the same session."""
    if here.own_id != snapshot.session.own_id or not here.last_seq:
        return here.own_id == snapshot.session.own_id
    got = yield from steps.rows(
        "message_chain",
        workspace_id=here.workspace_id,
        session_id=here.id,
        after=here.last_seq - 1,
        limit=1,
    )
    last = rows.message(got[0][3:])
    return any(
        kept.message.seq == last.seq and kept.message.id == last.id for kept in snapshot.messages
    )


def _clear(session: Session) -> Steps[None]:
    yield from indexing.forget(session)
    for name in (
        "message_delete_of_session",
        "run_delete_of_session",
        "tag_delete_of_session",
        "session_delete",
    ):
        yield from run(name, workspace_id=session.workspace_id, id=session.id)


def _put_kept(snapshot: Snapshot, changes: ImportBuffer) -> Steps[None]:
    session = snapshot.session
    yield from many(
        "run_put", [rows.run_values(session.workspace_id, one) for one in snapshot.runs]
    )
    leases = [one.lease_expires_at for one in snapshot.runs if one.lease_expires_at is not None]
    if leases:
        yield from run("lapse_earlier", workspace_id=session.workspace_id, at=min(leases))
    before = chain.ROOT
    for kept in snapshot.messages:
        if kept.deleted_at is None:
            values, before = chain.linked_rows(changes.workspace_id, [kept.message], before)
            changes.keep(values)
        else:
            before = kept.hash or before
            changes.keep([rows.message_values(changes.workspace_id, kept.message, before)])
            changes.mark(
                {
                    "workspace_id": changes.workspace_id,
                    "session_id": session.id,
                    "seq": kept.message.seq,
                    "at": kept.deleted_at,
                }
            )


def take(workspace_id: str, session_ids: Sequence[str]) -> Steps[list[Snapshot]]:
    """All that is held of these sessions, in this order, in one consistent state; those that are gone are left out."""
    found = yield from sessions.by_ids(workspace_id, session_ids)
    taken = []
    for session in (found[one] for one in session_ids if one in found):
        here = {"workspace_id": workspace_id, "session_id": session.id}
        runs = yield from steps.rows("run_all", **here)
        messages: list[Kept] = []
        while len(messages) == 0 or messages[-1].message.seq < session.last_seq:
            got = yield from steps.rows(
                "message_chain",
                **here,
                after=messages[-1].message.seq if messages else 0,
                limit=_PAGE,
            )
            messages += [
                Kept(rows.message(one[3:]), one[1], bytes(one[2]) if one[1] is not None else None)
                for one in got
            ]
            if len(got) < _PAGE:
                break
        taken.append(Snapshot(session, [rows.run(one) for one in runs], messages))
    return taken
