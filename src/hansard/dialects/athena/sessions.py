"""Athena: the list of sessions, one session, and its read marks."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, cast

from msgspec import Meta, Raw, Struct

from hansard.access import Principal
from hansard.dialects.athena.errors import NO_SESSION
from hansard.dialects.athena.vocabulary import (
    FAILURE_REASON,
    NOTHING,
    RUN_STATUS,
    SESSION_STATUS,
    FailureReason,
    RunStatus,
    SessionStatus,
    SessionType,
    asset_id,
    is_task,
    kinds,
    session_type,
    states,
)
from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model import Session, SessionFilter, SessionQuery
from hansard.model.session import Sort
from hansard.model.session_filter import branches
from hansard.model.times import Moment, rfc3339
from hansard.service.render_cache import Projection
from hansard.service.session_bounds import TITLE

T = TypeVar("T")
Values = Annotated[tuple[str, ...], Meta(max_length=100)]


class ListParams(Struct, frozen=True, kw_only=True):
    """Which sessions, in which order, and which page of them."""

    example: ClassVar[dict[str, Any]] = {
        "query": "parcel",
        "state": ["running", "needs_input"],
        "source_channel": ["web", "api"],
        "session_type": ["session"],
        "app_id": "shop",
        "created_after": "2026-01-01T00:00:00Z",
        "created_before": "2026-01-31T23:59:59Z",
        "workspace_id": "k3v9x0",
        "aop_asset_id": "wf-refunds",
        "trigger_type": ["schedule"],
    }

    query: Annotated[str, Meta(max_length=TITLE)] = ""
    """Only sessions whose title contains this text, in any case."""
    state: Values = ()
    """Only sessions whose latest run is in one of these states. An unknown one matches none."""
    source_channel: Values = ()
    """Only sessions from one of these channels, in any case."""
    session_type: Values = ()
    """Only sessions of one of these types. An unknown one matches none."""
    app_id: str = ""
    """Only sessions of this application."""
    include_sub_sessions: bool = False
    """True adds sessions that branched from another."""
    include_task_sessions: bool = False
    """True adds runs of workflows and tasks."""
    created_after: Moment | None = None
    """Only sessions that were created at this time or later."""
    created_before: Moment | None = None
    """Only sessions that were created at this time or earlier."""
    sort_by: Literal["updated_at", "created_at", "title"] = "updated_at"
    """What to sort by. Titles sort in any case, and sessions without one come last."""
    sort_direction: Literal["asc", "desc"] = "desc"
    """Whether the order ascends or descends."""
    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    """The most sessions that a page may have."""
    offset: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    """How many sessions to skip."""
    workspace_id: str = ""
    """The workspace of the key, by its id or name. Another one has no sessions here."""
    aop_asset_id: str = ""
    """Only runs of this workflow."""
    trigger_type: Values = ()
    """Only sessions that one of these triggers started."""


class SessionOut(Struct, kw_only=True):
    """A session. Null stands for what was not set or does not apply."""

    example: ClassVar[dict[str, Any]] = {
        "id": "asset_0190163d-8694-739b-aea5-966c26f8ad91",
        "thread_id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "title": "A late parcel",
        "state": "completed",
        "run_status_v2": "completed",
        "session_status_v2": "idle",
        "failure_reason_v2": None,
        "session_type": "session",
        "source_channel": "web",
        "agent": "support",
        "model": "gpt-5",
        "app_id": "shop",
        "created_by_id": "ada",
        "workspace_id": "k3v9x0",
        "parent_session_id": None,
        "is_sub_session": False,
        "is_unread": False,
        "last_message_preview": "It arrives tomorrow.",
        "num_messages": 4,
        "total_cost_usd": 0.0004,
        "trigger_type": "schedule",
        "aop_asset_id": None,
        "aop_execution_succeeded": None,
        "aop_execution_error": None,
        "collab_agent_id": None,
        "created_at": "2026-01-31T09:30:00Z",
        "updated_at": "2026-01-31T09:31:12Z",
    }

    id: str
    """`asset_` and the session's UUID."""
    thread_id: str
    """The session's UUID."""
    title: str | None
    """Its title, at most 500 characters."""
    state: RunStatus | None
    """The state of its latest run; null while there was none."""
    run_status_v2: RunStatus | None
    """The same as `state`."""
    session_status_v2: SessionStatus
    """Whether its agent is at work, waits for a person, or failed; `idle` otherwise."""
    failure_reason_v2: FailureReason | None
    """Why its latest run failed: `interrupted` when its lease lapsed, else `error`."""
    session_type: SessionType
    """What sort of session it is; workflows and tasks are shown as `session`."""
    source_channel: str | None
    """Where it came from, in lower case."""
    agent: str | None
    """The agent that answers."""
    model: str | None
    """The language model in use."""
    app_id: str | None
    """The application that owns it."""
    created_by_id: str | None
    """The end user, else the id of the key that created it."""
    workspace_id: str
    """The workspace that owns it."""
    parent_session_id: str | None
    """The session that it branched from, by its `id`."""
    is_sub_session: bool
    """Whether it branched from another session."""
    is_unread: bool
    """Whether it has messages that nobody has read."""
    last_message_preview: str | None
    """The start of the last user or assistant message that has text; at most 200 characters."""
    num_messages: int
    """How many messages it has."""
    total_cost_usd: float
    """The price of its messages and runs, in US dollars."""
    trigger_type: str | None
    """What started it."""
    aop_asset_id: str | None
    """The workflow that it ran, for a workflow or task."""
    aop_execution_succeeded: bool | None
    """Whether a workflow or task did what it should; null while it is open or when it was
    canceled."""
    aop_execution_error: str | None
    """Why a workflow or task failed."""
    collab_agent_id: str | None
    """Always null."""
    created_at: Time
    """When it was created."""
    updated_at: Time
    """When it last changed in any way."""


