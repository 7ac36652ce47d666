"""Checkpoints: put, write, list, prune, delete by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Invalid, TooLarge
from hansard.model.bounds import not_ahead, short
from hansard.model.checkpoint import BLOBS, FACTS, NAME, WRITES, Beside, Checkpoint, PendingWrite
from hansard.service.documents import checked
from hansard.service.messages import check
from hansard.service.rules import ref, write
from hansard.service.session_rows import drafted
from hansard.store.verbs import checkpoints as verbs
from hansard.store.verbs.checkpoints import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import Message, MessageDraft, Session, SessionDraft
    from hansard.model.checkpoint import CheckpointQuery
    from hansard.model.document import DocumentDraft
    from hansard.model.idempotency import IdempotentRequest
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.verbs.session_lookup import AppendHead

    Written = tuple[AppendHead, list[Message]]


class Checkpoints:
    def __init__(
        self, store: Store, cursors: Cursors, ids: IdSource, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._cursors = cursors
        self._ids = ids
        self._clock = clock

    async def put(
        self,
        principal: Principal,
        session: str,
        checkpoint: Checkpoint,
        beside: Beside,
        *,
        once: IdempotentRequest | None = None,
    ) -> Written:
        """Store a checkpoint; durable when this returns. The same id again replaces it."""
        now = self._clock()
        _check(checkpoint)
        stamped = msgspec.structs.replace(checkpoint, created_at=now)
        of = ref(principal, session)
        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.put,
            of,
            stamped,
            beside,
            self._ids,
            now,
        )

    async def write(  # noqa: PLR0913 - where it belongs
        self,
        principal: Principal,
        session: str,
        ns: str,
        checkpoint_id: str,
        writes: Sequence[PendingWrite],
        beside: Beside,
        *,
        once: IdempotentRequest | None = None,
    ) -> Written:
        """Store what tasks wrote: of a negative index the last counts, of any other the first."""
        now = self._clock()
        _name(ns, "ns", is_needed=False)
        _name(checkpoint_id, "checkpoint")
        if not 1 <= len(writes) <= WRITES:
            raise Invalid(f"send 1-{WRITES} writes", param="writes")
        for number, each in enumerate(writes):
            for field in ("task", "channel", "type"):
                _name(getattr(each, field), f"writes[{number}].{field}")
            _name(each.path, "path", is_needed=False)
        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.write,
            ref(principal, session),
            ns,
            checkpoint_id,
            writes,
            beside,
            self._ids,
            now,
        )

    def beside(
        self,
        principal: Principal,
        session: str,
        start: SessionDraft | None,
        messages: Sequence[MessageDraft],
        documents: Sequence[DocumentDraft],
    ) -> Beside:
        """What a call brings besides, as it can be stored; Invalid, TooLarge or Forbidden."""
        now = self._clock()
        if messages:
            check(messages, now)
        row = None
        if start is not None:
            not_ahead(start.created_at, now, "session.created_at")
            if start.parent is not None:
                raise Invalid("start a sub-session by itself", param="session.parent")
            row = drafted(
                principal, msgspec.structs.replace(start, id=session), None, self._ids, now
            )
        return Beside(row, messages, checked(principal, documents, within_session=True))

    async def list(
        self, principal: Principal, session: str, query: CheckpointQuery, cursor: str | None
    ) -> tuple[Session, Sequence[Checkpoint], str | None]:
        """The session, a page of its checkpoints, the newest first, and the next page's cursor."""
        walk = _walk(session, query)
        position = self._position(principal, walk, cursor)
        page, checkpoints, position = await self._store.read(
            verbs.listed, ref(principal, session), query, position
        )
        return page, checkpoints, self._cursor(principal, walk, position)

    async def across(
        self, principal: Principal, query: CheckpointQuery, cursor: str | None
    ) -> tuple[Sequence[tuple[str, Checkpoint]], str | None]:
        """Checkpoints of all sessions, each with the name of its session."""
        walk = _walk(None, query)
        checkpoints, position = await self._store.read(
            verbs.across, ref(principal, ""), query, self._position(principal, walk, cursor)
        )
        return checkpoints, self._cursor(principal, walk, position)

    async def sizes(
        self, principal: Principal, session: str, limit: int
    ) -> Sequence[tuple[str, str, int]]:
        """The namespace, the id and the bytes of the newest checkpoints."""
        return await self._store.read(verbs.sizes, ref(principal, session), limit)

    async def prune(
        self,
        principal: Principal,
        session: str,
        keep: int,
        ns: str | None,
        *,
        once: IdempotentRequest | None = None,
    ) -> int:
        """Delete all but the newest ``keep`` checkpoints of each namespace; how many went."""
        now, of = self._clock(), ref(principal, session)
        count = await write(
            self._store, once, principal.workspace_id, now, verbs.prune, of, keep, ns
        )
        await self._store.scrub()
        return count

    async def delete_of_run(
        self, principal: Principal, run_id: str, *, once: IdempotentRequest | None = None
    ) -> int:
        """Delete the checkpoints of a run, in whatever sessions; how many went."""
        now, of = self._clock(), ref(principal, "")
        count = await write(
            self._store, once, principal.workspace_id, now, verbs.delete_of_run, of, run_id
        )
        await self._store.scrub()
        return count

    def _position(
        self, principal: Principal, walk: Sequence[object], cursor: str | None
    ) -> Position | None:
        if cursor is None:
            return None
        return Position(*map(str, self._cursors.read(principal.workspace_id, walk, cursor)))

    def _cursor(
        self, principal: Principal, walk: Sequence[object], position: Position | None
    ) -> str | None:
        if position is None:
            return None
        at = (position.id, position.ns, position.session_id)
        return self._cursors.write(principal.workspace_id, walk, at)


def _walk(session: str | None, query: CheckpointQuery) -> list[object]:
    return ["checkpoints", session, query.ns, query.before, query.id, [*map(list, query.facts)]]


def _check(checkpoint: Checkpoint) -> None:
    """Raises Invalid or TooLarge for a checkpoint that no store could take."""
    for field in ("id", "type", "meta_type"):
        _name(getattr(checkpoint, field), field)
    for field in ("ns", "parent_id", "run_id"):
        _name(getattr(checkpoint, field), field, is_needed=False)
    if len(checkpoint.blobs) > BLOBS or len(checkpoint.versions) > BLOBS:
        raise TooLarge(f"more than {BLOBS} blobs", code="batch_too_large", param="blobs")
    for number, blob in enumerate(checkpoint.blobs):
        for field in ("channel", "version", "type"):
            _name(getattr(blob, field), f"blobs[{number}].{field}")
    for channel, version in checkpoint.versions.items():
        _name(channel, "versions")
        _name(version, "versions")
    if len(msgspec.json.encode(checkpoint.facts)) > FACTS:
        raise TooLarge(
            f"facts are larger than {FACTS} bytes", code="field_too_large", param="facts"
        )
    for name, fact in checkpoint.facts.items():
        short(name, "facts")
        short(fact if isinstance(fact, str) else None, f"facts.{name}", FACTS)


def _name(text: str | None, param: str, *, is_needed: bool = True) -> None:
    if short(text, param, NAME) is None and is_needed:
        raise Invalid(f"{param} is empty", param=param)
