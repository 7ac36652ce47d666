"""The session service of Google's ADK: ``adk web --session_service_uri=hansard://`` and runners."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from google.adk.cli.service_registry import get_service_registry
from google.adk.errors import StaleSessionError
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.sessions.base_session_service import (
    BaseSessionService,
    GetSessionConfig,
    ListSessionsResponse,
)
from google.adk.sessions.session import Session
from google.adk.sessions.state import State

from hansard import client as api
from hansard.adapters.clients import shared_async_client
from hansard.adapters.google_adk_events import delivery, draft, events_of
from hansard.adapters.naming import joined_name
from hansard.client import AsyncHansard, Conflict, DocumentSet, NotFound, Refused, SessionStart

STATE = "adk.state"
"""The key of the documents that hold the state of a session, a user and an app."""
_ID = "adk_session_id"
_PAGE = 200


class HansardSessionService(BaseSessionService):
    """Sessions, events and state of ADK, for any number of processes.

    Without a ``client`` it uses the one of HANSARD_URL and HANSARD_API_KEY. ``start`` has fields of
    the sessions that are created, beside their app and user. Raises ADK's errors for what ADK names
    and else what the client raises.
    """

    def __init__(
        self, client: AsyncHansard | None = None, *, start: SessionStart | None = None
    ) -> None:
        self._own_client = client
        self._start: SessionStart = {"channel": "adk", **(start or {})}
        self._locks: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()

    @property
    def _client(self) -> AsyncHansard:
        return self._own_client or shared_async_client()

    async def create_session(
        self,
        *,
        app_name: str,
        user_id: str,
        state: dict[str, Any] | None = None,
        session_id: str | None = None,
    ) -> Session:
        """A new session; AlreadyExistsError where the user has one of this id."""
        id = (session_id or "").strip() or secrets.token_hex(16)
        name = joined_name(app_name, user_id, id)
        metadata = {**(self._start.get("metadata") or {}), _ID: id}
        start: SessionStart = {**self._start, "app": app_name, "user": user_id}
        start["metadata"] = metadata
        try:
            session = await self._client.sessions.start(name, **start, if_exists="refuse")
        except Conflict as conflict:
            if conflict.code != "session_exists":
                raise
            raise AlreadyExistsError(f"Session with id {id} already exists.") from conflict
        documents = _documents(app_name, user_id, _as_json(state or {}), session=name)
        if documents:
            await self._client.documents.batch(documents)
        return _session(session, await self._state(session), [])

    async def get_session(
        self,
        *,
        app_name: str,
        user_id: str,
        session_id: str,
        config: GetSessionConfig | None = None,
    ) -> Session | None:
        """The session with its events and its state in all scopes; None where it is not there."""
        name = joined_name(app_name, user_id, session_id.strip())
        try:
            session = await self._client.sessions.read(name)
            messages = await self._messages(session, config.num_recent_events if config else None)
            events = events_of(each for each in messages if each.seq <= session.last_seq)
            state = await self._state(session)
        except NotFound:
            return None
        if config is not None and config.after_timestamp is not None:
            events = [event for event in events if event.timestamp >= config.after_timestamp]
        return _session(session, state, events)

    async def list_sessions(
        self, *, app_name: str, user_id: str | None = None
    ) -> ListSessionsResponse:
        """The sessions of an app, or of one of its users, the one of the oldest event first."""
        where: api.SessionFilter = {"app": app_name, "archived": "any"}
        if channel := self._start.get("channel"):
            where["channel"] = channel
        if user_id is not None:
            where["user"] = user_id
        listing = self._client.sessions.list(with_documents=STATE, page_size=_PAGE, **where)
        rows = [each async for each in listing if _ID in each.metadata]
        shared = await self._document({"scope": "app", "app": app_name})
        users = await self._users(app_name, user_id)
        sessions = [
            _session(each, _merged(_own(each), users.get(each.user or "", {}), shared), [])
            for each in rows
        ]
        sessions.sort(key=lambda each: (each.last_update_time, each.user_id, each.id))
        return ListSessionsResponse(sessions=sessions)

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Delete the session for ever, with its events and its own state."""
        with suppress(NotFound):
            name = joined_name(app_name, user_id, session_id.strip())
            await self._client.sessions.delete(name)

    async def get_user_state(self, *, app_name: str, user_id: str) -> dict[str, Any]:
        """The state of a user of the app, without the prefix ``user:``."""
        return await self._document({"scope": "user", "app": app_name, "user": user_id})

    async def append_event(self, session: Session, event: Event) -> Event:
        """Append an event and set what it changes of the state, in one transaction.

        An event that was appended already changes nothing. Raises StaleSessionError where the
        stored session has events that ``session`` lacks, SessionNotFoundError where it is gone.
        """
        if event.partial or any(event.id == each.id and event == each for each in session.events):
            return event
        self._apply_temp_state(session, event)
        event = self._trim_temp_delta_state(event)
        name = joined_name(session.app_name, session.user_id, session.id)
        here = id(asyncio.get_running_loop()), name
        async with self._locks.setdefault(here, asyncio.Lock()):
            is_new = await self._append(name, session, event)
        if not is_new:
            return event
        self._commit_event_to_session(session, event)
        session.last_update_time = event.timestamp
        return event

    async def _append(self, name: str, session: Session, event: Event) -> bool:
        """Whether the event is new to the session; false where the very same is stored already."""
        drafted = draft(event)
        uid, seq = _position(session)
        changes = drafted["item"]["data"]["actions"]["stateDelta"]
        try:
            (message,) = await self._client.messages.append(
                uid or name,
                drafted,
                expected_seq=seq,
                documents=_documents(session.app_name, session.user_id, changes),
                idempotency_key=delivery(uid, drafted) if uid else None,
            )
        except Refused as refused:
            if refused.code == "idempotency_key_reused":
                return False
            _raise(refused, session)
        if uid is not None:
            _mark(session, uid, message.seq)
        return True

    async def _messages(self, session: api.Session, recent: int | None) -> list[api.Message]:
        """All messages, or the most recent ones, in their order."""
        if recent == 0:
            return []
        listing = self._client.messages.list(
            session.uid,
            order="asc" if recent is None else "desc",
            items=True,
            page_size=_PAGE if recent is None else min(recent, _PAGE),
        )
        if recent is None:
            return [message async for message in listing]
        return (await listing.first(recent))[::-1]

    async def _state(self, session: api.Session) -> dict[str, Any]:
        """The state that a session sees: its own, its user's and its app's."""
        app, user = session.app or "", session.user or ""
        own, of_user, of_app = await asyncio.gather(
            self._document({"scope": "session", "session": session.uid}),
            self._document({"scope": "user", "app": app, "user": user}),
            self._document({"scope": "app", "app": app}),
        )
        return _merged(own, of_user, of_app)

    async def _document(self, owner: Mapping[str, Any]) -> dict[str, Any]:
        with suppress(NotFound):
            state: dict[str, Any] = (await self._client.documents.read(STATE, **owner)).value
            return state
        return {}

    async def _users(self, app: str, user: str | None) -> dict[str, dict[str, Any]]:
        """The states of an app's users, or of one of them, by user."""
        if user is not None:
            return {user: await self._document({"scope": "user", "app": app, "user": user})}
        listing = self._client.documents.list(scope="user", app=app, prefix=STATE, page_size=_PAGE)
        return {each.user or "": each.value async for each in listing if each.key == STATE}


