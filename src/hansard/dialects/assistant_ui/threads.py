"""Threads: sessions, as assistant-ui's list of threads shows them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from starlette.responses import Response

from hansard.dialects.assistant_ui.callers import user_of
from hansard.dialects.assistant_ui.errors import NO_THREAD
from hansard.errors import Invalid, NotFound
from hansard.http.call import Call
from hansard.http.fields import Time, schema_of
from hansard.http.route import Route
from hansard.model import Session, SessionDraft, SessionFilter, SessionPatch, SessionQuery
from hansard.model.times import Moment, rfc3339_ms
from hansard.service.render_cache import Projection

PATH = "/assistant-ui/v1/threads"
MOST = 200
Json = dict[str, Any]


class ThreadParams(Struct, kw_only=True, frozen=True):
    """Which threads."""

    is_archived: bool | None = None
    """`true` is only archived threads, `false` only the others; both without it."""
    limit: Annotated[int, Meta(ge=1)] = 50
    """The most threads that a page may have; more than 200 counts as 200."""
    after: str | None = None
    """The `id` of the last thread of the page before."""


class ThreadIn(Struct, kw_only=True, frozen=True):
    """A thread to create."""

    example: ClassVar[Json] = {
        "external_id": "order-17",
        "title": "A late parcel",
        "last_message_at": "2026-01-31T09:30:00.000Z",
        "metadata": {"topic": "parcel"},
        "upsert": True,
    }

    external_id: str | None = None
    """The application's own id of it, which is the session's id in every API; 1–256 characters."""
    title: str | None = None
    """Its title; at most 500 characters. Without one, the start of the first user message."""
    last_message_at: Moment | None = None
    """Taken and not kept: the time of the last message is that of the last message."""
    metadata: Json | None = None
    """The application's own JSON object; at most 64 KiB."""
    upsert: bool = False
    """True gives back the thread that has the `external_id`; else that is a conflict."""


class ThreadCreated(Struct, kw_only=True):
    """Which thread was created, or is there already."""

    example: ClassVar[Json] = {"thread_id": "order-17"}

    thread_id: str
    """The id of the thread."""


class ThreadPatch(Struct, kw_only=True, frozen=True):
    """A change of a thread; what is left out stays."""

    example: ClassVar[Json] = {
        "title": "A late parcel",
        "is_archived": True,
        "metadata": {"topic": "parcel"},
        "last_message_at": "2026-01-31T09:30:00.000Z",
    }

    title: str | UnsetType | None = UNSET
    """Its title; null takes it away."""
    is_archived: bool | UnsetType = UNSET
    """Whether it is in the archive."""
    metadata: Json | UnsetType | None = UNSET
    """A JSON Merge Patch of its metadata: null takes a name away."""
    last_message_at: Moment | UnsetType = UNSET
    """Taken and not kept, as when it is created."""


class ThreadOut(Struct, kw_only=True):
    """A thread."""

    example: ClassVar[Json] = {
        "id": "order-17",
        "title": "A late parcel",
        "last_message_at": "2026-01-31T09:30:41.000Z",
        "metadata": {"topic": "parcel"},
        "external_id": "order-17",
        "project_id": "k3v9x0",
        "created_at": "2026-01-31T09:30:00.000Z",
        "updated_at": "2026-01-31T09:30:41.000Z",
        "workspace_id": "acme",
        "is_archived": False,
    }

    id: str
    """The session's id, as in the native API."""
    title: str | None
    """Its title; null without one."""
    last_message_at: Time
    """When its last message was created, else when it began; lists go by it."""
    metadata: Annotated[Raw, schema_of(Json)]
    """The application's own JSON object."""
    external_id: str | None
    """The id that the application gave it; null where it gave none."""
    project_id: str
    """The workspace of the key."""
    created_at: Time
    """When it began."""
    updated_at: Time
    """When it last changed in any way."""
    workspace_id: str
    """The app of the session, which is assistant-ui's workspace; empty for a session of none."""
    is_archived: bool
    """Whether it is in the archive."""


class ThreadList(Struct, kw_only=True):
    """A page of threads."""

    threads: list[ThreadOut]
    """The threads of the page, the one with the newest message first."""


