"""Many appends of one workspace in one transaction: what waits is written together, and each gets its own answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.errors import Error
from hansard.ids import uuid_in
from hansard.model import Message, MessageDraft
from hansard.model.idempotency import IdempotentRequest
from hansard.store import chain, rows, steps
from hansard.store.steps import Steps, Values, many, run
from hansard.store.verbs.events import happened_many, places_left
from hansard.store.verbs.messages import chained, plan, summary, write_messages
from hansard.store.verbs.session_lookup import AppendHead, SessionRef

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


class _Tail(Struct):
    """Where a session stands while the batch grows: its state, the caller's ids it knows, and what is new."""

    peek: AppendHead
    known: dict[str | None, Message]
    made: list[Message]
    texts: list[str]


def append_many(
    workspace_id: str, appends: Sequence[Append], ids: IdSource
) -> Steps[list[Answer | Error | None]]:
    """Append in the order given. In each place stands the answer, the error that refused it, or None: try that one by itself.

    None is for what a batch does not decide: a name that is not exactly an id, and an Idempotency-Key that was seen before.
    """
    taken = yield from _take_keys(workspace_id, appends)
    tails = yield from _tails(workspace_id, appends)
    outcomes: list[Answer | Error | None] = []
    events: list[Values] = []
    for place, one in enumerate(appends):
        tail = tails.get(one.ref.name)
        if tail is None or (one.once is not None and place not in taken):
            outcomes.append(None)
        elif not one.ref.sees(tail.peek.user_id, tail.peek.app):
            outcomes.append(one.ref.missing())
        else:
            outcomes.append(_extend(tail, one, ids, events))
    yield from _write(
        workspace_id, list({id(tail): tail for tail in tails.values() if tail.made}.values())
    )
    yield from happened_many(workspace_id, events)
    yield from _settle_keys(workspace_id, appends, taken, outcomes)
    return outcomes


def _extend(tail: _Tail, one: Append, ids: IdSource, events: list[Values]) -> Answer | Error:
    """Plan one append behind what the batch holds already."""
    before = tail.peek
    try:
        made, answer = plan(before, tail.known, one.drafts, one.expected_seq, ids, one.now)
    except Error as refused:
        return refused
    if made:
        fresh = {message.id for message in made}
        tail.texts += [
            draft.text
            for draft, message in zip(one.drafts, answer, strict=True)
            if message.id in fresh
        ]
        tail.made += made
        tail.known |= {
            message.client_id: message for message in made if message.client_id is not None
        }
        title = None if before.title_folded else summary(made, tail.texts[-len(made) :])["title"]
        tail.peek = msgspec.structs.replace(
            before,
            last_seq=made[-1].seq,
            updated_at=max(one.now, before.updated_at),
            active_at=made[-1].created_at,
            title_folded=rows.fold(title or before.title_folded),
        )
        event = {
            "type": "message.appended",
            "session_id": before.id,
            "seq": made[-1].seq,
            "at": one.now,
        }
        events.append(event | places_left(before, title))
    return before, answer


def _write(workspace_id: str, tails: Sequence[_Tail]) -> Steps[None]:
    extended: list[Values] = []
    stored: list[Values] = []
    for tail in tails:
        values, _ = chained(workspace_id, tail.made, tail.peek.hash or chain.ROOT)
        stored += values
        extended.append(
            summary(tail.made, tail.texts)
            | {"workspace_id": workspace_id, "id": tail.peek.id, "now": tail.peek.updated_at}
        )
    yield from many("session_extend", extended)
    yield from write_messages(stored)


def _tails(workspace_id: str, appends: Sequence[Append]) -> Steps[dict[str, _Tail]]:
    """The sessions that the batch appends to, by the name used, their rows locked in the order of their ids."""
    names = {one.ref.name for one in appends if "\x00" not in one.ref.name}
    idents = {name: uuid for name in names if (uuid := uuid_in(name)) is not None}
    others = names - idents.keys()
    if others:
        found = yield from steps.rows(
            "session_ids_by_own_ids", workspace_id=workspace_id, own_ids=rows.texts(sorted(others))
        )
        idents |= {row[0]: row[1] for row in found}
    if not idents:
        return {}
    peeks = yield from steps.rows(
        "session_peek_many", workspace_id=workspace_id, ids=rows.texts(sorted(set(idents.values())))
    )
    by_id = {row[0]: _Tail(AppendHead(*row), {}, [], []) for row in peeks}
    tails = {name: by_id[ident] for name, ident in idents.items() if ident in by_id}
    yield from _recognise(workspace_id, appends, tails)
    return tails


def _recognise(
    workspace_id: str, appends: Sequence[Append], tails: dict[str, _Tail]
) -> Steps[None]:
    """Tell each tail the stored messages whose client ids the batch brings again."""
    wanted = {
        draft.client_id
        for one in appends
        if one.ref.name in tails
        for draft in one.drafts
        if draft.client_id is not None
    }
    if not wanted:
        return
    by_id = {tail.peek.id: tail for tail in tails.values()}
    got = yield from steps.rows(
        "message_by_client_ids_many",
        workspace_id=workspace_id,
        session_ids=rows.texts(sorted(by_id)),
        client_ids=rows.texts(sorted(wanted)),
    )
    for message in map(rows.message, got):
        by_id[message.session_id].known[message.client_id] = message


def _take_keys(workspace_id: str, appends: Sequence[Append]) -> Steps[set[int]]:
    """The places whose Idempotency-Key is new and now taken."""
    places: dict[str, int] = {}
    for place, one in enumerate(appends):
        if one.once is not None:
            places.setdefault(one.once.key, place)
    if not places:
        return set()
    claims = [
        {"key": key, "digest": once.digest}
        for key, place in sorted(places.items())
        if (once := appends[place].once) is not None
    ]
    got = yield from steps.rows(
        "idempotency_take_many",
        workspace_id=workspace_id,
        now=appends[0].now,
        claims=msgspec.json.encode(claims).decode(),
    )
    return {places[row[0]] for row in got}


def _settle_keys(
    workspace_id: str,
    appends: Sequence[Append],
    taken: set[int],
    outcomes: Sequence[Answer | Error | None],
) -> Steps[None]:
    """Keep the answers; a key whose append was refused is given back, since nothing happened under it."""
    settled: list[Values] = []
    for place in sorted(taken):
        once, outcome = appends[place].once, outcomes[place]
        if once is None:
            continue
        if isinstance(outcome, tuple):
            status, answer = once.tell(outcome)
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
