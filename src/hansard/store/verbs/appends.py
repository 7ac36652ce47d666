"""Append: messages get behind a session's last message in one way, whoever brings them.

``begin`` locks a session, ``add`` turns drafts into its next messages, ``write`` stores what was
added to all sessions of the transaction. Single appends, batches and imports are these three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct

from hansard.errors import Conflict, NotFound
from hansard.model import Message
from hansard.model.tool_calls import Tally, tally
from hansard.store import chain, rows, steps
from hansard.store.steps import Steps, Values, each_of
from hansard.store.verbs import documents, items, session_labels
from hansard.store.verbs.events import happened_many, places_left
from hansard.store.verbs.session_lookup import AppendHead, SessionRef, linked, locked, peeked
from hansard.store.verbs.sessions import create, same_user, store
from hansard.store.verbs.summaries import summary

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hansard.ids import IdSource
    from hansard.model import MessageDraft, Session
    from hansard.model.document import DocumentDraft


_decode_tools = msgspec.json.Decoder(dict[str, int]).decode


class Tail(Struct):
    """The end of a locked session, and what the transaction appends to it.

    ``head`` is where the session stands with what was added; ``hash`` is that of the last message
    which is stored. ``known`` are stored messages by their ``client_id``, ``calls`` the tool calls
    of what was added.
    """

    workspace_id: str
    head: AppendHead
    hash: bytes
    known: dict[str | None, Message] = {}
    messages: list[Message] = []
    texts: list[str] = []
    used_at: int = 0
    items: list[Values] = []
    calls: Tally = Tally()
    was_titled: bool = False

    def __post_init__(self) -> None:
        self.was_titled = bool(self.head.title_folded)


def begin(workspace_id: str, head: AppendHead) -> Steps[Tail]:
    """The tail of a session whose row is locked.

    Raises StoreUnavailable ``chain_broken`` when its last message is missing: no chain begins
    again.
    """
    return Tail(workspace_id, head, (yield from linked(workspace_id, head)))


def recognise(workspace_id: str, tails: Sequence[Tail], client_ids: Collection[str]) -> Steps[None]:
    """Tell each tail which messages its session has under these ``client_id``."""
    if not client_ids:
        return
    by_id = {tail.head.id: tail for tail in tails}
    stored = yield from steps.rows(
        "message_by_client_ids",
        workspace_id=workspace_id,
        session_ids=rows.texts(sorted(by_id)),
        client_ids=rows.texts(sorted(client_ids)),
    )
    for message in map(rows.message, stored):
        by_id[message.session_id].known[message.client_id] = message


def add(
    tail: Tail,
    drafts: Sequence[MessageDraft],
    ids: IdSource,
    now: int,
    expected_seq: int | None = None,
) -> tuple[list[Message], Values | None]:
    """Turn drafts into the session's next messages, in order and gap-free; nothing is stored yet.

    The answer has a message for each draft: the known one of its ``client_id``, or the new one.
    With it comes the event of the change, None when every draft was known. Raises Conflict with the
    current ``seq`` when the session is not at ``expected_seq``.
    """
    head = tail.head
    fresh = [
        draft for draft in drafts if draft.client_id is None or draft.client_id not in tail.known
    ]
    if not fresh:
        return [tail.known[draft.client_id] for draft in drafts], None
    if expected_seq is not None and expected_seq != head.last_seq:
        raise Conflict(
            f"the session is at seq {head.last_seq}, not {expected_seq}: read what is new, then "
            "append again",
            code="seq_mismatch",
            param="expected_seq",
            seq=head.last_seq,
        )
    added = [
        message_of(head.id, seq, draft, ids, now)
        for seq, draft in enumerate(fresh, head.last_seq + 1)
    ]
    unseen = iter(added)
    answer = [
        tail.known[draft.client_id] if draft.client_id in tail.known else next(unseen)
        for draft in drafts
    ]
    tail.items += [
        items.values_of(tail.workspace_id, message, draft.item)
        for message, draft in zip(added, fresh, strict=True)
        if draft.item is not None
    ]
    return answer, _move_on(tail, added, fresh, now)


def _move_on(
    tail: Tail, added: Sequence[Message], drafts: Sequence[MessageDraft], now: int
) -> Values:
    """Put new messages into the tail; the event that tells of them."""
    before, texts = tail.head, [draft.text for draft in drafts]
    title = None if before.title_folded else summary(added, texts)["title"]
    tail.messages += added
    for draft in drafts:
        tail.calls = tail.calls.plus(draft.calls or tally([draft.parts]))
    tail.used_at = max(tail.used_at, now, *(message.created_at for message in added))
    tail.texts += texts
    tail.known |= {message.client_id: message for message in added if message.client_id is not None}
    tail.head = msgspec.structs.replace(
        before,
        last_seq=added[-1].seq,
        updated_at=max(now, before.updated_at),
        active_at=max(
            *(message.created_at for message in added), before.active_at if before.last_seq else 0
        ),
        title_folded=rows.fold(title or before.title_folded),
    )
    return {
        "type": "message.appended",
        "session_id": before.id,
        "seq": added[-1].seq,
        "at": now,
        **places_left(before, title),
    }


class Stored(NamedTuple):
    """What is stored of the messages that a tail got: rows by their statements."""

    session: Values
    messages: list[Values]
    labels: list[Values]


def stored(tail: Tail) -> Stored:
    """The rows of what was added to a session, whose ``head`` stands behind it then."""
    head = tail.head
    tools, new = _tools(tail)
    messages, last = chain.linked_rows(tail.workspace_id, tail.messages, tail.hash)
    session = summary(tail.messages, tail.texts, is_titled=tail.was_titled) | {
        "workspace_id": tail.workspace_id,
        "id": head.id,
        "now": head.updated_at,
        "last_hash": last,
        "used_at": tail.used_at,
        "failed_calls": tail.calls.failed,
        "tools": tools,
        "version": head.version,
    }
    tail.head = msgspec.structs.replace(head, version=head.version + 1, hash=last, tools=tools)
    return Stored(session, messages, session_labels.tool_rows(tail.workspace_id, head.id, new))


def write(
    workspace_id: str, tails: Sequence[Tail], events: Sequence[Values] = ()
) -> Steps[tuple[int, int]]:
    """Store what was added to locked sessions: messages, and rows with the chains' ends.

    With ``events`` nothing may come behind it; their generations, as of ``happened_many``.
    """
    written = [stored(tail) for tail in tails]
    parts = [
        *each_of("tool_put", [label for each in written for label in each.labels]),
        *each_of("session_extend", [each.session for each in written]),
        *each_of("message_put", [message for each in written for message in each.messages]),
        *items.putting([each for tail in tails for each in tail.items]),
    ]
    return (yield from happened_many(workspace_id, events, parts))


def _tools(tail: Tail) -> tuple[str, list[str]]:
    """How many messages name each tool now, as JSON, and the tools that are new."""
    if not tail.calls.tools:
        return tail.head.tools, []
    before = Tally(tools=_decode_tools(tail.head.tools))
    after = before.plus(tail.calls)
    new = after.tools.keys() - before.tools.keys()
    return msgspec.json.encode(after.tools).decode(), sorted(new)


def append(  # noqa: PLR0913 - what an append is made of
    ref: SessionRef,
    drafts: Sequence[MessageDraft],
    ids: IdSource,
    now: int,
    expected_seq: int | None = None,
    start: Session | None = None,
    drafted_documents: Sequence[DocumentDraft] = (),
) -> Steps[tuple[AppendHead, list[Message]]]:
    """Append to one session; the session as it was before, and for each draft its message.

    Where the session is not there, ``start`` is created first. Documents are set in the same
    transaction; those of the scope ``session`` are the session's. A draft whose ``client_id`` is
    there already gives the stored message back. Raises NotFound, and Conflict as ``add``, or when
    the session of that name is another user's than ``start`` says.
    """
    before, answer, _ = yield from append_head(
        ref, drafts, ids, now, expected_seq, start, drafted_documents
    )
    return before, answer


def append_head(  # noqa: PLR0913 - as ``append``
    ref: SessionRef,
    drafts: Sequence[MessageDraft],
    ids: IdSource,
    now: int,
    expected_seq: int | None = None,
    start: Session | None = None,
    drafted_documents: Sequence[DocumentDraft] = (),
) -> Steps[tuple[AppendHead, list[Message], AppendHead]]:
    """As ``append``; with it comes how the session stands now."""
    before = yield from (peeked(ref) if start is None else started(ref, start))
    tail = yield from begin(ref.workspace_id, before)
    client_ids = {draft.client_id for draft in drafts if draft.client_id is not None}
    yield from recognise(ref.workspace_id, [tail], client_ids)
    answer, event = add(tail, drafts, ids, now, expected_seq)
    yield from documents.put_all(
        msgspec.structs.replace(ref, name=before.id), drafted_documents, now
    )
    if event is not None:
        yield from write(ref.workspace_id, [tail], [event])
    return before, answer, tail.head


def started(ref: SessionRef, start: Session) -> Steps[AppendHead]:
    """The head of the session that ``ref`` names, or of ``start``, which is created."""
    try:
        head = yield from peeked(ref)
    except NotFound:
        stored, _ = yield from create(start)
        head = yield from peeked(msgspec.structs.replace(ref, name=stored.id))
    same_user(ref, start, head.user_id)
    return head


def record(
    session: Session, ref: SessionRef, drafts: Sequence[MessageDraft], ids: IdSource, now: int
) -> Steps[tuple[Session, list[Message]]]:
    """Append to the session that ``ref`` names, or create ``session``.

    The workflow of ``session`` goes to a stored one that had none. Raises NotFound when the session
    is there but not the caller's to see.
    """
    try:
        stored, new = (yield from locked(ref)), False
    except NotFound:
        stored, new = yield from create(session)
    if not ref.sees(stored.user_id, stored.app):
        raise ref.missing()
    if not new and stored.workflow_id is None and session.workflow_id is not None:
        changed = msgspec.structs.replace(
            stored,
            workflow_id=session.workflow_id,
            version=stored.version + 1,
            updated_at=max(now, stored.updated_at),
        )
        yield from store(stored, changed)
        stored = changed
    _, messages = yield from append(msgspec.structs.replace(ref, name=stored.id), drafts, ids, now)
    return stored, messages


def message_of(session_id: str, seq: int, draft: MessageDraft, ids: IdSource, now: int) -> Message:
    """The message that a draft becomes as the session's number ``seq``."""
    return Message(
        session_id,
        seq,
        ids.message(session_id, seq),
        draft.client_id,
        draft.role,
        draft.sender,
        draft.sender_id,
        draft.model,
        draft.run_id,
        draft.input_tokens,
        draft.output_tokens,
        draft.cache_read_tokens,
        draft.cache_write_tokens,
        draft.reasoning_tokens,
        draft.cost_nanos,
        draft.created_at if draft.created_at is not None else now,
        draft.parts,
        draft.metadata,
        draft.item.format if draft.item else None,
        draft.item.digest if draft.item else None,
    )
