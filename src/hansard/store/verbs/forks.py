"""Forks: a new session with copies of another's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Conflict
from hansard.model import Message, MessageQuery, parts
from hansard.store import chain, counts, listing, rows
from hansard.store.steps import Steps, many, value
from hansard.store.verbs.events import happened
from hansard.store.verbs.session_lookup import SessionRef, locked
from hansard.store.verbs.sessions import row_of, tag
from hansard.store.verbs.summaries import begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.ids import IdSource
    from hansard.model import Session

_COPY_BATCH = 500


def fork(
    ref: SessionRef,
    branch: Callable[[Session], Session],
    until: int | None,
    ids: IdSource,
    now: int,
) -> Steps[Session]:
    """Store what ``branch`` makes of the session, with copies of its messages up to ``until``; runs stay behind."""
    source = yield from locked(ref)
    copy = branch(source)
    last = source.last_seq if until is None else until
    copied = yield from _copies(source, copy.id, last, ids)
    texts = [parts.text_of(parts.decode(one.parts)) for one in copied]
    copy = msgspec.structs.replace(begun(copy, copied, texts), updated_at=now)
    if (yield from value("session_put", **row_of(copy))) is None:
        raise Conflict(
            f"there is a session {copy.name!r} already", code="session_exists", param="id"
        )
    yield from tag(copy)
    yield from many("message_put", chain.linked_rows(ref.workspace_id, copied, chain.ROOT)[0])
    yield from counts.change(ref.workspace_id, None, copy)
    yield from happened(
        ref.workspace_id, "session.created", copy.id, at=now, seq=len(copied) or None
    )
    return copy


def _copies(source: Session, session_id: str, last: int, ids: IdSource) -> Steps[list[Message]]:
    """The living messages of the source up to ``last``, as those of a new session."""
    copied: list[Message] = []
    after = 0
    while after < last:
        stored = yield listing.messages(
            source.workspace_id,
            source.id,
            MessageQuery(),
            _COPY_BATCH,
            after=after,
            before=last + 1,
        )
        if not stored:
            break
        originals = [rows.message(one) for one in stored]
        copied += [
            msgspec.structs.replace(
                one, session_id=session_id, id=ids.message(seq), seq=seq, run_id=None
            )
            for seq, one in enumerate(originals, len(copied) + 1)
        ]
        after = originals[-1].seq
    return copied
