"""Sessions from elsewhere: stored where they are new, and added to where they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hansard.errors import NotFound
from hansard.model import Session, tool_calls
from hansard.model.transfer import NEW, SAME, ImportedSession, Verdict
from hansard.store import chain, rows, steps
from hansard.store.steps import Steps, Values, run
from hansard.store.verbs import indexing
from hansard.store.verbs.appends import add, begin, message_of
from hansard.store.verbs.import_branches import is_below, take_from_parent
from hansard.store.verbs.import_buffer import ImportBuffer, Words, spoken
from hansard.store.verbs.session_lookup import SessionRef, existing, locked, peeked
from hansard.store.verbs.summaries import grown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.ids import IdSource
    from hansard.model import MessageDraft


GONE = Verdict("bad", "the session was deleted while it was imported")


class PreparedImport(Struct, frozen=True):
    """An arrival with all that is written if it is new; whose parent it has, the store will say."""

    arrival: ImportedSession
    session: Session
    messages: list[Values]
    words: Words


def names(arrival: ImportedSession) -> set[str]:
    """The names under which it may be stored."""
    return {arrival.session.own_id or arrival.session.id, arrival.session.id}


def taken(workspace_id: str, arrivals: Sequence[ImportedSession]) -> Steps[set[str]]:
    """Those of all their names that are taken here.

    One statement, so that new sessions need no look-up of their own.
    """
    candidates = sorted(set[str]().union(*map(names, arrivals)))
    got = yield from steps.rows(
        "session_names_taken", workspace_id=workspace_id, names=rows.texts(candidates)
    )
    return {row[0] for row in got}


def ready(arrival: ImportedSession, ids: IdSource, now: int) -> PreparedImport:
    """The work that needs no database: numbers, hashes, the summary, the words."""
    session = arrival.session
    messages = [
        message_of(session.id, seq, draft, ids, now)
        for seq, draft in enumerate(arrival.messages, 1)
    ]
    texts = [draft.text for draft in arrival.messages]
    calls = tool_calls.read_all(messages)
    row = grown(session, messages, texts, calls)
    return PreparedImport(
        arrival,
        msgspec.structs.replace(
            row,
            updated_at=max(row.updated_at, row.last_message_at or 0),
            used_at=max(row.used_at, now) if messages else row.used_at,
        ),
        chain.linked_rows(session.workspace_id, messages, chain.ROOT)[0],
        spoken(messages, texts, calls),
    )


def bring(
    workspace_id: str, arrivals: Sequence[ImportedSession | PreparedImport], ids: IdSource, now: int
) -> Steps[list[Verdict]]:
    """Store the new sessions, and add new messages to the known ones.

    A message is new when its ``client_id`` is unknown.
    """
    changes = ImportBuffer(workspace_id, now)
    plain = [item.arrival if isinstance(item, PreparedImport) else item for item in arrivals]
    known = yield from taken(workspace_id, plain)
    new: dict[int, Session] = {}
    verdicts = [NEW] * len(plain)
    for index, arrival in enumerate(plain):
        is_named = not known.isdisjoint(names(arrival))
        if not is_named and arrival.file_safe:
            is_named = yield from _is_there(_ref(workspace_id, arrival))
        if not is_named:
            if arrival.is_continued:
                verdicts[index] = GONE
                continue
            prepared = arrivals[index]
            new[index] = yield from _begin(
                prepared if isinstance(prepared, PreparedImport) else ready(arrival, ids, now),
                changes,
            )
        else:
            verdicts[index] = yield from _join(arrival, ids, changes)
        known |= names(arrival)
    yield from changes.flush()
    for index, session in new.items():
        if session.id in changes.overtaken:
            verdicts[index] = yield from _join(plain[index], ids, changes)
    yield from changes.flush()
    for arrival, verdict in zip(plain, verdicts, strict=True):
        if verdict.outcome != "bad":
            yield from take_from_parent(workspace_id, arrival, now)
    yield from changes.tell()
    return verdicts


def _begin(prepared: PreparedImport, changes: ImportBuffer) -> Steps[Session]:
    if prepared.arrival.parent is not None:
        yield from changes.flush()  # the parent may be among them
    session = msgspec.structs.replace(
        prepared.session,
        parent_id=(yield from _parent(changes.workspace_id, prepared.arrival.parent)),
    )
    changes.begin(session, prepared.messages, prepared.words)
    return session


def _join(arrival: ImportedSession, ids: IdSource, changes: ImportBuffer) -> Steps[Verdict]:
    """Bring an arrival to the session that has its name."""
    yield from changes.flush()
    here = yield from locked(_ref(changes.workspace_id, arrival))
    return (yield from _go_on(here, arrival, ids, changes))


def _is_there(ref: SessionRef) -> Steps[bool]:
    try:
        yield from existing(ref)
    except NotFound:
        return False
    return True


def _ref(workspace_id: str, arrival: ImportedSession) -> SessionRef:
    name = arrival.session.own_id or arrival.session.id
    return SessionRef(workspace_id, name, file_safe=arrival.file_safe)


def _parent(workspace_id: str, name: str | None) -> Steps[str | None]:
    if name is None:
        return None
    try:
        return (yield from locked(SessionRef(workspace_id, name))).id
    except NotFound:
        return None


def _go_on(
    here: Session, arrival: ImportedSession, ids: IdSource, changes: ImportBuffer
) -> Steps[Verdict]:
    """Add what is missing; never take away or overwrite, but for a title that nobody gave.

    A parent that was not there before is missing too.
    """
    known = yield from _known(here, arrival.messages)
    fresh = [draft for draft in arrival.messages if draft.client_id not in known]
    named = arrival.session.title_by == "user" and here.title_by != "user"
    parent = here.parent_id or (yield from _parent(changes.workspace_id, arrival.parent))
    linked = parent != here.parent_id and not (
        yield from is_below(changes.workspace_id, parent, here.id)
    )
    if named or linked:
        after = msgspec.structs.replace(
            here,
            title=arrival.session.title if named else here.title,
            title_by="user" if named else here.title_by,
            parent_id=parent if linked else here.parent_id,
            version=here.version + 1,
            updated_at=max(changes.now, here.updated_at) if named else here.updated_at,
        )
        yield from run("session_update", **rows.session_values(after))
        if linked:
            yield from run(
                "session_move", workspace_id=after.workspace_id, id=after.id, parent_id=parent
            )
        yield from indexing.retitle(here, after)
        changes.note("session.updated", here, after)
    if fresh:
        yield from _extend(here, fresh, ids, changes)
    fields = [field for field, is_so in (("title", named), ("parent", linked)) if is_so]
    if not fields and not fresh:
        return SAME
    changed: dict[str, Any] = {"messages_added": len(fresh)} if fresh else {}
    return Verdict(
        "updated", session_id=here.id, changes=changed | ({"changed": fields} if fields else {})
    )


def _known(session: Session, drafts: Sequence[MessageDraft]) -> Steps[set[str | None]]:
    client_ids = [draft.client_id for draft in drafts if draft.client_id is not None]
    if not client_ids:
        return set()
    got = yield from steps.rows(
        "client_ids_known",
        workspace_id=session.workspace_id,
        session_id=session.id,
        client_ids=rows.texts(client_ids),
    )
    return {row[0] for row in got}


def _extend(
    session: Session, drafts: Sequence[MessageDraft], ids: IdSource, changes: ImportBuffer
) -> Steps[None]:
    ref = SessionRef(session.workspace_id, session.id)
    tail = yield from begin(session.workspace_id, (yield from peeked(ref)))
    behind = tail.head.last_seq
    said_at = max(draft.created_at or changes.now for draft in drafts)
    _, event = add(tail, drafts, ids, said_at)
    tail.used_at = max(tail.used_at, changes.now)
    if event is not None:
        changes.extend(tail, behind, event)
