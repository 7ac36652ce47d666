"""pydantic-ai's conversation store: ``HansardConversationStore().save(result)``."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationRecord,
    ConversationStore,
)

from hansard.adapters.clients import shared_async_client
from hansard.adapters.naming import session_name
from hansard.adapters.pydantic_ai_messages import draft, entry_of
from hansard.client import (
    AsyncHansard,
    Conflict,
    Document,
    DocumentSet,
    Message,
    NotFound,
    SessionStart,
)

KEY = "pydantic-ai"
"""The document of a session that holds the conversation's record."""
_AT_ONCE, _PAGE, _REMEMBERED = 100, 200, 1000
_WHILE_DELETED = timedelta(minutes=1)
_record = TypeAdapter(ConversationRecord)


class HansardConversationStore(ConversationStore):
    """Conversations of pydantic-ai, each a session, its messages readable and searchable.

    The first save creates the session with the fields of ``start``; a conversation's scope is the
    session's user. Without a ``client`` it uses the one of HANSARD_URL and HANSARD_API_KEY. A save
    of up to 100 messages is one transaction; raises ConversationConflict, and what the client
    raises. A fork is a session of its own with copies of the messages, so that ``delete`` deletes
    all that a conversation has.
    """

    def __init__(
        self, client: AsyncHansard | None = None, *, start: SessionStart | None = None
    ) -> None:
        self._own_client = client
        self._start: SessionStart = {"channel": "pydantic-ai", **(start or {})}
        self._revisions: OrderedDict[str, int] = OrderedDict()
        self._sessions: OrderedDict[str, str] = OrderedDict()

    @property
    def _client(self) -> AsyncHansard:
        return self._own_client or shared_async_client()

    async def read_record(self, conversation_id: str) -> ConversationRecord | None:
        """The record of a conversation, None where there is none."""
        name = session_name(conversation_id)
        with suppress(NotFound):
            return self._record_of(await self._client.documents.read(KEY, session=name))
        return None

    async def read_records(
        self, *, scope: str | None = None, limit: int | None = None
    ) -> Sequence[ConversationRecord]:
        """The records, the one saved last first; with a limit, of the sessions last active."""
        records: list[ConversationRecord] = []
        listing = self._client.sessions.list(
            channel=self._start["channel"] or (),
            user=scope or (),
            archived="any",
            with_documents=KEY,
            page_size=_PAGE if limit is None else max(1, min(limit, _PAGE)),
        )
        async for session in listing:
            if len(records) == limit:
                break
            document = session.documents.get(KEY)
            record = None if document is None else self._record_of(document)
            if record is not None and scope in {None, record.scope}:
                records.append(record)
        return sorted(records, key=lambda record: record.updated_at, reverse=True)

    async def write_record(
        self,
        record: ConversationRecord,
        *,
        new_entries: Sequence[ConversationEntry] = (),
        expected_revision: str | None,
    ) -> None:
        """Store a record and its new entries, in one transaction where they are at most 100."""
        at = await self._revision(record.conversation_id, expected_revision)
        document: DocumentSet = {
            "scope": "session",
            "session": session_name(record.conversation_id),
            "key": KEY,
            "value": json.loads(_record.dump_json(record)),
            "if_revision": at,
        }
        try:
            if at == 0 and record.head_id is not None and not new_entries:
                await self._fork(record)
            await self._write(record, new_entries, document)
        except (Conflict, NotFound, KeyError) as error:
            raise ConversationConflict(record.conversation_id) from error
        self._remember(record, at + 1)

    async def delete_record(self, conversation_id: str, *, expected_revision: str) -> None:
        """Delete the session for ever, with all that the conversation has."""
        name = session_name(conversation_id)
        at = await self._revision(conversation_id, expected_revision)
        until = datetime.now(UTC) + _WHILE_DELETED
        try:  # a mark that is no record, so that nobody saves into a session that is going
            await self._client.documents.put(
                KEY, {}, session=name, if_revision=at, expires_at=until
            )
        except (Conflict, NotFound) as error:
            raise ConversationConflict(conversation_id) from error
        with suppress(NotFound):
            await self._client.sessions.delete(name)

    async def read_entry(self, entry_id: str) -> ConversationEntry:
        """An entry by its id, whatever conversation it is of; KeyError where it is not there."""
        for message in await self._client.messages.named(entry_id, items=True):
            if (entry := entry_of(message)) is not None:
                return entry
        raise KeyError(entry_id)

    async def read_history(
        self, head_id: str | None, *, limit: int | None = None
    ) -> list[ConversationEntry]:
        """The entries up to ``head_id``, in order, or the last ``limit``; KeyError without them."""
        if head_id is None or limit == 0:
            return []
        known = self._sessions.get(head_id)
        if known is not None:
            with suppress(NotFound, KeyError):
                return await self._walk(known, head_id, limit)
        return await self._walk((await self._message(head_id)).session_id, head_id, limit)

    async def _walk(self, session: str, head_id: str, limit: int | None) -> list[ConversationEntry]:
        """From the newest message back along the parents; others are of branches that were left."""
        entries: list[ConversationEntry] = []
        wanted: str | None = head_id
        size = _PAGE if limit is None else min(limit, _PAGE)
        listing = self._client.messages.list(session, order="desc", items=True, page_size=size)
        async for message in listing:
            if message.client_id == wanted and (entry := entry_of(message)) is not None:
                entries.append(entry)
                wanted = entry.parent_id
                if wanted is None or len(entries) == limit:
                    return entries[::-1]
        raise KeyError(wanted)

    async def _write(
        self,
        record: ConversationRecord,
        entries: Sequence[ConversationEntry],
        document: DocumentSet,
    ) -> None:
        client, name = self._client, session_name(record.conversation_id)
        start: SessionStart = {**self._start, **({"user": record.scope} if record.scope else {})}
        if not entries:
            if document["if_revision"] == 0:
                await client.sessions.start(name, **start)
            await client.documents.batch([document])
            return
        drafts = [draft(entry) for entry in entries]
        whole = len(drafts) - (len(drafts) - 1) % _AT_ONCE - 1
        for first in range(0, whole, _AT_ONCE):
            await client.messages.append(name, *drafts[first : first + _AT_ONCE], start=start)
        await client.messages.append(name, *drafts[whole:], start=start, documents=[document])

    async def _fork(self, record: ConversationRecord) -> None:
        """A session with the messages up to the head, which belong to another conversation."""
        head = await self._message(record.head_id or "")
        name = session_name(record.conversation_id)
        forked = await self._client.sessions.fork(head.session_id, message=head.seq, id=name)
        if record.scope and forked.user != record.scope:
            await self._client.sessions.update(name, user=record.scope)

    async def _message(self, entry_id: str) -> Message:
        messages = await self._client.messages.named(entry_id)
        if not messages:
            raise KeyError(entry_id)
        return messages[0]

    async def _revision(self, conversation_id: str, expected: str | None) -> int:
        """The document's revision that holds the record of this revision, 0 for no record."""
        if expected is None:
            return 0
        if expected not in self._revisions:
            record = await self.read_record(conversation_id)
            if record is None or record.revision != expected:
                raise ConversationConflict(conversation_id)
        return self._revisions[expected]

    def _record_of(self, document: Document) -> ConversationRecord | None:
        if not document.value:
            return None
        record = _record.validate_json(json.dumps(document.value))
        self._remember(record, document.revision)
        return record

    def _remember(self, record: ConversationRecord, revision: int) -> None:
        """Note the revision of a record, and which session its head is in: it spares reads."""
        self._revisions[record.revision] = revision
        if record.head_id is not None:
            self._sessions[record.head_id] = session_name(record.conversation_id)
        for kept in (self._revisions, self._sessions):
            while len(kept) > _REMEMBERED:
                kept.popitem(last=False)
