"""The storage of Strands Agents: ``SnapshotSessionManager("id", storage=HansardStorage())``."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from strands.storage import Storage
from strands.types.exceptions import StorageError

from hansard.adapters.clients import shared_client
from hansard.adapters.naming import session_name
from hansard.adapters.strands_transcript import Transcript, is_latest, session_of
from hansard.client import Hansard, HansardError, NotFound, SessionStart

T = TypeVar("T")
_PAGE = 200


class HansardStorage(Storage):
    """Bytes under keys, each a document; an agent's snapshots are a readable session besides.

    The documents of a session of the framework are those of the session of its id, whose messages
    are those of the agent's latest snapshot; the first creates it with the fields of ``start``. All
    other documents belong to ``app``, or to its end user ``user``. Without a ``client`` it uses the
    one of HANSARD_URL and HANSARD_API_KEY: a blocking one, in threads, since the framework calls
    its storage in event loops of its own. A value has at most 4 MiB, a key 512 characters; raises
    StorageError for whatever goes wrong.
    """

    def __init__(
        self,
        client: Hansard | None = None,
        *,
        app: str = "strands",
        user: str | None = None,
        start: SessionStart | None = None,
    ) -> None:
        self._own_client = client
        self._start: SessionStart = {
            "channel": "strands", "app": app, "user": user, **(start or {})
        }  # fmt: skip
        self._owner = {"scope": "user" if user else "app", "app": app, "user": user}
        self._transcript = Transcript()

    @property
    def _client(self) -> Hansard:
        return self._own_client or shared_client()

    async def write(self, key: str, data: bytes) -> None:
        """Store a value, durable when this returns, in one transaction with the transcript."""
        await _attempt(f"{key!r} was not written", lambda: self._write(key, bytes(data)))

    async def read(self, key: str) -> bytes | None:
        """The value of a key, None where it has none."""
        return await _attempt(f"{key!r} was not read", lambda: self._read(key))

    async def delete(self, key: str) -> None:
        """Delete a value for ever; with an agent's latest snapshot goes the session."""
        await _attempt(f"{key!r} was not deleted", lambda: self._delete(key))

    async def list(self, query: str = "") -> builtins.list[str]:
        """The keys that begin with ``query``, in order.

        Where it does not name a session it is a request for each session of the app.
        """
        return await _attempt(f"keys {query!r} were not listed", lambda: self._list(query))

    def _write(self, key: str, data: bytes) -> None:
        """A document, and of an agent's latest snapshot the messages that its session lacks."""
        value = {"key": key, "base64": data, "type": "application/octet-stream"}
        document: Any = self._of(key) | value
        session = session_of(key)
        if session is None:
            self._client.documents.batch([document])
            return
        name = session_name(session)
        messages = self._transcript.lacking(session, data) if is_latest(key) else []
        if messages:
            self._client.messages.append(name, *messages, start=self._start, documents=[document])
        else:
            self._put(name, document)
        if is_latest(key):
            for id, message in self._transcript.redacted(session, data).items():
                self._client.messages.edit(name, id, message)
            self._transcript.has(session, data)

    def _put(self, session: str, document: Any) -> None:  # noqa: ANN401 - a DocumentSet
        try:
            self._client.documents.batch([document])
        except NotFound:
            self._client.sessions.start(session, **self._start)
            self._client.documents.batch([document])

    def _read(self, key: str) -> bytes | None:
        with suppress(NotFound):
            return self._client.documents.read(key, **self._of(key)).base64
        return None

    def _delete(self, key: str) -> None:
        session = session_of(key)
        with suppress(NotFound):
            if session is not None and is_latest(key):
                self._transcript.forget(session)
                self._client.sessions.delete(session_name(session))
            else:
                self._client.documents.delete(key, **self._of(key))

    def _list(self, query: str) -> builtins.list[str]:
        keys = self._keys(query, self._of(query))
        if session_of(query) is None:
            for session in self._client.sessions.list(
                app=self._start["app"] or (),
                channel=self._start["channel"] or (),
                user=self._start["user"] or (),
                archived="any",
                page_size=_PAGE,
            ):
                keys += self._keys(query, _owned_by(session.uid))
        return sorted(keys)

    def _keys(self, prefix: str, owner: dict[str, Any]) -> builtins.list[str]:
        with suppress(NotFound):
            listing = self._client.documents.list(
                **owner, prefix=prefix, bodies=False, page_size=_PAGE
            )
            return [document.key for document in listing]
        return []

    def _of(self, key: str) -> dict[str, Any]:
        """Whose document a key is."""
        session = session_of(key)
        return self._owner if session is None else _owned_by(session_name(session))


def _owned_by(session: str) -> dict[str, Any]:
    return {"scope": "session", "session": session}


async def _attempt(what: str, work: Callable[[], T]) -> T:
    """What the work gives; where the client has an error, the framework's, which says what.

    A caller that is cancelled waits for it: an older snapshot would else follow a newer one.
    """
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise
    except HansardError as error:
        raise StorageError(f"{what}: {error}") from error