class SessionPage(Struct, Generic[T], kw_only=True):
    """A page of sessions."""

    items: list[T]
    """The sessions of the page."""
    limit: int
    """The `limit` of the request."""
    offset: int
    """How many sessions were skipped."""
    total: int
    """How many sessions match in all."""
    has_more: bool
    """Whether there are sessions behind this page."""
    next_offset: int | None
    """The `offset` of the next page; null on the last one."""


async def list_sessions(call: Call[ListParams, None]) -> SessionPage[Raw]:
    """List sessions; workflow runs and branched sub-sessions only when asked for"""
    params = call.params
    sort = cast("Sort", ("-" if params.sort_direction == "desc" else "") + params.sort_by)
    query = SessionQuery(
        filter=filter_of(params, call.principal),
        sort=sort,
        limit=params.limit,
        offset=params.offset,
        with_total=True,
    )
    page = await call.service.sessions.list_as(call.principal, query, SESSION)
    return SessionPage(
        items=page.items,
        limit=params.limit,
        offset=params.offset,
        total=page.total or 0,
        has_more=page.has_more,
        next_offset=params.offset + params.limit if page.has_more else None,
    )


async def read_session(call: Call[None, None]) -> SessionOut:
    """Read one session"""
    return session_out(await call.service.sessions.read(call.principal, call.path["asset_id"]))


async def mark_read(call: Call[None, None]) -> SessionOut:
    """Mark a session as read up to now"""
    return session_out(await call.service.sessions.mark_read(call.principal, call.path["asset_id"]))


async def mark_unread(call: Call[None, None]) -> SessionOut:
    """Mark a session as unread"""
    return session_out(
        await call.service.sessions.mark_read(call.principal, call.path["asset_id"], read=False)
    )


def filter_of(params: ListParams, principal: Principal) -> SessionFilter:
    with_tasks = params.include_task_sessions or bool(params.aop_asset_id)
    is_ours = not params.workspace_id or principal.is_of(params.workspace_id)
    return SessionFilter(
        title=params.query or None,
        state=states(params.state),
        channel=tuple(dict.fromkeys(channel.lower() for channel in params.source_channel)),
        kind=kinds(params.session_type) if is_ours else NOTHING,
        app=(params.app_id,) if params.app_id else (),
        workflow_id=(params.aop_asset_id,) if params.aop_asset_id else (),
        trigger=tuple(dict.fromkeys(params.trigger_type)),
        branch=branches(sub_sessions=params.include_sub_sessions, task_sessions=with_tasks),
        created_from=params.created_after,
        created_until=params.created_before,
    )


def session_out(session: Session) -> SessionOut:
    state = session.state or ""
    status = RUN_STATUS.get(state)
    return SessionOut(
        id=asset_id(session.id),
        thread_id=session.id,
        title=session.title,
        state=status,
        run_status_v2=status,
        session_status_v2=SESSION_STATUS.get(state, "idle"),
        failure_reason_v2=FAILURE_REASON.get(state),
        session_type=session_type(session),
        source_channel=session.channel,
        agent=session.agent,
        model=session.model,
        app_id=session.app,
        created_by_id=session.user_id or session.created_by,
        workspace_id=session.workspace_id,
        parent_session_id=asset_id(session.parent_id) if session.parent_id else None,
        is_sub_session=session.parent_id is not None,
        is_unread=session.is_unread,
        last_message_preview=session.last_preview,
        num_messages=session.message_count,
        total_cost_usd=session.spent.cost_nanos / 1e9,
        trigger_type=session.trigger,
        aop_asset_id=session.workflow_id if is_task(session) else None,
        aop_execution_succeeded=_succeeded(session),
        aop_execution_error=session.run_error if is_task(session) else None,
        collab_agent_id=None,
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
    )


def _succeeded(session: Session) -> bool | None:
    """Whether a workflow or task did what it should; None while it is open or when cancelled."""
    return (
        {"completed": True, "partial": False, "failed": False, "interrupted": False}.get(
            session.state or ""
        )
        if is_task(session)
        else None
    )


SESSION = Projection("athena.session", session_out)


def routes(prefix: str) -> tuple[Route, ...]:
    item = f"{prefix}/sessions/{{asset_id}}"
    return (
        Route(
            f"GET {prefix}/sessions",
            list_sessions,
            scope="sessions:read",
            params=ListParams,
            returns=SessionPage[SessionOut],
            cached=True,
        ),
        Route(
            f"GET {item}",
            read_session,
            scope="sessions:read",
            returns=SessionOut,
            errors=NO_SESSION,
        ),
        Route(
            f"POST {item}/read",
            mark_read,
            scope="sessions:write",
            returns=SessionOut,
            errors=NO_SESSION,
        ),
        Route(
            f"POST {item}/unread",
            mark_unread,
            scope="sessions:write",
            returns=SessionOut,
            errors=NO_SESSION,
        ),
    )
