"""Whole sessions in and out, many in one transaction, each with its runs and messages."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.errors import NotFound
from hansard.ids import safe_form
from hansard.model.transfer import Kept, Snapshot, Verdict
from hansard.store import chain, counts, rows, steps
from hansard.store.steps import Steps, many, run, value
from hansard.store.verbs import indexing, sessions
from hansard.store.verbs.events import happened_many, places_left, title_left
from hansard.store.verbs.messages import chained, made_of, summary, write_messages
from hansard.store.verbs.names import Ref, locked, peeked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.ids import IdSource
    from hansard.model import Message, MessageDraft, Session
    from hansard.model.transfer import Arrival
    from hansard.store.steps import Values

_PAGE = 1000


SAME, NEW, UPDATED = Verdict("same"), Verdict("new"), Verdict("updated")


class _Changes:
    """What the transaction has done so far, told to the workspace's counters at its end."""

    def __init__(self, workspace_id: str, now: int) -> None:
        self.workspace_id = workspace_id
        self.now = now
        self._facets: Counter[tuple[str, str]] = Counter()
        self._events: list[dict[str, Any]] = []
        self._words: dict[str, list[tuple[int, list[str]]]] = {}
        self._behind: dict[str, int] = {}
        self._rows: list[Values] = []
        self._marks: list[Values] = []

    def note(self, kind: str, before: Session | None, after: Session, seq: int | None = None) -> None:
        """One change of a session's row."""
        if before is not None:
            self._facets.subtract(counts.facets_of(before))
        self._facets.update(counts.facets_of(after))
        was = {"was_updated_at": before.updated_at, "was_active_at": before.active_at, "was_title": title_left(before, after)} if before else {}
        self.happened(kind, after.id, seq, was)

    def happened(self, kind: str, session_id: str, seq: int | None, was: dict[str, Any]) -> None:
        self._events.append({"type": kind, "session_id": session_id, "seq": seq} | was)

    def said(self, session_id: str, made: Sequence[Message], texts: Sequence[str | None], behind: int) -> None:
        """New messages of a session, and up to which seq it had some before."""
        words = [(one.seq, indexing.words_of(one.role, one.parts, text)) for one, text in zip(made, texts, strict=True)]
        self._words[session_id] = words
        self._behind[session_id] = behind

    def keep(self, values: Sequence[Values]) -> None:
        """Rows of new messages, written together with those of other sessions."""
        self._rows += values

    def mark(self, deleted: Values) -> None:
        """A message among them that was deleted elsewhere, and when."""
        self._marks.append(deleted)

    def flush(self) -> Steps[None]:
        """Write the rows that are kept, so that they can be read."""
        values, self._rows = self._rows, []
        marks, self._marks = self._marks, []
        yield from write_messages(values)
        yield from many("message_mark_deleted", marks)

    def tell(self) -> Steps[None]:
        """Write the messages, the counters and the events; comes last, since it locks what is hot."""
        yield from self.flush()
        if not self._events:
            return
        whole = yield from indexing.add(self.workspace_id, self._words, self._behind)
        yield from counts.add(self.workspace_id, self._facets)
        before, until = yield from happened_many(self.workspace_id, [event | {"at": self.now} for event in self._events])
        if whole and self._words.keys() >= {event["session_id"] for event in self._events}:
            yield from indexing.follow(self.workspace_id, before, until)


def bring(workspace_id: str, arrivals: Sequence[Arrival], ids: IdSource, now: int) -> Steps[list[Verdict]]:
    """Store the sessions that are not there, and add to the others the messages whose ``client_id`` is not."""
    changes = _Changes(workspace_id, now)
    taken = yield from _taken(workspace_id, arrivals)
    verdicts = []
    for arrival in arrivals:
        names = _names(arrival.session)
        verdict = yield from _bring(arrival, ids, changes, is_known=not taken.isdisjoint(names))
        verdicts.append(verdict)
        taken |= names
    yield from changes.tell()
    return verdicts


def _names(session: Session) -> set[str]:
    """Every spelling under which a session of this name may be stored."""
    name = session.own_id or session.id
    return {name, safe_form(name), session.id}


