"""Sessions and their primary threads."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct, field

from hansard.errors import NotFound
from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model import Session, SessionFilter, SessionQuery
from hansard.model.times import Moment, rfc3339, rfc3339_or_none

Json = dict[str, Any]
Status = Literal["rescheduling", "running", "idle", "terminated"]
Order = Literal["asc", "desc"]
THREAD = "sthr_"
_OPEN = {"queued", "running", "waiting"}
_MOST = 200
_PATH = "/anthropic/v1/sessions"


class SessionParams(Struct, frozen=True, kw_only=True):
    """Which sessions, and which page of them."""

    example: ClassVar[Json] = {
        "agent_id": "support",
        "created_at[gte]": "2026-01-01T00:00:00Z",
        "created_at[lte]": "2026-01-31T23:59:59Z",
        "created_at[gt]": "2026-01-01T00:00:00Z",
        "created_at[lt]": "2026-01-31T23:59:59Z",
        "limit": 20,
    }

    agent_id: str | None = None
    """Only sessions with this agent."""
    agent_version: int | None = None
    """Only sessions with this version of an agent: each has version 1."""
    deployment_id: str | None = None
    """Only sessions of this deployment: there are none here."""
    memory_store_id: str | None = None
    """Only sessions with this memory store: there are none here."""
    created_after: Moment | None = field(name="created_at[gt]", default=None)
    """Only sessions that began after this time."""
    created_from: Moment | None = field(name="created_at[gte]", default=None)
    """Only sessions that began at this time or later."""
    created_before: Moment | None = field(name="created_at[lt]", default=None)
    """Only sessions that began before this time."""
    created_until: Moment | None = field(name="created_at[lte]", default=None)
    """Only sessions that began at this time or earlier."""
    include_archived: bool = False
    """True adds archived sessions."""
    statuses: tuple[Status, ...] = field(name="statuses[]", default=())
    """Only sessions with one of these statuses."""
    limit: Annotated[int, Meta(ge=1)] = 20
    """The most sessions that a page may have; more than 200 counts as 200."""
    order: Order = "desc"
    """By the time of creation: `desc` is newest first."""
    page: str | None = None
    """The `next_page` of the page before."""


class ThreadParams(Struct, frozen=True, kw_only=True):
    """Which threads."""

    example: ClassVar[Json] = {"limit": 20}

    statuses: tuple[Status, ...] = field(name="statuses[]", default=())
    """Only threads with one of these statuses."""
    limit: Annotated[int, Meta(ge=1)] = 1000
    """The most threads that a page may have."""
    page: str | None = None
    """There is one page, so that this is not used."""


class SessionOut(Struct, frozen=True, kw_only=True):
    """A session. What only Anthropic's platform has is null or empty."""

    example: ClassVar[Json] = {
        "id": "order-17",
        "type": "session",
        "agent": {"id": "support", "type": "agent", "name": "support", "version": 1},
        "status": "idle",
        "title": "A late parcel",
        "created_at": "2026-01-31T09:30:00Z",
        "updated_at": "2026-01-31T09:31:12Z",
        "archived_at": None,
        "metadata": {"shop": "oslo"},
        "stats": {"duration_seconds": 72.0},
        "usage": {"input_tokens": 210, "output_tokens": 9},
        "environment_id": "",
        "budget": None,
        "deployment_id": None,
        "outcome_evaluations": [],
        "resources": [],
        "vault_ids": [],
    }

    id: str
    """The session's id."""
    type: Literal["session"] = "session"
    """Always `session`."""
    agent: Json
    """Who answers: its name, and the language model in use."""
    status: Status
    """`running` while its latest run is open, `terminated` once it has ended, else `idle`."""
    title: str | None
    """The title; null when there is none."""
    created_at: Time
    """When it began."""
    updated_at: Time
    """When it last changed."""
    archived_at: Time | None
    """When it was archived; null when it is not."""
    metadata: dict[str, str]
    """The metadata whose values are texts."""
    stats: dict[str, float]
    """`duration_seconds`: the seconds from its beginning until it ended, or until now."""
    usage: dict[str, int]
    """The model tokens read and written."""
    environment_id: str = ""
    """Empty."""
    budget: None = None
    """Null."""
    deployment_id: None = None
    """Null."""
    outcome_evaluations: list[Json] = []
    """Empty."""
    resources: list[Json] = []
    """Empty."""
    vault_ids: list[str] = []
    """Empty."""


class SessionList(Struct, frozen=True, kw_only=True):
    """A page of sessions."""

    data: list[SessionOut]
    """The sessions of the page."""
    next_page: str | None = None
    """The `page` that follows; null on the last one."""
    prev_page: None = None
    """Null: pages are walked forward."""


class ThreadOut(Struct, frozen=True, kw_only=True):
    """The primary thread of a session."""

    example: ClassVar[Json] = {
        "id": "sthr_0190163d-8694-739b-aea5-966c26f8ad91",
        "type": "session_thread",
        "session_id": "order-17",
        "agent": {"id": "support", "type": "agent", "name": "support", "version": 1},
        "status": "idle",
        "created_at": "2026-01-31T09:30:00Z",
        "updated_at": "2026-01-31T09:31:12Z",
        "archived_at": None,
        "parent_thread_id": None,
        "stats": None,
        "usage": {"input_tokens": 210, "output_tokens": 9},
    }

    id: str
    """`sthr_` and the UUID of the session."""
    type: Literal["session_thread"] = "session_thread"
    """Always `session_thread`."""
    session_id: str
    """The session."""
    agent: Json
    """Who answers."""
    status: Status
    """The status of the session."""
    created_at: Time
    """When the session began."""
    updated_at: Time
    """When the session last changed."""
    archived_at: Time | None
    """When the session was archived; null when it is not."""
    parent_thread_id: None = None
    """Null."""
    stats: None = None
    """Null."""
    usage: dict[str, int]
    """The model tokens of the session."""


