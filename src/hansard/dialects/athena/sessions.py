"""Athena: the list of sessions, one session, and its read marks."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar, cast

from msgspec import Meta, Raw, Struct

from hansard.access import Principal
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
from hansard.http.fields import Moment, Time, us
from hansard.model import Session, SessionFilter, SessionQuery
from hansard.model.session import SUB_SESSION, TASK_SESSION, Sort
from hansard.model.times import rfc3339
from hansard.service.render_cache import Projection
from hansard.service.session_bounds import TITLE

T = TypeVar("T")
Values = Annotated[
    list[str], Meta(max_length=100, description="repeat the parameter or separate by commas")
]


class ListParams(Struct, frozen=True, kw_only=True):
    query: Annotated[str, Meta(max_length=TITLE, description="part of the title, in any case")] = ""
    state: Values = []
    source_channel: Values = []
    session_type: Values = []
    app_id: str = ""
    include_sub_sessions: bool = False
    include_task_sessions: bool = False
    created_after: Moment | None = None
    created_before: Moment | None = None
    sort_by: Literal["updated_at", "created_at", "title"] = "updated_at"
    sort_direction: Literal["asc", "desc"] = "desc"
    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    offset: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    workspace_id: str = ""
    aop_asset_id: str = ""
    trigger_type: Values = []


class SessionOut(Struct, kw_only=True):
    id: str
    thread_id: str
    title: str | None
    state: RunStatus | None
    run_status_v2: RunStatus | None
    session_status_v2: SessionStatus
    failure_reason_v2: FailureReason | None
    session_type: SessionType
    source_channel: str | None
    agent: str | None
    model: str | None
    app_id: str | None
    created_by_id: str | None
    workspace_id: str
    parent_session_id: str | None
    is_sub_session: bool
    is_unread: bool
    last_message_preview: str | None
    num_messages: int
    total_cost_usd: float
    trigger_type: str | None
    aop_asset_id: str | None
    aop_execution_succeeded: bool | None
    aop_execution_error: str | None
    collab_agent_id: str | None
    created_at: Time
    updated_at: Time


class SessionPage(Struct, Generic[T], kw_only=True):
    items: list[T]
    limit: int
    offset: int
    total: int
    has_more: bool
    next_offset: int | None


async def list_sessions(call: Call[ListParams, None]) -> SessionPage[Raw]:
    """List sessions; workflow runs and branched sub-sessions only when asked for"""
    asked = call.params
    sort = cast("Sort", ("-" if asked.sort_direction == "desc" else "") + asked.sort_by)
    wanted = filter_of(asked, call.principal)
    page = await call.service.sessions.list_as(
        call.principal,
        SessionQuery(
            filter=wanted, sort=sort, limit=asked.limit, offset=asked.offset, with_total=True
        ),
        SESSION,
    )
    following = asked.offset + asked.limit if page.has_more else None
    return SessionPage(
        items=page.items,
        limit=asked.limit,
        offset=asked.offset,
        total=page.total or 0,
        has_more=page.has_more,
        next_offset=following,
    )


async def read_session(call: Call[None, None]) -> SessionOut:
    """Read one session"""
    return session_out(await call.service.sessions.read(call.principal, call.path["asset_id"]))


async def mark_read(call: Call[None, None]) -> SessionOut:
    """Note that the session has been read up to now"""
    return session_out(await call.service.sessions.mark_read(call.principal, call.path["asset_id"]))


async def mark_unread(call: Call[None, None]) -> SessionOut:
    """Forget that the session has been read"""
    return session_out(
        await call.service.sessions.mark_read(call.principal, call.path["asset_id"], read=False)
    )


def filter_of(asked: ListParams, principal: Principal) -> SessionFilter:
    with_tasks = asked.include_task_sessions or bool(asked.aop_asset_id)
    skipped = (0 if asked.include_sub_sessions else SUB_SESSION) | (
        0 if with_tasks else TASK_SESSION
    )
    is_ours = not asked.workspace_id or principal.is_of(asked.workspace_id)
    return SessionFilter(
        query=asked.query or None,
        state=states(asked.state),
        channel=tuple(dict.fromkeys(channel.lower() for channel in asked.source_channel)),
        kind=kinds(asked.session_type) if is_ours else NOTHING,
        app=(asked.app_id,) if asked.app_id else (),
        workflow_id=(asked.aop_asset_id,) if asked.aop_asset_id else (),
        trigger=tuple(dict.fromkeys(asked.trigger_type)),
        branch=tuple(bits for bits in range(4) if not bits & skipped) if skipped else (),
        created_from=us(asked.created_after),
        created_until=us(asked.created_before),
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
        total_cost_usd=session.cost_nanos / 1e9,
        trigger_type=session.trigger,
        aop_asset_id=session.workflow_id if is_task(session) else None,
        aop_execution_succeeded=_succeeded(session),
        aop_execution_error=session.run_error if is_task(session) else None,
        collab_agent_id=None,
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
    )


def _succeeded(session: Session) -> bool | None:
    """Whether a workflow's run did what it should; None while it is open, when it was stopped, and for other sessions."""
    return (
        {"completed": True, "partial": False, "failed": False, "interrupted": False}.get(
            session.state or ""
        )
        if is_task(session)
        else None
    )


SESSION = Projection("athena.session", session_out)
