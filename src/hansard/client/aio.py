"""The async client, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self, Unpack

import httpx

from hansard.client import (
    checkpoints,
    documents,
    following,
    keys,
    messages,
    notes,
    overviews,
    runs,
    search,
    sessions,
    stats,
    users,
)
from hansard.client.params import NewRun
from hansard.client.requests import RetryPolicy
from hansard.client.run_context import AsyncRunning
from hansard.client.structs import Event, Message
from hansard.client.verbs import AsyncResource, async_paging, awaiting
from hansard.client.wire import AsyncWire, address, headers


class AsyncSessions(AsyncResource):
    start = awaiting(sessions.start)
    list = async_paging(sessions.listing)
    count = awaiting(sessions.count)
    read = awaiting(sessions.read)
    lookup = async_paging(sessions.lookup)
    update = awaiting(sessions.update)
    end = awaiting(sessions.end)
    archive = awaiting(sessions.archive)
    unarchive = awaiting(sessions.unarchive)
    fork = awaiting(sessions.fork)
    copy = awaiting(sessions.copy)
    context = awaiting(sessions.context)
    diff = async_paging(sessions.diff)
    facets = awaiting(overviews.facets)
    delete = awaiting(sessions.delete)

    def tail(self, session: str, *, after: str | int | None = None) -> AsyncGenerator[Message]:
        """Follow a session's new messages, without end.

        It begins with the messages after ``after``, else with those that come once the iteration
        has begun. A broken connection is resumed. Raises NotFound when the session is deleted; with
        a key that is narrowed to one user or app, not before the connection is made again.
        """
        return following.async_tail(self._wire, session, after)


class AsyncMessages(AsyncResource):
    append = awaiting(messages.append)
    rewind = awaiting(messages.rewind)
    edit = awaiting(messages.edit)
    named = awaiting(messages.named)
    list = async_paging(messages.listing)
    read = awaiting(messages.read)
    delete = awaiting(messages.delete)


class AsyncRuns(AsyncResource):
    heartbeat = awaiting(runs.heartbeat)
    finish = awaiting(runs.finish)
    list = async_paging(runs.listing)
    read = awaiting(runs.read)

    def start(
        self, session: str, *, idempotency_key: str | None = None, **fields: Unpack[NewRun]
    ) -> AsyncRunning:
        """Start a run, or get the one that has this ``id``, when it is awaited.

        With ``async with`` it keeps its lease alive and finishes with the block. Raises Conflict
        ``run_open`` when it is ``exclusive`` and another run of the session is open.
        """
        request = runs.start(session, idempotency_key=idempotency_key, **fields)
        return AsyncRunning(self._wire, request, lease=fields.get("lease_seconds", runs.LEASE))


class AsyncNotes(AsyncResource):
    add = awaiting(notes.add)
    list = async_paging(notes.listing)
    delete = awaiting(notes.delete)


class AsyncScores(AsyncResource):
    give = awaiting(notes.score)
    list = async_paging(notes.scores)
    delete = awaiting(notes.delete_score)


class AsyncDocuments(AsyncResource):
    read = awaiting(documents.read)
    put = awaiting(documents.put)
    delete = awaiting(documents.delete)
    list = async_paging(documents.listing)
    batch = awaiting(documents.batch)


class AsyncCheckpoints(AsyncResource):
    put = awaiting(checkpoints.put)
    write = awaiting(checkpoints.write)
    list = async_paging(checkpoints.listing)
    prune = awaiting(checkpoints.prune)
    delete_run = awaiting(checkpoints.delete_run)


class AsyncKeys(AsyncResource):
    create = awaiting(keys.create)
    list = awaiting(keys.listing)
    rotate = awaiting(keys.rotate)
    revoke = awaiting(keys.revoke)


class AsyncUsers(AsyncResource):
    erase = awaiting(users.erase)
    erasures = awaiting(users.erasures)


class AsyncHansard(AsyncResource):
    """A client of a Hansard server. One is enough for an event loop; tasks may share it.

    Without ``url`` and ``api_key`` it takes HANSARD_URL and HANSARD_API_KEY from the environment.
    ``timeout`` is in seconds. Connection errors, 408, 429 and 5xx are retried ``retries`` times,
    after the time that the server asks for, else after a random pause that doubles. Every write
    carries an idempotency key, the same on each try.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 2,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        http = httpx.AsyncClient(
            base_url=address(url), headers=headers(api_key), timeout=timeout, transport=transport
        )
        super().__init__(AsyncWire(http, RetryPolicy(retries=retries)))
        self.sessions = AsyncSessions(self._wire)
        self.messages = AsyncMessages(self._wire)
        self.runs = AsyncRuns(self._wire)
        self.notes = AsyncNotes(self._wire)
        self.scores = AsyncScores(self._wire)
        self.documents = AsyncDocuments(self._wire)
        self.checkpoints = AsyncCheckpoints(self._wire)
        self.keys = AsyncKeys(self._wire)
        self.users = AsyncUsers(self._wire)

    search = async_paging(search.search)
    workspace = awaiting(keys.workspace)
    stats = awaiting(stats.stats)
    attention = awaiting(overviews.attention)

    def events(self, *, after: int | None = None) -> AsyncGenerator[Event]:
        """Follow the workspace's events without end.

        They begin after the id ``after``, else now.

        A broken connection is resumed.
        """
        return following.async_follow_events(self._wire, after)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