class ThreadList(Struct, frozen=True, kw_only=True):
    """The threads of a session."""

    data: list[ThreadOut]
    """The primary thread, if it passes the filter."""
    next_page: None = None
    """Null."""


async def list_sessions(call: Call[SessionParams, None]) -> SessionList:
    """List sessions, the newest first"""
    params = call.params
    if params.deployment_id or params.memory_store_id or params.agent_version not in {None, 1}:
        return SessionList(data=[])
    query = SessionQuery(
        filter=_filter(params),
        sort="created_at" if params.order == "asc" else "-created_at",
        limit=min(params.limit, _MOST),
        cursor=params.page,
    )
    page = await call.service.sessions.list(call.principal, query)
    now = call.service.clock()
    shown = [session_out(session, now) for session in page.items]
    wanted = params.statuses
    passed = [session for session in shown if not wanted or session.status in wanted]
    return SessionList(data=passed, next_page=page.next_cursor)


async def read_session(call: Call[None, None]) -> SessionOut:
    """Read a session"""
    session = await call.service.sessions.read(call.principal, call.path["session_id"])
    return session_out(session, call.service.clock())


async def list_threads(call: Call[ThreadParams, None]) -> ThreadList:
    """List the threads of a session"""
    session = await call.service.sessions.read(call.principal, call.path["session_id"])
    thread = thread_out(session)
    is_wanted = not call.params.statuses or thread.status in call.params.statuses
    return ThreadList(data=[thread] if is_wanted else [])


async def read_thread(call: Call[None, None]) -> ThreadOut:
    """Read the primary thread of a session"""
    session = await call.service.sessions.read(call.principal, call.path["session_id"])
    check_thread(session, call.path["thread_id"])
    return thread_out(session)


def check_thread(session: Session, thread_id: str) -> None:
    """Raise NotFound for a thread that is not the primary one of this session."""
    if thread_id != THREAD + session.id:
        raise NotFound(
            f"no thread {thread_id!r} in this session: it has {THREAD}{session.id}",
            code="thread_not_found",
            param="thread_id",
        )


def session_out(session: Session, now: int) -> SessionOut:
    metadata = msgspec.json.decode(session.metadata, type=Json)
    return SessionOut(
        id=session.name,
        agent=_agent(session),
        status=_status(session),
        title=session.title,
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
        archived_at=rfc3339_or_none(session.archived_at),
        metadata={name: value for name, value in metadata.items() if isinstance(value, str)},
        stats={"duration_seconds": max(0, (session.ended_at or now) - session.created_at) / 1e6},
        usage=_usage(session),
    )


def thread_out(session: Session) -> ThreadOut:
    return ThreadOut(
        id=THREAD + session.id,
        session_id=session.name,
        agent=_agent(session),
        status=_status(session),
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
        archived_at=rfc3339_or_none(session.archived_at),
        usage=_usage(session),
    )


def _status(session: Session) -> Status:
    if session.ended_at is not None:
        return "terminated"
    return "running" if session.state in _OPEN else "idle"


def _usage(session: Session) -> dict[str, int]:
    spent = session.spent
    return {"input_tokens": spent.input_tokens, "output_tokens": spent.output_tokens}


def _agent(session: Session) -> Json:
    name = session.agent or "agent"
    return {
        "id": name,
        "type": "agent",
        "name": name,
        "version": 1,
        "description": None,
        "system": None,
        "execution_identity": {"type": "service_account"},
        "model": {"id": session.model or "unknown"},
        "mcp_servers": [],
        "multiagent": None,
        "skills": [],
        "tools": [],
    }


def _filter(params: SessionParams) -> SessionFilter:
    """The filter; exclusive times are moved by a microsecond, the finest that times are kept."""
    since = [params.created_from, _moved(params.created_after, 1)]
    until = [params.created_until, _moved(params.created_before, -1)]
    return SessionFilter(
        agent=(params.agent_id,) if params.agent_id else (),
        archived=None if params.include_archived else False,
        created_from=max((at for at in since if at is not None), default=None),
        created_until=min((at for at in until if at is not None), default=None),
    )


def _moved(at: Moment | None, by: int) -> Moment | None:
    return None if at is None else Moment(at + by)


routes = (
    Route(
        f"GET {_PATH}",
        list_sessions,
        scope="sessions:read",
        params=SessionParams,
        returns=SessionList,
    ),
    Route(f"GET {_PATH}/{{session_id}}", read_session, scope="sessions:read", returns=SessionOut),
    Route(
        f"GET {_PATH}/{{session_id}}/threads",
        list_threads,
        scope="sessions:read",
        params=ThreadParams,
        returns=ThreadList,
    ),
    Route(
        f"GET {_PATH}/{{session_id}}/threads/{{thread_id}}",
        read_thread,
        scope="sessions:read",
        returns=ThreadOut,
    ),
)