def _taken(workspace_id: str, arrivals: Sequence[Arrival]) -> Steps[set[str]]:
    """Those of all their names that are taken here; one statement, so that new sessions need no look-up of their own."""
    names = sorted(set[str]().union(*(_names(one.session) for one in arrivals)))
    got = yield from steps.rows("session_names_taken", workspace_id=workspace_id, names=rows.texts(names))
    return {one[0] for one in got}


def _bring(arrival: Arrival, ids: IdSource, changes: _Changes, *, is_known: bool) -> Steps[Verdict]:
    if not is_known:
        parent = yield from _parent(changes.workspace_id, arrival.parent)
        if (yield from _begin(arrival, parent, ids, changes)):
            return NEW
    yield from changes.flush()
    here = yield from locked(Ref(changes.workspace_id, arrival.session.own_id or arrival.session.id))
    return (yield from _go_on(here, arrival, ids, changes))


def _parent(workspace_id: str, name: str | None) -> Steps[str | None]:
    if name is None:
        return None
    try:
        return (yield from peeked(Ref(workspace_id, name))).id
    except NotFound:
        return None


def _begin(arrival: Arrival, parent_id: str | None, ids: IdSource, changes: _Changes) -> Steps[bool]:
    """Store a new session; False when somebody else has taken its name meanwhile."""
    session = msgspec.structs.replace(arrival.session, parent_id=parent_id)
    made = [made_of(session.id, seq, draft, ids, changes.now) for seq, draft in enumerate(arrival.messages, 1)]
    whole = _summed(session, made, [draft.text for draft in arrival.messages])
    if not (yield from _put(whole)):
        return False
    changes.keep(chained(changes.workspace_id, made, chain.ROOT)[0])
    changes.said(whole.id, made, [draft.text for draft in arrival.messages], 0)
    changes.note("session.created", None, whole, len(made) or None)
    return True


def _summed(session: Session, made: Sequence[Message], texts: Sequence[str]) -> Session:
    """The row of a new session that has these messages."""
    if not made:
        return session
    of = summary(made, texts)
    title = (session.title, session.title_by) if session.title else (of["title"], of["title_by"])
    kept = ("preview", "last_preview", "last_role", "input_tokens", "output_tokens", "cost_nanos")
    return msgspec.structs.replace(
        session,
        **{field: of[field] for field in kept},
        title=title[0],
        title_by=title[1],
        message_count=len(made),
        last_seq=len(made),
        first_message_at=of["first_at"],
        last_message_at=of["last_at"],
        active_at=of["last_at"],
        updated_at=max(session.updated_at, of["last_at"]),
    )


def _go_on(here: Session, arrival: Arrival, ids: IdSource, changes: _Changes) -> Steps[Verdict]:
    """Add what is missing; never take away or overwrite, but for a title that nobody gave."""
    known = yield from _known(here, arrival.messages)
    fresh = [draft for draft in arrival.messages if draft.client_id not in known]
    named = arrival.session.title_by == "user" and here.title_by != "user"
    if named:
        after = msgspec.structs.replace(
            here, title=arrival.session.title, title_by="user", version=here.version + 1, updated_at=max(changes.now, here.updated_at)
        )
        yield from run("session_update", **rows.session_values(after))
        yield from indexing.retitle(here, after)
        changes.note("session.updated", here, after)
    if fresh:
        yield from _extend(here, fresh, ids, changes)
    return UPDATED if named or fresh else SAME


def _known(session: Session, drafts: Sequence[MessageDraft]) -> Steps[set[str | None]]:
    wanted = [draft.client_id for draft in drafts if draft.client_id is not None]
    if not wanted:
        return set()
    got = yield from steps.rows("client_ids_known", workspace_id=session.workspace_id, session_id=session.id, client_ids=rows.texts(wanted))
    return {one[0] for one in got}


def _extend(session: Session, drafts: Sequence[MessageDraft], ids: IdSource, changes: _Changes) -> Steps[None]:
    peek = yield from peeked(Ref(session.workspace_id, session.id))
    made = [made_of(session.id, seq, draft, ids, changes.now) for seq, draft in enumerate(drafts, peek.last_seq + 1)]
    now = max(changes.now, session.updated_at)
    texts = [draft.text for draft in drafts]
    added = summary(made, texts)
    yield from run("session_extend", workspace_id=session.workspace_id, id=session.id, now=now, **added)
    changes.keep(chained(session.workspace_id, made, peek.hash or chain.ROOT)[0])
    changes.said(session.id, made, texts, peek.last_seq)
    changes.happened("message.appended", session.id, made[-1].seq, places_left(peek, added["title"]))


