"""Messages: append, list in both directions, read, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import Invalid, NotFound, TooLarge
from hansard.ids import SESSION, seq_of
from hansard.model.bounds import check_message
from hansard.service.appends import Appends
from hansard.service.render_cache import RenderCache, Stretch, fitting
from hansard.service.rules import forget_deleted, ref, write
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
        self._render_cache = RenderCache("rendered_messages", _FRAGMENT_BYTES)
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
        """Append 1-100 messages; durable when this returns.

        A known ``client_id`` gives the stored message back. Raises Conflict ``seq_mismatch``, with
        the current ``seq``, when the session is not at ``expected_seq``.
        """
        now = self._clock()
        check(drafts, now)
        return await self._appends.add(
            Append(ref(principal, session), drafts, now, expected_seq, once)
        )

    async def list(
        self, principal: Principal, session: str, query: MessageQuery
    ) -> tuple[Session, list[Message], bool]:
        """The session, a range of its messages, and whether more follow in reading direction."""
        return await self._store.read(pages.page, ref(principal, session), query)

    async def standing(self, principal: Principal, session: str) -> SessionRevision:
        """The revision of the session; NotFound."""
        return await self._store.read(session_lookup.standing, ref(principal, session))

    async def list_as(
        self,
        principal: Principal,
        of: SessionRevision,
        query: MessageQuery,
        projection: MessageProjection,
    ) -> Stretch:
        """A range of messages encoded by ``projection``.

        Only messages that are not in the render cache are read.
        """
        workspace_id, name, since = principal.workspace_id, of.name, self._render_cache.clearings
        rows, more = await self._store.read(pages.positions, workspace_id, of.id, query)
        rendered, missing = self._render_cache.look_up(
            projection.name, workspace_id, [(message_id, name) for _, _, message_id in rows]
        )
        order = pages.reading_order(query, rows)
        unread = set[str]()
        if missing:
            lacking = set(missing)
            unread_rows = [row for row in order if row[2] in lacking]
            fetched = await self._store.read(
                pages.fetch, workspace_id, of.id, unread_rows, query.most_bytes
            )
            unread = {message_id for _, _, message_id in unread_rows[fetched.reached :]}
            rendered |= self._render_cache.keep_messages(
                projection, workspace_id, name, fetched.messages, since
            )
        count = fitting(
            [message_id for _, _, message_id in order], rendered, unread, query.most_bytes
        )
        if count < len(order):
            more = more or pages.has_left_out(query, order, count)
            rows = pages.in_order(query, order[:count])
        ends = [row[0] for row in (rows[:1] + rows[-1:])]
        return Stretch(
            [rendered[message_id] for _, _, message_id in rows if message_id in rendered],
            more,
            (min if query.backwards else max)(ends, default=None),
        )

    def cursor(
        self, principal: Principal, walk: Sequence[object], query: MessageQuery, seq: int
    ) -> str:
        """The cursor that continues after ``seq`` in the direction of ``query``.

        ``walk`` identifies the list, so that the cursor is valid for this list alone.
        """
        return self._cursors.write(
            principal.workspace_id,
            ["messages", *walk],
            ("before" if query.backwards else "after", seq),
        )

    def position_of(
        self, principal: Principal, walk: Sequence[object], cursor: str
    ) -> dict[str, int]:
        """The position of a cursor of this list, as a field of MessageQuery; Invalid."""
        field, seq = self._cursors.read(principal.workspace_id, ["messages", *walk], cursor)
        return {field: seq}

    async def read(self, principal: Principal, session: str, name: str) -> tuple[Session, Message]:
        """One message by its id or by the caller's ``client_id``."""
        return await self._store.read(verbs.get, ref(principal, session), name, seq_of(name))

    async def find_seq(self, principal: Principal, session: str, name: str, *, param: str) -> int:
        """The ``seq`` of a message id, a ``client_id`` or a number.

        Raises Invalid, naming ``param``, when this session has no such message.
        """
        if name.isascii() and name.isdigit() and len(name) < 16:  # noqa: PLR2004 - within 64 bits
            return int(name)
        if "\x00" in name:  # no id holds one, and PostgreSQL takes none
            raise Invalid(f"{name!r} is neither a seq nor a message of this session", param=param)
        try:
            return await self._store.read(
                verbs.find_seq, ref(principal, session), name, seq_of(name)
            )
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
        """Delete the content of a message for good; returns the changed session."""
        now = self._clock()
        noted_delete = self._audit.within(
            lambda after: self._audit.act(principal, "message.deleted", f"{SESSION}{after.id}"),
            verbs.delete,
        )
        after = await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            noted_delete,
            ref(principal, session),
            name,
            seq_of(name),
            now,
        )
        await forget_deleted(self._store, principal.workspace_id)
        return after


def check(drafts: Sequence[MessageDraft], now: int) -> None:
    """Raise Invalid or TooLarge for a batch that no session accepts."""
    if not drafts:
        raise Invalid("messages is empty: send at least one", param="messages")
    if len(drafts) > BATCH:
        raise TooLarge(
            f"{len(drafts)} messages: at most {BATCH} per call",
            param="messages",
            code="batch_too_large",
        )
    seen = set[str]()
    for index, draft in enumerate(drafts):
        path = f"messages[{index}]"
        check_message(draft, path, now)
        if draft.client_id is not None:
            if draft.client_id in seen:
                raise Invalid(
                    f"{path}.client_id {draft.client_id!r} occurs twice in this call",
                    param=f"{path}.client_id",
                )
            seen.add(draft.client_id)
