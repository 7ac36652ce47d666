"""``/v1/sessions``: start or get, list, read, update, end, archive, fork, delete."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from msgspec import UNSET, Meta, Struct, UnsetType

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.fields import Moment, us
from hansard.http.route import IF_MATCH, IF_NONE_MATCH, ONCE, Reply, Route
from hansard.model import Session, SessionDraft, SessionFilter, SessionPatch, SessionQuery
from hansard.model.run import STATES
from hansard.model.session import (
    KINDS,
    RESOLUTIONS,
    SUB_SESSION,
    TASK_SESSION,
    Kind,
    Resolution,
    Sort,
)
from hansard.model.times import rfc3339
from hansard.native.schemas import Metadata, Names, Tags, Trail, TrailIn
from hansard.service.render_cache import Projection

_REMEMBERED = 512
SEVERAL = Meta(
    description="repeat the parameter or separate by commas; \\, is a comma inside a value"
)
Values = Annotated[tuple[str, ...], SEVERAL]


class FilterParams(Struct, frozen=True, kw_only=True, cache_hash=True):
    state: Annotated[
        tuple[Annotated[str, Meta(extra_json_schema={"enum": STATES})], ...], SEVERAL
    ] = ()
    channel: Values = ()
    kind: Annotated[
        tuple[Annotated[str, Meta(extra_json_schema={"enum": KINDS})], ...], SEVERAL
    ] = ()
    app: Values = ()
    agent: Values = ()
    model: Values = ()
    user: Values = ()
    workflow: Values = ()
    parent: Values = ()
    resolution: Annotated[
        tuple[Annotated[str, Meta(extra_json_schema={"enum": RESOLUTIONS})], ...], SEVERAL
    ] = ()
    intent: Values = ()
    trigger: Values = ()
    tag: Values = ()
    title: (
        Annotated[str, Meta(description="case-insensitive part of the title", max_length=256)]
        | None
    ) = None
    archived: bool | None = None
    ended: bool | None = None
    unread: bool | None = None
    has_messages: bool | None = None
    sub_sessions: Annotated[
        bool, Meta(description="false leaves out sessions that branched from another")
    ] = True
    task_sessions: Annotated[
        bool, Meta(description="false leaves out runs of workflows and tasks")
    ] = True
    created_from: Moment | None = None
    created_until: Moment | None = None
    updated_from: Moment | None = None
    updated_until: Moment | None = None


class ListParams(FilterParams, frozen=True, kw_only=True, cache_hash=True):
    sort: Sort = "-updated_at"
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    total: Annotated[bool, Meta(description="true adds the exact number of matching sessions")] = (
        False
    )


class SessionIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    example: ClassVar[dict[str, Any]] = {
        "id": "order-17",
        "channel": "web",
        "user": "ada",
        "agent": "support",
        "metadata": {"plan": "pro"},
    }

    id: str | None = None
    title: str | None = None
    kind: Kind = "session"
    channel: str | None = None
    app: str | None = None
    agent: str | None = None
    model: str | None = None
    user: str | None = None
    workflow_id: str | None = None
    workflow_name: str | None = None
    trigger: str | None = None
    parent: str | None = None
    resolution: Resolution = "open"
    intent: str | None = None
    sub_intent: str | None = None
    created_at: Moment | None = None
    tags: list[str] | None = None
    trail: TrailIn | None = None
    external_ids: dict[str, str] | None = None
    metadata: dict[str, Any] | None = None


class SessionChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON Merge Patch: what is absent stays, null clears."""

    example: ClassVar[dict[str, Any]] = {
        "title": "A late parcel",
        "resolution": "resolved",
        "metadata": {"plan": None, "vip": True},
    }

    title: str | UnsetType | None = UNSET
    kind: Kind | UnsetType = UNSET
    channel: str | UnsetType | None = UNSET
    app: str | UnsetType | None = UNSET
    agent: str | UnsetType | None = UNSET
    model: str | UnsetType | None = UNSET
    user: str | UnsetType | None = UNSET
    workflow_id: str | UnsetType | None = UNSET
    workflow_name: str | UnsetType | None = UNSET
    trigger: str | UnsetType | None = UNSET
    resolution: Resolution | UnsetType = UNSET
    intent: str | UnsetType | None = UNSET
    sub_intent: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    trail: TrailIn | UnsetType | None = UNSET
    external_ids: dict[str, str | None] | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class EndIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    example: ClassVar[dict[str, Any]] = {"resolution": "resolved"}

    resolution: Resolution | None = None


class ForkIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``message`` is the id or seq of the last message that the fork keeps; without it the fork keeps all."""

    example: ClassVar[dict[str, Any]] = {"id": "order-17-again", "message": 4}

    id: str | None = None
    message: str | int | None = None
    title: str | None = None
    metadata: dict[str, Any] | None = None


class SessionOut(Struct, frozen=True, kw_only=True):
    id: str
    uid: str
    kind: str
    title: str | None
    title_by: str | None
    state: str | None
    resolution: str
    channel: str | None
    app: str | None
    agent: str | None
    model: str | None
    user: str | None
    workflow_id: str | None
    workflow_name: str | None
    trigger: str | None
    parent: str | None
    forked_seq: int | None
    intent: str | None
    sub_intent: str | None
    trail: Trail
    preview: str | None
    last_preview: str | None
    last_role: str | None
    message_count: int
    last_seq: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    run_id: str | None
    run_error: str | None
    unread: bool
    created_at: str
    updated_at: str
    first_message_at: str | None
    last_message_at: str | None
    resolved_at: str | None
    ended_at: str | None
    archived_at: str | None
    created_by: str | None
    tags: Tags
    external_ids: Names
    metadata: Metadata
    version: int


class SessionList(Struct, frozen=True, kw_only=True):
    data: list[SessionOut]
    has_more: bool
    next_cursor: str | None
    total: int | UnsetType = UNSET


class SessionDeleted(Struct, frozen=True, kw_only=True):
    """How many sessions (sub-sessions included) and messages are gone."""

    id: str
    deleted: bool
    sessions: int
    messages: int


async def start_session(call: Call[None, SessionIn]) -> Reply:
    """Create a session, or get the one that has this id

    Answers 201, or 200 when the id was there already: nothing is changed then.
    """
    given = call.body
    draft = SessionDraft(
        **{
            field: value
            for field in given.__struct_fields__
            if field not in {"user", "created_at"} and (value := getattr(given, field)) is not None
        },
        user_id=given.user,
        created_at=us(given.created_at),
    )
    return _started(
        await call.service.sessions.start(call.principal, draft, once=call.once(_started))
    )


def _started(result: tuple[Session, bool]) -> Reply:
    session, new = result
    return Reply(
        body=session_out(session),
        status=201 if new else 200,
        headers=(("Location", f"/v1/sessions/{quote(session.name, safe='')}"),),
        etag=f'"{session.tag}"',
    )


async def list_sessions(call: Call[ListParams, None]) -> SessionList:
    """List sessions, the latest change first"""
    page = await call.service.sessions.list_as(call.principal, _query_of(call.params), SESSION)
    total = UNSET if page.total is None else page.total
    return SessionList(
        data=page.items,  # type: ignore[arg-type]  # each is a SessionOut, encoded already
        has_more=page.has_more,
        next_cursor=page.next_cursor,
        total=total,
    )


@lru_cache(_REMEMBERED)
def _query_of(asked: ListParams) -> SessionQuery:
    return SessionQuery(
        filter=filter_of(asked),
        sort=asked.sort,
        limit=asked.limit,
        cursor=asked.cursor,
        with_total=asked.total,
    )


async def read_session(call: Call[None, None]) -> Reply:
    """Read a session by its id, or by the id that any dialect shows"""
    return whole(await call.service.sessions.read(call.principal, call.path["session_id"]))


async def update_session(call: Call[None, SessionChange]) -> Reply:
    """Change a session with a JSON Merge Patch; ``If-Match`` guards against changes in between"""
    given = call.body
    fields = {
        ("user_id" if field == "user" else field): getattr(given, field)
        for field in given.__struct_fields__
    }
    empty: dict[str, list[Any]] = {
        field: [] for field in ("tags", "trail") if fields[field] is None
    }
    patch = SessionPatch(**(fields | empty))
    once = call.once(whole)
    return whole(
        await call.service.sessions.update(
            call.principal, call.path["session_id"], patch, if_version=call.if_version(), once=once
        )
    )


async def end_session(call: Call[None, EndIn]) -> Reply:
    """Mark a session as over, and settle it if you like"""
    name, once = call.path["session_id"], call.once(whole)
    return whole(
        await call.service.sessions.end(
            call.principal,
            name,
            resolution=call.body.resolution,
            if_version=call.if_version(),
            once=once,
        )
    )


async def archive_session(call: Call[None, None]) -> Reply:
    """Put a session away"""
    return whole(
        await call.service.sessions.archive(
            call.principal, call.path["session_id"], if_version=call.if_version()
        )
    )


async def unarchive_session(call: Call[None, None]) -> Reply:
    """Take a session out of the archive"""
    return whole(
        await call.service.sessions.archive(
            call.principal, call.path["session_id"], archived=False, if_version=call.if_version()
        )
    )


async def fork_session(call: Call[None, ForkIn]) -> SessionOut:
    """Branch a new session from a message of this one"""
    given, name = call.body, call.path["session_id"]
    until = (
        None
        if given.message is None
        else await call.service.messages.place(
            call.principal, name, str(given.message), param="message"
        )
    )
    draft = SessionDraft(id=given.id, title=given.title, metadata=given.metadata or {})
    return session_out(
        await call.service.sessions.fork(
            call.principal, name, until=until, draft=draft, once=call.once(session_out)
        )
    )


async def delete_session(call: Call[None, None]) -> SessionDeleted:
    """Delete a session and everything below it, for ever"""
    name = call.path["session_id"]

    def tell(gone: dict[str, int]) -> SessionDeleted:
        return SessionDeleted(
            id=name, deleted=True, sessions=gone["sessions"], messages=gone["messages"]
        )

    return tell(
        await call.service.sessions.delete(
            call.principal, name, if_version=call.if_version(), once=call.once(tell)
        )
    )


def filter_of(asked: FilterParams) -> SessionFilter:
    """The filter that the parameters mean; Invalid for a value that could never match."""
    for field, known in (("state", STATES), ("kind", KINDS), ("resolution", RESOLUTIONS)):
        check_words(field, getattr(asked, field), known)
    skipped = (0 if asked.sub_sessions else SUB_SESSION) | (
        0 if asked.task_sessions else TASK_SESSION
    )
    same = (
        "state",
        "channel",
        "kind",
        "app",
        "agent",
        "model",
        "resolution",
        "intent",
        "trigger",
        "tag",
    )
    values: dict[str, Any] = {field: getattr(asked, field) for field in same}
    return SessionFilter(
        **values,
        user_id=asked.user,
        workflow_id=asked.workflow,
        parent_id=asked.parent,
        branch=tuple(bits for bits in range(4) if not bits & skipped) if skipped else (),
        query=asked.title or None,
        archived=asked.archived,
        ended=asked.ended,
        unread=asked.unread,
        has_messages=asked.has_messages,
        created_from=us(asked.created_from),
        created_until=us(asked.created_until),
        updated_from=us(asked.updated_from),
        updated_until=us(asked.updated_until),
    )


def check_words(field: str, values: Sequence[str], known: Sequence[str]) -> None:
    """Invalid for a word that no session ever has: an empty answer would pass for a true one."""
    unknown = [value for value in values if value not in known]
    if unknown:
        raise Invalid(
            f"{field}: unknown value {unknown[0]!r}: choose from {', '.join(known)}", param=field
        )


def session_out(session: Session) -> SessionOut:
    return SessionOut(
        **{field: getattr(session, field) for field in _SAME},
        id=session.name,
        uid=f"ses_{session.id}",
        user=session.user_id,
        parent=session.parent_id and f"ses_{session.parent_id}",
        cost_usd=session.cost_nanos / 1e9,
        unread=session.is_unread,
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
        first_message_at=_time(session.first_message_at),
        last_message_at=_time(session.last_message_at),
        resolved_at=_time(session.resolved_at),
        ended_at=_time(session.ended_at),
        archived_at=_time(session.archived_at),
    )


_SAME = tuple(
    field
    for field in SessionOut.__struct_fields__
    if field in Session.__struct_fields__ and field != "id" and not field.endswith("_at")
)


def whole(session: Session) -> Reply:
    return Reply(body=session_out(session), etag=f'"{session.tag}"')


def _time(us: int | None) -> str | None:
    return None if us is None else rfc3339(us)


SESSION = Projection("native.session", session_out)
ONE = "/v1/sessions/{session_id}"

routes = (
    Route(
        "POST /v1/sessions",
        start_session,
        scope="sessions:write",
        body=SessionIn,
        returns=SessionOut,
        status=201,
        extra_statuses=(200,),
        request_headers=(ONCE,),
    ),
    Route(
        "GET /v1/sessions",
        list_sessions,
        scope="sessions:read",
        params=ListParams,
        returns=SessionList,
        cached=True,
    ),
    Route(
        f"GET {ONE}",
        read_session,
        scope="sessions:read",
        returns=SessionOut,
        request_headers=(IF_NONE_MATCH,),
    ),
    Route(
        f"PATCH {ONE}",
        update_session,
        scope="sessions:write",
        body=SessionChange,
        returns=SessionOut,
        request_headers=(ONCE, IF_MATCH),
    ),
    Route(
        f"DELETE {ONE}",
        delete_session,
        scope="sessions:delete",
        returns=SessionDeleted,
        request_headers=(ONCE, IF_MATCH),
    ),
    Route(
        f"POST {ONE}/end",
        end_session,
        scope="sessions:write",
        body=EndIn,
        returns=SessionOut,
        request_headers=(ONCE, IF_MATCH),
    ),
    Route(
        f"POST {ONE}/archive",
        archive_session,
        scope="sessions:write",
        returns=SessionOut,
        request_headers=(IF_MATCH,),
    ),
    Route(
        f"POST {ONE}/unarchive",
        unarchive_session,
        scope="sessions:write",
        returns=SessionOut,
        request_headers=(IF_MATCH,),
    ),
    Route(
        f"POST {ONE}/fork",
        fork_session,
        scope="sessions:write",
        body=ForkIn,
        returns=SessionOut,
        status=201,
        request_headers=(ONCE,),
    ),
)
