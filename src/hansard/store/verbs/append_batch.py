"""Many appends of one workspace in one transaction, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.errors import Error, StoreUnavailable
from hansard.ids import uuid_in
from hansard.model import Message, MessageDraft, Session
from hansard.model.document import DocumentDraft
from hansard.model.idempotency import IdempotentRequest
from hansard.store import rows, steps
from hansard.store.steps import Steps, Values, many, run
from hansard.store.verbs.appends import Tail, add, begin, recognise, write
from hansard.store.verbs.session_lookup import AppendHead, SessionRef
from hansard.store.verbs.sessions import same_user

if TYPE_CHECKING:
    from hansard.ids import IdSource

Answer = tuple[AppendHead, list[Message]]


class Append(Struct, frozen=True):
    """One caller's append, as ``messages.append`` takes it."""

    ref: SessionRef
    drafts: Sequence[MessageDraft]
    now: int
    expected_seq: int | None = None
    once: IdempotentRequest | None = None
    start: Session | None = None
    documents: Sequence[DocumentDraft] = ()


def append_many(
    workspace_id: str, appends: Sequence[Append], ids: IdSource
) -> Steps[tuple[list[Answer | Error | None], dict[str, AppendHead]]]:
    """Append in the order given; the outcomes, and how the sessions stand now, by the names used.

    In each place stands the answer, the error that refused it, or None: try that one by itself.

    None is for what a batch does not decide: a name that is not exactly an id, and an
    Idempotency-Key that was seen before.
    """
    taken = yield from _take_keys(workspace_id, appends)
    tails = yield from _tails(workspace_id, appends)
    outcomes: list[Answer | Error | None] = []
    events: list[Values] = []
    for index, append in enumerate(appends):
        tail = tails.get(append.ref.name)
        if tail is None or append.documents or (append.once is not None and index not in taken):
            outcomes.append(None)
        else:
            outcomes.append(added(tail, append, ids, events))
    grown = {tail.head.id: tail for tail in tails.values() if isinstance(tail, Tail)}
    yield from write(workspace_id, [tail for tail in grown.values() if tail.messages], events)
    yield from _settle_keys(workspace_id, appends, taken, outcomes)
    heads = {name: tail.head for name, tail in tails.items() if isinstance(tail, Tail)}
    return outcomes, heads


def added(
    tail: Tail | Error, append: Append, ids: IdSource, events: list[Values]
) -> Answer | Error:
    """Put one append behind what the batch holds already; the error that refuses it is its own.

    The event of the change, if any, comes behind ``events``.
    """
    if isinstance(tail, Error):
        return tail
    before = tail.head
    if not append.ref.sees(before.user_id, before.app):
        return append.ref.missing()
    try:
        if append.start is not None:
            same_user(append.ref, append.start, before.user_id)
        answer, event = add(tail, append.drafts, ids, append.now, append.expected_seq)
    except Error as refusal:
        return refusal
    if event is not None:
        events.append(event)
    return before, answer


def _tails(workspace_id: str, appends: Sequence[Append]) -> Steps[dict[str, Tail | Error]]:
    """The sessions that the batch appends to, by the name used.

    Their rows are locked in the order of their ids. A session whose chain is broken is there as the
    error that says so.
    """
    names = {append.ref.name for append in appends if "\x00" not in append.ref.name}
    idents = {name: uuid for name in names if (uuid := uuid_in(name)) is not None}
    others = names - idents.keys()
    if others:
        named = yield from steps.rows(
            "session_ids_by_own_ids", workspace_id=workspace_id, own_ids=rows.texts(sorted(others))
        )
        idents |= {row[0]: row[1] for row in named}
    if not idents:
        return {}
    heads = yield from steps.rows(
        "session_peek_many", workspace_id=workspace_id, ids=rows.texts(sorted(set(idents.values())))
    )
    by_id: dict[str, Tail | Error] = {}
    for head in (AppendHead(*row) for row in heads):
        try:
            by_id[head.id] = yield from begin(workspace_id, head)
        except StoreUnavailable as broken:
            by_id[head.id] = broken
    tails = {name: by_id[ident] for name, ident in idents.items() if ident in by_id}
    client_ids = {
        draft.client_id
        for append in appends
        if append.ref.name in tails
        for draft in append.drafts
        if draft.client_id is not None
    }
    sound = [tail for tail in by_id.values() if isinstance(tail, Tail)]
    yield from recognise(workspace_id, sound, client_ids)
    return tails


def _take_keys(workspace_id: str, appends: Sequence[Append]) -> Steps[set[int]]:
    """The places whose Idempotency-Key is new and now taken."""
    indexes: dict[str, int] = {}
    for index, append in enumerate(appends):
        if append.once is not None:
            indexes.setdefault(append.once.key, index)
    if not indexes:
        return set()
    claims = [
        {"key": key, "digest": once.digest}
        for key, index in sorted(indexes.items())
        if (once := appends[index].once) is not None
    ]
    got = yield from steps.rows(
        "idempotency_take_many",
        workspace_id=workspace_id,
        now=appends[0].now,
        claims=msgspec.json.encode(claims).decode(),
    )
    return {indexes[row[0]] for row in got}


def _settle_keys(
    workspace_id: str,
    appends: Sequence[Append],
    taken: set[int],
    outcomes: Sequence[Answer | Error | None],
) -> Steps[None]:
    """Keep the answers; give a key back whose append was refused: nothing happened under it."""
    settled: list[Values] = []
    for index in sorted(taken):
        once, outcome = appends[index].once, outcomes[index]
        if once is None:
            continue
        if isinstance(outcome, tuple):
            status, answer = once.encode(outcome)
            settled.append(
                {
                    "workspace_id": workspace_id,
                    "key": once.key,
                    "status": status,
                    "answer": answer,
                    "session_id": outcome[0].id,
                }
            )
        else:
            yield from run("idempotency_give_back", workspace_id=workspace_id, key=once.key)
    yield from many("idempotency_settle", settled)