class ThreadAnswer(Struct, kw_only=True):
    """A thread, in an envelope."""

    thread: ThreadOut
    """The thread."""


async def list_threads(call: Call[ThreadParams, None]) -> Json:
    """List threads, the one with the newest message first"""
    params, sessions = call.params, call.service.sessions
    limit = min(params.limit, MOST)
    query = SessionQuery(
        filter=SessionFilter(archived=params.is_archived), sort="-active_at", limit=limit
    )
    if params.after is not None:
        query = await _behind(call, query, params.after)
    threads: list[Raw] = []
    while True:
        page = await sessions.list_as(call.principal, query, THREAD)
        threads += page.items
        if page.next_cursor is None or len(threads) >= limit:
            return {"threads": threads}
        query = msgspec.structs.replace(query, cursor=page.next_cursor, limit=limit - len(threads))


async def _behind(call: Call[Any, Any], query: SessionQuery, name: str) -> SessionQuery:
    """The query that goes on behind a thread; Invalid where it is not there."""
    try:
        cursor = await call.service.sessions.cursor_behind(call.principal, query, name)
    except NotFound as problem:
        raise Invalid(f"no thread {name!r} in this workspace", param="after") from problem
    return msgspec.structs.replace(query, cursor=cursor)


async def create_thread(call: Call[None, ThreadIn]) -> ThreadCreated:
    """Create a thread, or get the one with the external id"""
    body = call.body
    draft = SessionDraft(
        id=body.external_id,
        title=body.title,
        channel="assistant-ui",
        user_id=user_of(call),
        metadata=body.metadata or {},
    )
    session, _ = await call.service.sessions.start(call.principal, draft, refuse=not body.upsert)
    return ThreadCreated(thread_id=session.name)


async def read_thread(call: Call[None, None]) -> ThreadAnswer:
    """Read a thread"""
    session = await call.service.sessions.read(call.principal, call.path["thread_id"])
    return ThreadAnswer(thread=thread_out(session))


async def update_thread(call: Call[None, ThreadPatch]) -> Response:
    """Change the title, the metadata or the place of a thread"""
    body = call.body
    archived_at: int | UnsetType | None = UNSET
    if body.is_archived is not UNSET:
        archived_at = call.service.clock() if body.is_archived else None
    patch = SessionPatch(title=body.title, metadata=body.metadata, archived_at=archived_at)
    await call.service.sessions.update(call.principal, call.path["thread_id"], patch)
    return Response(status_code=204)


async def delete_thread(call: Call[None, None]) -> Response:
    """Permanently delete a thread and its messages"""
    await call.service.sessions.delete(call.principal, call.path["thread_id"])
    return Response(status_code=204)


def thread_out(session: Session) -> ThreadOut:
    return ThreadOut(
        id=session.name,
        title=session.title,
        last_message_at=rfc3339_ms(session.active_at),
        metadata=session.metadata,
        external_id=session.own_id,
        project_id=session.workspace_id,
        created_at=rfc3339_ms(session.created_at),
        updated_at=rfc3339_ms(session.updated_at),
        workspace_id=session.app or "",
        is_archived=session.archived_at is not None,
    )


THREAD = Projection("assistant-ui.thread", thread_out)

routes = (
    Route(
        f"GET {PATH}",
        list_threads,
        scope="sessions:read",
        params=ThreadParams,
        returns=ThreadList,
    ),
    Route(
        f"POST {PATH}",
        create_thread,
        scope="sessions:write",
        body=ThreadIn,
        returns=ThreadCreated,
        errors={409: "Another thread has this external id."},
    ),
    Route(
        f"GET {PATH}/{{thread_id}}",
        read_thread,
        scope="sessions:read",
        returns=ThreadAnswer,
        errors=NO_THREAD,
    ),
    Route(
        f"PUT {PATH}/{{thread_id}}",
        update_thread,
        scope="sessions:write",
        body=ThreadPatch,
        status=204,
        errors=NO_THREAD,
    ),
    Route(
        f"DELETE {PATH}/{{thread_id}}",
        delete_thread,
        scope="sessions:delete",
        status=204,
        errors=NO_THREAD | {403: "Below it is a session of another user or application."},
    ),
)
