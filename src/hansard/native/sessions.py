"""``/v1/sessions``: start or get, list, read, update, end, archive, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET

from hansard.byte_cache import MIB, remembered
from hansard.http.call import Call
from hansard.http.fields import us
from hansard.http.route import IF_MATCH, IF_NONE_MATCH, ONCE, Reply, Route
from hansard.model import Session, SessionDraft, SessionPatch, SessionQuery
from hansard.native.document_bodies import document_out
from hansard.native.errors import FIELD_TOO_LARGE, FOREIGN_OWNER, NO_SESSION
from hansard.native.filters import ListParams, filter_of
from hansard.native.session_bodies import (
    SESSION,
    DeleteParams,
    EndIn,
    SessionChange,
    SessionDeleted,
    SessionIn,
    SessionList,
    SessionOut,
    SessionStart,
    session_out,
    session_reply,
)

if TYPE_CHECKING:
    from hansard.model.deletion import Deletion

_RENAMED = {"user": "user_id"}
_SPELLED_OTHERWISE = {"user", "created_at", "if_exists"}


async def start_session(call: Call[None, SessionIn]) -> Reply:
    """Create a session, or get the one that has this id

    Returns 201 for a new session, and 200 for an existing one, which is left unchanged. Returns
    409 if the id belongs to another user.
    """
    return _started(
        await call.service.sessions.start(
            call.principal,
            session_draft(call.body),
            refuse=call.body.if_exists == "refuse",
            once=call.once(_started),
        )
    )


def session_draft(body: SessionStart) -> SessionDraft:
    """The session that a caller means."""
    fields = {
        field: value
        for field in body.__struct_fields__
        if field not in _SPELLED_OTHERWISE and (value := getattr(body, field)) is not None
    }
    return SessionDraft(**fields, user_id=body.user, created_at=us(body.created_at))


def _started(result: tuple[Session, bool]) -> Reply:
    session, is_new = result
    reply = session_reply(session)
    return Reply(
        body=reply.body,
        status=201 if is_new else 200,
        headers=(("Location", f"/v1/sessions/{quote(session.name, safe='')}"),),
        etag=reply.etag,
    )


async def list_sessions(call: Call[ListParams, None]) -> SessionList | Reply:
    """List sessions, the latest activity first; archived ones only when asked"""
    if call.params.with_documents is not None:
        return await _list_with_documents(call, call.params.with_documents)
    page = await call.service.sessions.list_as(call.principal, _query_of(call.params), SESSION)
    total = UNSET if page.total is None else page.total
    return SessionList(
        data=page.items,  # type: ignore[arg-type]  # each is a SessionOut, encoded already
        has_more=page.has_more,
        next_cursor=page.next_cursor,
        total=total,
    )


async def _list_with_documents(call: Call[ListParams, None], key: str) -> Reply:
    """The list of sessions with documents, which no ETag covers."""
    page, documents = await call.service.sessions.list_with_documents(
        call.principal, _query_of(call.params), key
    )
    shown = [
        msgspec.structs.replace(
            session_out(session),
            documents={key: document_out(documents[session.id])} if session.id in documents else {},
        )
        for session in page.items
    ]
    total = UNSET if page.total is None else page.total
    listed = SessionList(
        data=shown, has_more=page.has_more, next_cursor=page.next_cursor, total=total
    )
    return Reply(body=listed)


@remembered(MIB)
def _query_of(params: ListParams) -> SessionQuery:
    return SessionQuery(
        filter=filter_of(params, "false"),
        sort=params.sort,
        limit=params.limit,
        cursor=params.cursor,
        with_total=params.total,
    )


async def read_session(call: Call[None, None]) -> Reply:
    """Read a session, by its id in any of the APIs"""
    return session_reply(await call.service.sessions.read(call.principal, call.path["session_id"]))


async def update_session(call: Call[None, SessionChange]) -> Reply:
    """Change a session with a JSON Merge Patch

    With ``If-Match`` the change is refused when the session has changed in between.
    """
    fields = {
        _RENAMED.get(field, field): getattr(call.body, field)
        for field in call.body.__struct_fields__
    }
    cleared: dict[str, list[Any]] = {
        field: [] for field in ("tags", "trail") if fields[field] is None
    }
    return session_reply(
        await call.service.sessions.update(
            call.principal,
            call.path["session_id"],
            SessionPatch(**(fields | cleared)),
            if_version=call.if_version(),
            once=call.once(session_reply),
        )
    )


async def end_session(call: Call[None, EndIn]) -> Reply:
    """Mark a session as over, and settle the matter if a resolution is given"""
    return session_reply(
        await call.service.sessions.end(
            call.principal,
            call.path["session_id"],
            resolution=call.body.resolution,
            if_version=call.if_version(),
            once=call.once(session_reply),
        )
    )


async def archive_session(call: Call[None, None]) -> Reply:
    """Archive a session"""
    return session_reply(
        await call.service.sessions.archive(
            call.principal, call.path["session_id"], if_version=call.if_version()
        )
    )


async def unarchive_session(call: Call[None, None]) -> Reply:
    """Take a session out of the archive"""
    return session_reply(
        await call.service.sessions.archive(
            call.principal, call.path["session_id"], archived=False, if_version=call.if_version()
        )
    )


async def delete_session(call: Call[DeleteParams, None]) -> SessionDeleted:
    """Permanently delete a session

    Its sub-sessions stay, without a parent, unless ``sub_sessions`` says otherwise. Its forks
    always stay.
    """
    name, params = call.path["session_id"], call.params

    def deleted(deletion: Deletion) -> SessionDeleted:
        return SessionDeleted(id=name, deleted=not params.dry_run, **deletion.counts)

    return deleted(
        await call.service.sessions.delete(
            call.principal,
            name,
            sub_sessions=params.sub_sessions,
            dry_run=params.dry_run,
            if_version=call.if_version(),
            once=None if params.dry_run else call.once(deleted),
        )
    )


SESSION_PATH = "/v1/sessions/{session_id}"

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
        errors={
            **FOREIGN_OWNER,
            404: "`session_not_found`: there is no session `parent`.",
            409: "`session_exists`: the id is taken by a session of another user or one that the"
            " key may not see, or `if_exists` is `refuse`.",
            **FIELD_TOO_LARGE,
        },
    ),
    Route(
        "GET /v1/sessions",
        list_sessions,
        scope="sessions:read",
        params=ListParams,
        returns=SessionList,
        cached=True,
        replica=True,
    ),
    Route(
        f"GET {SESSION_PATH}",
        read_session,
        scope="sessions:read",
        returns=SessionOut,
        request_headers=(IF_NONE_MATCH,),
        errors=NO_SESSION,
    ),
    Route(
        f"PATCH {SESSION_PATH}",
        update_session,
        scope="sessions:write",
        body=SessionChange,
        returns=SessionOut,
        request_headers=(ONCE, IF_MATCH),
        errors=FOREIGN_OWNER | NO_SESSION | FIELD_TOO_LARGE,
    ),
    Route(
        f"DELETE {SESSION_PATH}",
        delete_session,
        scope="sessions:delete",
        params=DeleteParams,
        returns=SessionDeleted,
        request_headers=(ONCE, IF_MATCH),
        errors=NO_SESSION
        | {
            403: "`foreign_sub_session`: with `sub_sessions=delete`, a session below it is of"
            " another end user or application."
        },
    ),
    Route(
        f"POST {SESSION_PATH}/end",
        end_session,
        scope="sessions:write",
        body=EndIn,
        returns=SessionOut,
        request_headers=(ONCE, IF_MATCH),
        errors=NO_SESSION,
    ),
    Route(
        f"POST {SESSION_PATH}/archive",
        archive_session,
        scope="sessions:write",
        returns=SessionOut,
        request_headers=(IF_MATCH,),
        errors=NO_SESSION,
    ),
    Route(
        f"POST {SESSION_PATH}/unarchive",
        unarchive_session,
        scope="sessions:write",
        returns=SessionOut,
        request_headers=(IF_MATCH,),
        errors=NO_SESSION,
    ),
)
