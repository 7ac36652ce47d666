"""Messages: append, list in both directions, read, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import Invalid, NotFound, TooLarge
from hansard.ids import SESSION, seq_of
from hansard.service.appends import Appends
from hansard.service.render_cache import RenderCache, Stretch, fitting
from hansard.service.rules import forget_deleted, not_ahead, own_id, ref, short, spent, write
from hansard.store.verbs import message_pages as pages
from hansard.store.verbs import messages as verbs
from hansard.store.verbs import session_lookup
from hansard.store.verbs.append_batch import Append

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import Message, MessageDraft, MessageQuery, Session
    from hansard.model.idempotency import IdempotentRequest
    from hansard.service.audit import Audit
    from hansard.service.render_cache import MessageProjection
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.verbs.session_lookup import AppendHead, SessionRevision

BATCH = 100
_FRAGMENT_BYTES = 16 * 1024 * 1024


class Messages:
    def __init__(
        self, store: Store, ids: IdSource, clock: Callable[[], int], audit: Audit, cursors: Cursors
    ) -> None:
        self._store = store
        self._cursors = cursors
        self._audit = audit
        self._ids = ids
        self._clock = clock
        self._render_cache = RenderCache(_FRAGMENT_BYTES)
        self._appends = Appends(store, ids)

    async def append(
        self,
        principal: Principal,
        session: str,
        drafts: Sequence[MessageDraft],
        *,
        expected_seq: int | None = None,
        once: IdempotentRequest | None = None,
    ) -> tuple[AppendHead, list[Message]]:
        """Append 1-100 messages, durable when this returns; a known ``client_id`` gives the stored message back.

        Raises Conflict ``seq_mismatch`` with the current ``seq`` when the session is not at ``expected_seq``.
        """
        now = self._clock()
        check(drafts, now)
        return await self._appends.add(
            Append(ref(principal, session), drafts, now, expected_seq, once)
        )

    async def list(
        self, principal: Principal, session: str, query: MessageQuery
    ) -> tuple[Session, list[Message], bool]:
        """The session, a stretch of its messages, and whether there are more in the direction of reading."""
        return await self._store.read(pages.page, ref(principal, session), query)

    async def standing(self, principal: Principal, session: str) -> SessionRevision:
        """As of which change the session stands; NotFound."""
        return await self._store.read(session_lookup.standing, ref(principal, session))

    async def list_as(
        self,
        principal: Principal,
        of: SessionRevision,
        query: MessageQuery,
        projection: MessageProjection,
    ) -> Stretch:
        """A stretch of a session's messages encoded by ``projection``; only those that were not shown lately are read."""
        here, name, since = principal.workspace_id, of.name, self._render_cache.clearings
        places, more = await self._store.read(pages.places, here, of.id, query)
        rendered, missing = self._render_cache.look_up(
            projection.name, here, [(ident, name) for _, _, ident in places]
        )
        order = pages.reading_order(query, places)
        unread = set[str]()
        if missing:
            lacking = set(missing)
            wanted = [row for row in order if row[2] in lacking]
            fetched = await self._store.read(pages.fetch, here, of.id, wanted, query.most_bytes)
            unread = {ident for _, _, ident in wanted[fetched.reached :]}
            rendered |= self._render_cache.keep_messages(
                projection, here, name, fetched.messages, since
            )
        count = fitting([ident for _, _, ident in order], rendered, unread, query.most_bytes)
        if count < len(order):
            more = more or pages.has_left_out(query, order, count)
            places = pages.in_order(query, order[:count])
        ends = [row[0] for row in (places[:1] + places[-1:])]
        return Stretch(
            [rendered[ident] for _, _, ident in places if ident in rendered],
            more,
            (min if query.backwards else max)(ends, default=None),
        )

    def cursor(
        self, principal: Principal, walk: Sequence[object], query: MessageQuery, seq: int
    ) -> str:
        """What goes on behind ``seq`` in the direction of ``query``; ``walk`` is what makes it this list of messages and no other."""
        return self._cursors.write(
            principal.workspace_id,
            ["messages", *walk],
            ("before" if query.backwards else "after", seq),
        )

    def place_of(self, principal: Principal, walk: Sequence[object], cursor: str) -> dict[str, int]:
        """Where a cursor of this very list goes on, as a field of MessageQuery; Invalid."""
        field, seq = self._cursors.read(principal.workspace_id, ["messages", *walk], cursor)
        return {field: seq}

    async def read(self, principal: Principal, session: str, name: str) -> tuple[Session, Message]:
        """One message by its id or by the caller's ``client_id``."""
        return await self._store.read(verbs.get, ref(principal, session), name, seq_of(name))

    async def place(self, principal: Principal, session: str, name: str, *, param: str) -> int:
        """The ``seq`` that a message id, a ``client_id`` or a number stands for; Invalid names ``param`` for what is none of this session's."""
        if name.isascii() and name.isdigit() and len(name) < 16:  # noqa: PLR2004 - within 64 bits
            return int(name)
        if "\x00" in name:  # no id holds one, and PostgreSQL takes none
            raise Invalid(f"{name!r} is neither a seq nor a message of this session", param=param)
        try:
            return await self._store.read(verbs.place, ref(principal, session), name, seq_of(name))
        except NotFound as problem:
            if problem.code == "message_not_found":
                raise Invalid(
                    f"{name!r} is neither a seq nor a message of this session", param=param
                ) from problem
            raise

    async def delete(
        self,
        principal: Principal,
        session: str,
        name: str,
        *,
        once: IdempotentRequest | None = None,
    ) -> Session:
        """Empty one message for ever; the session as it is afterwards."""
        now = self._clock()
        told = self._audit.within(
            lambda after: self._audit.act(principal, "message.deleted", f"{SESSION}{after.id}"),
            verbs.delete,
        )
        after = await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            told,
            ref(principal, session),
            name,
            seq_of(name),
            now,
        )
        await forget_deleted(self._store, principal.workspace_id)
        return after


def check(drafts: Sequence[MessageDraft], now: int) -> None:
    """Refuse a batch that no session could take: Invalid or TooLarge."""
    if not drafts:
        raise Invalid("messages is empty: give at least one", param="messages")
    if len(drafts) > BATCH:
        raise TooLarge(
            f"{len(drafts)} messages: at most {BATCH} per call",
            param="messages",
            code="batch_too_large",
        )
    seen = set[str]()
    for index, draft in enumerate(drafts):
        where = f"messages[{index}]"
        check_one(draft, where, now)
        if draft.client_id is not None:
            if draft.client_id in seen:
                raise Invalid(
                    f"{where}.client_id {draft.client_id!r} stands twice in this call",
                    param=f"{where}.client_id",
                )
            seen.add(draft.client_id)


def check_one(given: MessageDraft | Message, where: str, now: int) -> None:
    """Refuse a message that no session could take, wherever it comes from: Invalid names the field."""
    if given.client_id is not None:
        own_id(given.client_id, f"{where}.client_id")
    if given.run_id is not None:
        own_id(given.run_id, f"{where}.run_id")
    short(given.sender_id, f"{where}.sender_id")
    short(given.model, f"{where}.model")
    not_ahead(given.created_at, now, f"{where}.created_at")
    spent(given, where)
