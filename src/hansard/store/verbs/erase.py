"""Erase an end user from a workspace, and keep the proof: receipts that name nobody."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.errors import NotFound
from hansard.store import rows
from hansard.store.steps import Steps, row, run, value
from hansard.store.steps import rows as ask
from hansard.store.verbs import audit, messages
from hansard.store.verbs.events import happened
from hansard.store.verbs.session_lookup import SessionRef, locked
from hansard.store.verbs.sessions import erase

if TYPE_CHECKING:
    from collections.abc import Callable


_MARK = "last_erasure"


class Erased(Struct, frozen=True):
    """How much went, table by table, and a hash over the chains of what went."""

    counts: dict[str, int]
    content_hash: str


class Receipt(Struct, frozen=True):
    """The words of a receipt exactly as they were signed."""

    id: str
    subject: str
    body: str
    signature: str


def user(
    workspace_id: str,
    user_id: str,
    now: int,
    sign: Callable[[Erased], Receipt],
    note: tuple[bytes, Callable[[Erased], audit.Act]],
) -> Steps[Receipt]:
    """Erase an end user.

    This removes every session of the user with all below it, what the person wrote elsewhere, and
    their keys.

    The receipt that ``sign`` makes and the entry in the audit log are of the same transaction, and
    so is the mark by which other processes see that they must empty their caches.
    """
    erased = yield from _sessions(workspace_id, user_id, now)
    yield from _messages(workspace_id, user_id, now, erased)
    erased.counts["documents"] = len(
        (yield from ask("document_delete_of_user", workspace_id=workspace_id, user_id=user_id))
    )
    erased.counts["keys"] = len(
        (yield from ask("user_keys_delete", workspace_id=workspace_id, user_id=user_id))
    )
    done = Erased(erased.counts, erased.digest.hexdigest())
    receipt = sign(done)
    yield from run(
        "receipt_put",
        workspace_id=workspace_id,
        id=receipt.id,
        subject=receipt.subject,
        at=now,
        body=receipt.body,
        signature=receipt.signature,
    )
    secret, describe = note
    yield from audit.note(secret, describe(done))
    if any(done.counts.values()):
        yield from run("fact_set", name=_MARK, value=receipt.id)
    return receipt


def mark() -> Steps[str | None]:
    """The id of the last erasure that removed something, of whatever workspace."""
    last: str | None = yield from value("fact_get", name=_MARK)
    return last


class _Tally:
    def __init__(self) -> None:
        self.counts = dict.fromkeys(
            ("sessions", "messages", "runs", "messages_elsewhere", "documents", "keys"), 0
        )
        self.digest = blake2b(digest_size=32)


def _sessions(workspace_id: str, user_id: str, now: int) -> Steps[_Tally]:
    tally = _Tally()
    waiting = [
        row[0]
        for row in (yield from ask("user_sessions", workspace_id=workspace_id, user_id=user_id))
    ][::-1]
    gone = set[str]()
    while waiting:
        ident = waiting.pop()
        if ident in gone:
            continue
        try:
            session = yield from locked(SessionRef(workspace_id, ident))
        except NotFound:  # deleted since the list was read
            continue
        here = {"workspace_id": workspace_id, "session_id": ident}
        tally.digest.update(ident.encode())
        tally.digest.update(
            bytes((yield from value("message_hash", **here, seq=session.last_seq)) or b"")
        )
        tally.counts["runs"] += yield from value("run_count_of_session", **here)
        waiting += [
            child[0]
            for child in (yield from ask("session_children", workspace_id=workspace_id, id=ident))
        ]
        tally.counts["messages"] += yield from erase(session, tally.counts["messages"])
        tally.counts["sessions"] += 1
        gone.add(ident)
        yield from happened(
            workspace_id, "session.deleted", ident, at=now, was_updated_at=session.updated_at
        )
    return tally


def _messages(workspace_id: str, user_id: str, now: int, tally: _Tally) -> Steps[None]:
    for message in map(
        rows.message, (yield from ask("user_messages", workspace_id=workspace_id, user_id=user_id))
    ):
        try:
            session = yield from locked(SessionRef(workspace_id, message.session_id))
        except NotFound:  # deleted since the list was read
            continue
        if (yield from messages.empty(session, [message], now)) != session:
            tally.counts["messages_elsewhere"] += 1


def receipt(workspace_id: str, receipt_id: str) -> Steps[tuple[str, str] | None]:
    """The body and the signature."""
    got = yield from row("receipt_get", workspace_id=workspace_id, id=receipt_id)
    return (got[0], got[1]) if got else None


def receipts(workspace_id: str, subject: str) -> Steps[list[tuple[str, str]]]:
    """The bodies and signatures about one subject, oldest first."""
    return [
        (row[0], row[1])
        for row in (yield from ask("receipt_list", workspace_id=workspace_id, subject=subject))
    ]