def session_service(uri: str, **options: object) -> HansardSessionService:
    """The service of a URI.

    ``hansard://`` is the server of HANSARD_URL, ``hansard://host:port`` one over HTTP,
    ``hansard+https://host`` one over HTTPS; the key is always the one of HANSARD_API_KEY.
    """
    del options  # ADK passes the folder of the agents
    scheme, _, host = uri.partition("://")
    if not host.strip("/"):
        return HansardSessionService()
    return HansardSessionService(
        AsyncHansard(f"{'https' if scheme.endswith('https') else 'http'}://{host}")
    )


def register() -> None:
    """Let ADK's commands take ``--session_service_uri=hansard://``."""
    for scheme in ("hansard", "hansard+https"):
        get_service_registry().register_session_service(scheme, session_service)


def _session(session: api.Session, state: dict[str, Any], events: list[Event]) -> Session:
    at = session.last_message_at if session.message_count else session.created_at
    read = Session(
        id=session.metadata.get(_ID, session.id),
        app_name=session.app or "",
        user_id=session.user or "",
        state=state,
        events=events,
        last_update_time=at.timestamp() if at else 0.0,
    )
    _mark(read, session.uid, session.last_seq)
    return read


def _raise(refused: Refused, session: Session) -> NoReturn:
    """A refusal of an append as ADK names it."""
    if isinstance(refused, NotFound):
        raise SessionNotFoundError(f"Session {session.id} not found.") from refused
    if refused.code == "seq_mismatch":
        raise StaleSessionError(
            "The session has been modified in storage since it was loaded. "
            "Reload the session before appending more events."
        ) from refused
    raise refused


def _mark(session: Session, uid: str, seq: int) -> None:
    """Note which stored session this is, and its last event."""
    session._storage_update_marker = f"{uid} {seq}"  # noqa: SLF001 - ADK's field for stores


def _position(session: Session) -> tuple[str | None, int | None]:
    """What was noted; None and None of a session that did not come from here."""
    marker = session._storage_update_marker  # noqa: SLF001 - as above
    uid, _, seq = (marker or "").partition(" ")
    return (uid, int(seq)) if seq.isdecimal() else (None, None)


def _own(session: api.Session) -> Mapping[str, Any]:
    document = session.documents.get(STATE)
    return document.value if document is not None else {}


def _merged(
    own: Mapping[str, Any], user: Mapping[str, Any], app: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        **own,
        **{State.APP_PREFIX + name: value for name, value in app.items()},
        **{State.USER_PREFIX + name: value for name, value in user.items()},
    }


def _as_json(state: dict[str, Any]) -> dict[str, Any]:
    """A state as an event of ADK would store it."""
    dumped: dict[str, Any] = EventActions(state_delta=state).model_dump(mode="json")["state_delta"]
    return dumped


def _documents(app: str, user: str, state: Mapping[str, Any], **session: str) -> list[DocumentSet]:
    """What to set for a change of the state, by its prefixes; ``temp:`` is not stored."""
    own: dict[str, Any] = {}
    of_user: dict[str, Any] = {}
    of_app: dict[str, Any] = {}
    for name, value in state.items():
        if name.startswith(State.APP_PREFIX):
            of_app[name.removeprefix(State.APP_PREFIX)] = value
        elif name.startswith(State.USER_PREFIX):
            of_user[name.removeprefix(State.USER_PREFIX)] = value
        elif not name.startswith(State.TEMP_PREFIX):
            own[name] = value
    documents: list[Any] = [
        {"scope": "session", "key": STATE, "value": own, "merge": True, **session},
        {"scope": "user", "key": STATE, "value": of_user, "merge": True, "app": app, "user": user},
        {"scope": "app", "key": STATE, "value": of_app, "merge": True, "app": app},
    ]
    return [each for each in documents if each["value"]]
