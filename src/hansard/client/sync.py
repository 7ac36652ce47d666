"""The blocking client."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self, Unpack
from weakref import finalize

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
from hansard.client.run_context import Running
from hansard.client.structs import Event, Message
from hansard.client.verbs import Resource, blocking, paging
from hansard.client.wire import Wire, address, headers


class Sessions(Resource):
    start = blocking(sessions.start)
    list = paging(sessions.listing)
    count = blocking(sessions.count)
    read = blocking(sessions.read)
    lookup = paging(sessions.lookup)
    update = blocking(sessions.update)
    end = blocking(sessions.end)
    archive = blocking(sessions.archive)
    unarchive = blocking(sessions.unarchive)
    fork = blocking(sessions.fork)
    copy = blocking(sessions.copy)
    context = blocking(sessions.context)
    diff = paging(sessions.diff)
    facets = blocking(overviews.facets)
    delete = blocking(sessions.delete)

    def tail(self, session: str, *, after: str | int | None = None) -> Iterator[Message]:
        """Follow a session's new messages, without end.

        It begins with the messages after ``after``, else with those that come once the iteration
        has begun. A broken connection is resumed. Raises NotFound when the session is deleted; with
        a key that is narrowed to one user or app, not before the connection is made again.
        """
        return following.tail(self._wire, session, after)


class Messages(Resource):
    append = blocking(messages.append)
    rewind = blocking(messages.rewind)
    edit = blocking(messages.edit)
    named = blocking(messages.named)
    list = paging(messages.listing)
    read = blocking(messages.read)
    delete = blocking(messages.delete)


class Runs(Resource):
    heartbeat = blocking(runs.heartbeat)
    finish = blocking(runs.finish)
    list = paging(runs.listing)
    read = blocking(runs.read)

    def start(
        self, session: str, *, idempotency_key: str | None = None, **fields: Unpack[NewRun]
    ) -> Running:
        """Start a run, or get the one that has this ``id``.

        As a context manager it keeps its lease alive and finishes with the block. Raises Conflict
        ``run_open`` when it is ``exclusive`` and another run of the session is open.
        """
        run = self._wire.send(runs.start(session, idempotency_key=idempotency_key, **fields))
        return Running(self._wire, run, lease=fields.get("lease_seconds", runs.LEASE))


class Notes(Resource):
    add = blocking(notes.add)
    list = paging(notes.listing)
    delete = blocking(notes.delete)


class Scores(Resource):
    give = blocking(notes.score)
    list = paging(notes.scores)
    delete = blocking(notes.delete_score)


class Documents(Resource):
    read = blocking(documents.read)
    put = blocking(documents.put)
    delete = blocking(documents.delete)
    list = paging(documents.listing)
    batch = blocking(documents.batch)


class Checkpoints(Resource):
    put = blocking(checkpoints.put)
    write = blocking(checkpoints.write)
    list = paging(checkpoints.listing)
    prune = blocking(checkpoints.prune)
    delete_run = blocking(checkpoints.delete_run)


class Keys(Resource):
    create = blocking(keys.create)
    list = blocking(keys.listing)
    rotate = blocking(keys.rotate)
    revoke = blocking(keys.revoke)


class Users(Resource):
    erase = blocking(users.erase)
    erasures = blocking(users.erasures)


class Hansard(Resource):
    """A client of a Hansard server. One is enough for a process; threads may share it.

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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        http = httpx.Client(
            base_url=address(url), headers=headers(api_key), timeout=timeout, transport=transport
        )
        super().__init__(Wire(http, RetryPolicy(retries=retries)))
        if transport is None:  # who drops a client that was not closed leaves no connection open
            finalize(self._wire, http.close).atexit = False
        self.sessions = Sessions(self._wire)
        self.messages = Messages(self._wire)
        self.runs = Runs(self._wire)
        self.notes = Notes(self._wire)
        self.scores = Scores(self._wire)
        self.documents = Documents(self._wire)
        self.checkpoints = Checkpoints(self._wire)
        self.keys = Keys(self._wire)
        self.users = Users(self._wire)

    search = paging(search.search)
    workspace = blocking(keys.workspace)
    stats = blocking(stats.stats)
    attention = blocking(overviews.attention)

    def events(self, *, after: int | None = None) -> Iterator[Event]:
        """Follow the workspace's events without end.

        They begin after the id ``after``, else now.

        A broken connection is resumed.
        """
        return following.follow_events(self._wire, after)

    def close(self) -> None:
        """Close the connections."""
        self._wire.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
