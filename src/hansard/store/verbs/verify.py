"""Verify that what is stored is what was written.

It reads one session at a time in one consistent state.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.errors import NotFound, StoreUnavailable
from hansard.store import chain, counts, rows
from hansard.store.steps import Row, Steps, value
from hansard.store.steps import rows as ask
from hansard.store.verbs import items, message_pages
from hansard.store.verbs.session_lookup import SessionRef, existing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Session

_PAGE = 500


class Fault(Struct, frozen=True):
    """What is not as it was written, and where: ``seq`` is the message's when it is one."""

    workspace_id: str
    session_id: str | None
    seq: int | None
    problem: str


def session_ids(workspace_id: str, after: str, limit: int) -> Steps[list[str]]:
    """Up to ``limit`` sessions behind an id."""
    return [
        row[0]
        for row in (
            yield from ask("session_id_walk", workspace_id=workspace_id, after=after, limit=limit)
        )
    ]


def session(workspace_id: str, session_id: str) -> Steps[tuple[int, bytes, list[Fault]]]:
    """Walk the chain of a session: how many messages, its last hash, and every fault.

    An absent session has none.
    """
    try:
        checked = yield from existing(SessionRef(workspace_id, session_id))
    except NotFound:
        return 0, chain.ROOT, []
    faults: list[Fault] = []
    seq, living, before = 0, 0, chain.ROOT
    while got := (yield from message_pages.chain_piece(workspace_id, checked.id, seq)):
        damaged = yield from _damaged_items(checked, got)
        for stored_seq, deleted_at, digest, *message in got:
            seq += 1
            if stored_seq != seq:
                faults.append(
                    Fault(
                        workspace_id,
                        checked.id,
                        seq,
                        f"message {seq} is missing: {stored_seq} follows",
                    )
                )
                seq = stored_seq
            if deleted_at is None:
                living += 1
                if seq in damaged or not _follows(before, message, bytes(digest)):
                    faults.append(
                        Fault(
                            workspace_id,
                            checked.id,
                            seq,
                            f"message {seq} is not what was written, or the one before it",
                        )
                    )
            before = bytes(digest)
    faults += _summary(checked, seq, living)
    end = yield from value("session_last_hash", workspace_id=workspace_id, id=checked.id)
    if end is not None and bytes(end) != before:
        problem = "the hash in the session's row is not that of its last message"
        faults.append(Fault(workspace_id, checked.id, None, problem))
    return seq, before, faults


def _damaged_items(session: Session, got: Sequence[Row]) -> Steps[set[int]]:
    """Which messages have an item that is missing or is not what was written."""
    having = []
    for each in got:
        with contextlib.suppress(StoreUnavailable):  # it cannot be unpacked, which _follows says
            having.append(rows.message(each[3:]))
    stored = yield from items.stretch(session.workspace_id, session.id, having)
    return {
        each.seq
        for each in having
        if each.item_hash is not None
        and (each.seq not in stored or stored[each.seq].digest != each.item_hash)
    }


def _follows(before: bytes, row: Row, digest: bytes) -> bool:
    """Whether a message is what its hash says; an edited one follows its own first hash."""
    try:
        message = rows.message(row)
        if message.edited_at is not None:
            return chain.link(digest, message) == message.edit_hash
        return chain.link(before, message) == digest
    except StoreUnavailable:  # it cannot be unpacked
        return False


def _summary(session: Session, seq: int, living: int) -> list[Fault]:
    summary = {
        "last_seq": (session.last_seq, seq),
        "message_count": (session.message_count, living),
    }
    return [
        Fault(
            session.workspace_id,
            session.id,
            None,
            f"the session says {name} {stored}, its messages say {counted}",
        )
        for name, (stored, counted) in summary.items()
        if stored != counted
    ]


def counters(workspace_id: str) -> Steps[list[Fault]]:
    """Whether the counters are what the sessions say, and no message is without its session."""
    counted = Counter[tuple[str, str]]()
    after = ""
    while got := (
        yield from ask("session_walk", workspace_id=workspace_id, after=after, limit=_PAGE)
    ):
        for session in map(rows.session, got):
            counted.update(counts.facets_of(session))
            after = session.id
    kept = Counter[tuple[str, str]]()
    for facet in counts.KEPT:
        for row in (yield from ask("count_list", workspace_id=workspace_id, facet=facet)):
            kept[row[0], row[1]] = row[2]
    faults = [
        Fault(
            workspace_id,
            None,
            None,
            f"the counter of {facet}={value} says {kept[facet, value]}, the sessions say "
            f"{counted[facet, value]}",
        )
        for facet, value in sorted(counted.keys() | kept.keys())
        if counted[facet, value] != kept[facet, value]
    ]
    orphans = yield from ask("orphan_messages", workspace_id=workspace_id)
    for noun, statement in (
        ("documents", "document_orphans"),
        ("checkpoints", "checkpoint_orphans"),
    ):
        lost = yield from ask(statement, workspace_id=workspace_id)
        faults += [
            Fault(workspace_id, session_id, None, f"{count} {noun} without their session")
            for session_id, count in lost
        ]
    return faults + [
        Fault(workspace_id, row[0], None, f"{row[1]} messages without their session")
        for row in orphans
    ]
