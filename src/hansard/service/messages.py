"""Messages: append, list in both directions, read, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Invalid, NotFound, TooLarge
from hansard.ids import SESSION, seq_of
from hansard.model.bounds import check_message, not_ahead
from hansard.service.appends import Appends
from hansard.service.documents import checked
from hansard.service.render_cache import RenderCache, Stretch, fitting
from hansard.service.rules import forget_deleted, ref, write
from hansard.service.session_rows import drafted
from hansard.service.turns import Turns
from hansard.store.verbs import edits, items, named_messages, rewinds, session_lookup, sessions
from hansard.store.verbs import message_pages as pages
from hansard.store.verbs import messages as verbs
from hansard.store.verbs.append_batch import Append

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import Message, MessageDraft, MessageQuery, Session, SessionDraft
    from hansard.model.document import DocumentDraft
    from hansard.model.idempotency import IdempotentRequest
    from hansard.model.item import Item
    from hansard.model.rewind import Cut, Rewound
    from hansard.service.audit import Audit
    from hansard.service.render_cache import MessageProjection
    from hansard.store import Store
    from hansard.store.cursors import Cursors
    from hansard.store.verbs.items import Itemed
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
        self._turns = Turns()

    async def append(  # noqa: PLR0913 - what an append is made of
        self,
        principal: Principal,
        session: str,
        drafts: Sequence[MessageDraft],
        *,
        expected_seq: int | None = None,
        start: SessionDraft | None = None,
        documents: Sequence[DocumentDraft] = (),
        once: IdempotentRequest | None = None,
    ) -> tuple[AppendHead, list[Message]]:
        """Append 1-100 messages; durable when this returns.

        Where the session is not there, ``start`` creates it, and ``documents`` are set, in the same
        transaction. A known ``client_id`` gives the stored message back. Raises Conflict
        ``seq_mismatch``, with the current ``seq``, when the session is not at ``expected_seq``.
        """
        now = self._clock()
        check(drafts, now)
        set_too = checked(principal, documents, within_session=True)
        row = None if start is None else await self._row(principal, session, start, now)
        return await self._appends.add(
            Append(ref(principal, session), drafts, now, expected_seq, once, row, set_too)
        )

    async def _row(self, principal: Principal, name: str, start: SessionDraft, now: int) -> Session:
        """The row of the session that an append creates."""
        not_ahead(start.created_at, now, "session.created_at")
        parent = None
        if start.parent is not None:
            parent = await self._store.read(sessions.get, ref(principal, start.parent))
        return drafted(principal, msgspec.structs.replace(start, id=name), parent, self._ids, now)

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
            projection.name,
            workspace_id,
            [(message_id, (name, edited_at)) for _, _, message_id, edited_at in rows],
        )
        order = pages.reading_order(query, rows)
        unread = set[str]()
        if missing:
            lacking = set(missing)
            unread_rows = [row for row in order if row[2] in lacking]
            fetched = await self._store.read(
                pages.fetch, workspace_id, of.id, unread_rows, query.most_bytes
            )
            unread = {row[2] for row in unread_rows[fetched.reached :]}
            rendered |= self._render_cache.keep_messages(
                projection, workspace_id, name, fetched.messages, since
            )
        count = fitting([row[2] for row in order], rendered, unread, query.most_bytes)
        if count < len(order):
            more = more or pages.has_left_out(query, order, count)
            rows = pages.in_order(query, order[:count])
        ends = [row[0] for row in (rows[:1] + rows[-1:])]
        return Stretch(
            [rendered[row[2]] for row in rows if row[2] in rendered],
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

    async def list_with_items(
        self, principal: Principal, session: str, query: MessageQuery
    ) -> tuple[Session, Itemed, bool]:
        """The session, a range of its messages with their items, and whether more follow."""
        return await self._store.read(items.page, ref(principal, session), query)

    async def read(self, principal: Principal, session: str, name: str) -> tuple[Session, Message]:
        """One message by its id or by the caller's ``client_id``."""
        return await self._store.read(verbs.get, ref(principal, session), name, seq_of(name))

    async def read_with_item(
        self, principal: Principal, session: str, name: str
    ) -> tuple[Session, Message, Item | None]:
        """A message of the session, with its item."""
        return await self._store.read(
            verbs.get_with_item, ref(principal, session), name, seq_of(name)
        )

    async def named(
        self, principal: Principal, client_ids: Sequence[str]
    ) -> Sequence[tuple[str, Message, Item | None]]:
        """The messages that have one of these ``client_id``, each with its session's name.

        Raises Invalid for more than 100 of them.
        """
        if not 1 <= len(client_ids) <= BATCH:
            raise Invalid(f"name 1-{BATCH} client ids", param="client_id")
        return await self._store.read(
            named_messages.find, ref(principal, ""), sorted(set(client_ids))
        )

    async def rewind(
        self,
        principal: Principal,
        session: str,
        cut: Cut,
        drafts: Sequence[MessageDraft] = (),
        *,
        once: IdempotentRequest | None = None,
    ) -> Rewound:
        """Take the last messages away for ever, and append others, in one transaction."""
        now = self._clock()
        if drafts:
            check(drafts, now)
        rewind = self._audit.within(
            lambda result: self._audit.act(
                principal,
                "messages.rewound",
                f"{SESSION}{result[0].id}",
                messages=len(result[1].removed),
            ),
            rewinds.rewind,
        )
        async with self._turns.turn(principal.workspace_id, session):
            _, rewound = await write(
                self._store,
                once,
                principal.workspace_id,
                now,
                rewind,
                ref(principal, session),
                cut,
                drafts,
                self._ids,
                now,
            )
        if rewound.removed:
            await forget_deleted(self._store, principal.workspace_id)
        return rewound

    async def edit(
        self,
        principal: Principal,
        session: str,
        name: str,
        draft: MessageDraft,
        *,
        once: IdempotentRequest | None = None,
    ) -> tuple[Session, Message]:
        """Replace what a message says, in place; the content before is gone for good."""
        now = self._clock()
        check_message(draft, "message", now)
        edit = self._audit.within(
            lambda result: self._audit.act(
                principal, "message.edited", f"{SESSION}{result[0].id}", seq=result[1].seq
            ),
            edits.edit,
        )
        edited = await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            edit,
            ref(principal, session),
            name,
            seq_of(name),
            draft,
            now,
        )
        await forget_deleted(self._store, principal.workspace_id)
        return edited

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
        async with self._turns.turn(principal.workspace_id, session):
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


def check_count(count: int) -> None:
    """Raise TooLarge for more messages than one call may bring."""
    if count > BATCH:
        raise TooLarge(
            f"{count} messages: at most {BATCH} per call",
            param="messages",
            code="batch_too_large",
        )


def check(drafts: Sequence[MessageDraft], now: int) -> None:
    """Raise Invalid or TooLarge for a batch that no session accepts."""
    if not drafts:
        raise Invalid("messages is empty: send at least one", param="messages")
    check_count(len(drafts))
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
