"""The Claude Agent SDK's store: ``ClaudeAgentOptions(session_store=HansardStore())``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from claude_agent_sdk import fold_session_summary
from claude_agent_sdk.types import (
    SessionKey,
    SessionListSubkeysKey,
    SessionStoreEntry,
    SessionStoreListEntry,
    SessionSummaryEntry,
)

from hansard import client as api
from hansard.adapters.claude_entries import Batch, Drafts, Entry, entry_of, has_title, title_of
from hansard.adapters.clients import shared_async_client
from hansard.adapters.naming import joined_name
from hansard.client import (
    AsyncHansard,
    Conflict,
    DocumentSet,
    NotFound,
    SessionFilter,
    SessionStart,
)

SUMMARY = "claude.summary"
"""The key of the document that holds what the SDK keeps of a session for its lists."""
_ID, _SUBPATH = "claude_session_id", "claude_subpath"
_PAGE, _SUMMARIES = 200, 1000

Summary = tuple[int, dict[str, Any] | None]
"""The revision of a summary and its data; 0 and None where there is none."""


class HansardStore:
    """Transcripts of the Claude Agent SDK: each a session, those of sub-agents below it.

    Without a ``client`` it uses the one of HANSARD_URL and HANSARD_API_KEY. ``start`` has fields of
    the sessions that the first entries create, beside their ``app``, which is the project. An entry
    whose ``uuid`` the session has already is not stored again. Raises what the client raises.
    """

    def __init__(
        self, client: AsyncHansard | None = None, *, start: SessionStart | None = None
    ) -> None:
        self._own_client = client
        self._start: SessionStart = {"channel": "claude-agent-sdk", **(start or {})}
        self._drafts = Drafts()
        self._summaries: OrderedDict[str, Summary] = OrderedDict()

    @property
    def _client(self) -> AsyncHansard:
        return self._own_client or shared_async_client()

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Append entries, durable when this returns; the summary follows in the same transaction.

        Up to 100 entries are appended at once. A sub-agent's session creates the one above it.
        """
        raw = cast("list[dict[str, Any]]", entries)
        for batch in self._drafts.batches(_name(key), raw):
            await (self._append_below if key.get("subpath") else self._append)(key, batch)

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """All entries in their order; None where there are none."""
        listing = self._client.messages.list(_name(key), items=True, page_size=_PAGE)
        with suppress(NotFound):
            entries = [entry async for each in listing if (entry := entry_of(each)) is not None]
            return cast("list[SessionStoreEntry]", entries) or None
        return None

    async def list_sessions(self, project_key: str) -> list[SessionStoreListEntry]:
        """The sessions of a project, without those of sub-agents."""
        return [
            {"session_id": each.metadata[_ID], "mtime": _mtime(each)}
            async for each in self._client.sessions.list(page_size=_PAGE, **_mains(project_key))
            if _ID in each.metadata
        ]

    async def list_session_summaries(self, project_key: str) -> list[SessionSummaryEntry]:
        """What the SDK keeps of each session, all in as many requests as there are pages."""
        listing = self._client.sessions.list(
            page_size=_PAGE, with_documents=SUMMARY, **_mains(project_key)
        )
        return [
            {
                "session_id": each.metadata[_ID],
                "mtime": _mtime(each),
                "data": each.documents[SUMMARY].value,
            }
            async for each in listing
            if _ID in each.metadata and SUMMARY in each.documents
        ]

    async def delete(self, key: SessionKey) -> None:
        """Delete a session for ever, with those of its sub-agents."""
        self._summaries.pop(_name(key), None)
        with suppress(NotFound):
            await self._client.sessions.delete(_name(key), sub_sessions="delete")

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        """The subpaths of a session's sub-agents."""
        where: SessionFilter = {"parent": _name(key), "archived": "any", "has_messages": True}
        listing = self._client.sessions.list(page_size=_PAGE, **where)
        with suppress(NotFound):
            return [each.metadata[_SUBPATH] async for each in listing if _SUBPATH in each.metadata]
        return []

    async def _append(self, key: SessionKey, batch: Batch) -> None:
        """Append with the summary; where another process has changed it, once more with its own.

        A new title is set before: what is stored with it would not be appended, and so not be
        titled, a second time.
        """
        name = _name(key)
        entries, drafts = zip(*batch, strict=True)
        start, known = self._fields(key), self._summaries.get(name)
        if known is None and has_title(entries):
            known = await self._summary(name)
        revision, data = known or (0, None)
        while True:
            folded = _folded(key, data, entries)
            if (title := title_of(folded)) != title_of(data or {}):
                start = await self._titled(name, start, title)
            document: DocumentSet = {"scope": "session", "key": SUMMARY, "value": folded}
            document["if_revision"] = revision
            try:
                await self._client.messages.append(name, *drafts, start=start, documents=[document])
            except Conflict as conflict:
                if conflict.code != "revision_mismatch":
                    raise
                revision, data = await self._summary(name)
            else:
                return self._note(name, (revision + 1, folded))

    async def _append_below(self, key: SessionKey, batch: Batch) -> None:
        """Append to the session of a sub-agent, whose parent must be there."""
        above: SessionKey = {"project_key": key["project_key"], "session_id": key["session_id"]}
        start: SessionStart = {**self._fields(key), "parent": _name(above)}
        drafts = [draft for _, draft in batch]
        try:
            await self._client.messages.append(_name(key), *drafts, start=start)
        except NotFound:
            await self._client.sessions.start(_name(above), **self._fields(above))
            await self._client.messages.append(_name(key), *drafts, start=start)

    async def _titled(self, name: str, start: SessionStart, title: str | None) -> SessionStart:
        """Set the title of a session; the fields for one that is not there yet."""
        with suppress(NotFound):
            await self._client.sessions.update(name, title=title)
        return {**start, "title": title} if title else start

    def _fields(self, key: SessionKey) -> SessionStart:
        """The fields of a session that the first entries create."""
        metadata = {**(self._start.get("metadata") or {}), _ID: key["session_id"]}
        fields: SessionStart = {**self._start, "app": key["project_key"], "metadata": metadata}
        if subpath := key.get("subpath"):
            metadata[_SUBPATH] = subpath
            fields["agent"] = subpath.rpartition("/")[2]
        return fields

    async def _summary(self, name: str) -> Summary:
        with suppress(NotFound):
            document = await self._client.documents.read(SUMMARY, session=name)
            return document.revision, document.value
        return 0, None

    def _note(self, name: str, summary: Summary) -> None:
        """Remember a summary, so that the next append needs not read it."""
        self._summaries[name] = summary
        self._summaries.move_to_end(name)
        while len(self._summaries) > _SUMMARIES:
            self._summaries.popitem(last=False)


def _name(key: SessionKey | SessionListSubkeysKey) -> str:
    subpath = cast("str | None", key.get("subpath"))
    return joined_name(key["project_key"], key["session_id"], *([subpath] if subpath else []))


def _mains(project_key: str) -> SessionFilter:
    """The sessions of a project that have entries, without those of sub-agents."""
    return {
        "app": project_key,
        "sub_sessions": False,
        "archived": "any",
        "has_messages": True,
    }


def _folded(
    key: SessionKey, data: dict[str, Any] | None, entries: Sequence[Entry]
) -> dict[str, Any]:
    before: SessionSummaryEntry | None = None
    if data is not None:
        before = {"session_id": key["session_id"], "mtime": 0, "data": data}
    folded: dict[str, Any] = fold_session_summary(before, key, [*entries])["data"]
    return folded


def _mtime(session: api.Session) -> int:
    """When anything of a session was last stored, in milliseconds since the epoch."""
    return int(session.updated_at.timestamp() * 1000) if session.updated_at else 0