def restore(workspace_id: str, snapshots: Sequence[Snapshot], now: int) -> Steps[list[Verdict]]:
    """Store sessions exactly as they were elsewhere; one that is here already is replaced when it is an earlier state of the same."""
    changes = _Changes(workspace_id, now)
    verdicts = []
    for snapshot in snapshots:
        verdict = yield from _restore(snapshot, changes)
        verdicts.append(verdict)
    yield from changes.tell()
    return verdicts


def _restore(snapshot: Snapshot, changes: _Changes) -> Steps[Verdict]:
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
    if not (yield from _put(session)):
        return Verdict("bad", f"another session is named {session.name!r} here")
    yield from _put_kept(snapshot, changes)
    alive = [kept.message for kept in snapshot.messages if kept.deleted_at is None]
    changes.said(session.id, alive, [None] * len(alive), 0)
    changes.note("session.updated" if here else "session.created", here, session, session.last_seq or None)
    return UPDATED if here else NEW


def _is_continued(here: Session, snapshot: Snapshot) -> Steps[bool]:
    """Whether the snapshot has the name and the last message that are here, so that it is a later state of the same session."""
    if here.own_id != snapshot.session.own_id or not here.last_seq:
        return here.own_id == snapshot.session.own_id
    got = yield from steps.rows("message_chain", workspace_id=here.workspace_id, session_id=here.id, after=here.last_seq - 1, limit=1)
    last = rows.message(got[0][3:])
    return any(kept.message.seq == last.seq and kept.message.id == last.id for kept in snapshot.messages)


def _clear(session: Session) -> Steps[None]:
    yield from indexing.forget(session)
    for name in ("message_delete_of_session", "run_delete_of_session", "tag_delete_of_session", "session_delete"):
        yield from run(name, workspace_id=session.workspace_id, id=session.id)


def _put(session: Session) -> Steps[bool]:
    made = yield from value("session_put", **rows.session_values(session), safe_id=sessions.safe_id(session))
    if made is not None:
        yield from sessions.tag(session)
    return made is not None


def _put_kept(snapshot: Snapshot, changes: _Changes) -> Steps[None]:
    session = snapshot.session
    yield from many("run_put", [rows.run_values(session.workspace_id, one) for one in snapshot.runs])
    leases = [one.lease_expires_at for one in snapshot.runs if one.lease_expires_at is not None]
    if leases:
        yield from run("lapse_earlier", workspace_id=session.workspace_id, at=min(leases))
    before = chain.ROOT
    for kept in snapshot.messages:
        if kept.deleted_at is None:
            values, before = chained(changes.workspace_id, [kept.message], before)
            changes.keep(values)
        else:
            before = kept.hash or before
            changes.keep([rows.message_values(changes.workspace_id, kept.message, before)])
            changes.mark({"workspace_id": changes.workspace_id, "session_id": session.id, "seq": kept.message.seq, "at": kept.deleted_at})


def take(workspace_id: str, session_ids: Sequence[str]) -> Steps[list[Snapshot]]:
    """All that is held of these sessions, in this order, in one consistent state; those that are gone are left out."""
    found = yield from sessions.by_ids(workspace_id, session_ids)
    taken = []
    for session in (found[one] for one in session_ids if one in found):
        here = {"workspace_id": workspace_id, "session_id": session.id}
        runs = yield from steps.rows("run_all", **here)
        messages: list[Kept] = []
        while len(messages) == 0 or messages[-1].message.seq < session.last_seq:
            got = yield from steps.rows("message_chain", **here, after=messages[-1].message.seq if messages else 0, limit=_PAGE)
            messages += [Kept(rows.message(one[3:]), one[1], bytes(one[2]) if one[1] is not None else None) for one in got]
            if len(got) < _PAGE:
                break
        taken.append(Snapshot(session, [rows.run(one) for one in runs], messages))
    return taken
