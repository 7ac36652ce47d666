"""The requests of sessions."""

from __future__ import annotations

from typing import Literal, Unpack

from hansard.client.context_structs import Context
from hansard.client.pages import listed
from hansard.client.params import (
    ContextFormat,
    NewSession,
    Resolution,
    SessionFields,
    SessionFilter,
    Sort,
    filter_query,
    known,
)
from hansard.client.requests import Request, path
from hansard.client.structs import Deleted, Difference, Page, Session


def start(
    id: str | None = None, *, idempotency_key: str | None = None, **fields: Unpack[NewSession]
) -> Request[Session]:
    """Create a session, or get the one that has this ``id`` unchanged: ``created`` says which.

    Raises Conflict ``session_exists`` when another user has the ``id``, and with
    ``if_exists="refuse"`` whenever it is taken.
    """
    return Request(
        "POST",
        "/v1/sessions",
        Session.of,
        body={"id": id, **known(fields, NewSession)},
        key=idempotency_key,
        notes_creation=True,
    )


def listing(
    *,
    sort: Sort | None = None,
    page_size: int | None = None,
    total: bool = False,
    with_documents: str | None = None,
    **where: Unpack[SessionFilter],
) -> Request[Page[Session]]:
    """The sessions that match, the latest activity first; iterating fetches page after page.

    The values of one filter are alternatives; a session passes every filter. Archived sessions are
    left out unless ``archived`` is True or ``"any"``. ``total`` adds the exact number of matches to
    each page, ``with_documents`` each session's document of this key.
    """
    return listed(
        Session,
        "/v1/sessions",
        page_size,
        {**filter_query(where), "sort": sort, "total": total or None}
        | {"with_documents": with_documents},
    )


def count(**where: Unpack[SessionFilter]) -> Request[int]:
    """How many sessions match, exactly."""
    return Request(
        "GET",
        "/v1/sessions",
        lambda answer: int(answer["total"]),
        query={**filter_query(where), "limit": 1, "total": True},
    )


def read(session: str) -> Request[Session]:
    """One session, by its id or by the id that any dialect shows."""
    return Request("GET", path("sessions", session), Session.of)


def lookup(id: str) -> Request[Page[Session]]:
    """The session with this id, else those whose id begins with it: at least 4 characters."""
    return listed(Session, "/v1/lookup", None, {"id": id})


def update(
    session: str,
    *,
    if_version: int | None = None,
    idempotency_key: str | None = None,
    **changes: Unpack[SessionFields],
) -> Request[Session]:
    """Change the given fields; None clears one.

    ``metadata`` and ``external_ids`` are merged: None deletes one of their keys. ``parent`` can
    only
    be cleared.

    Raises Conflict ``version_mismatch`` when the session is no longer at ``if_version``.
    """
    headers = {} if if_version is None else {"If-Match": f'"v{if_version}"'}
    return Request(
        "PATCH",
        path("sessions", session),
        Session.of,
        body=known(changes, SessionFields),
        headers=headers,
        key=idempotency_key,
    )


def end(
    session: str, *, resolution: Resolution | None = None, idempotency_key: str | None = None
) -> Request[Session]:
    """Mark a session as over, and settle it if you like."""
    return Request(
        "POST",
        path("sessions", session, "end"),
        Session.of,
        body={"resolution": resolution},
        key=idempotency_key,
    )


def archive(session: str) -> Request[Session]:
    """Put a session away."""
    return Request("POST", path("sessions", session, "archive"), Session.of)


def unarchive(session: str) -> Request[Session]:
    """Take a session out of the archive."""
    return Request("POST", path("sessions", session, "unarchive"), Session.of)


def fork(
    session: str,
    *,
    message: str | int | None = None,
    id: str | None = None,
    title: str | None = None,
    idempotency_key: str | None = None,
) -> Request[Session]:
    """Branch a new session from this one, with its messages up to ``message`` (an id or a seq)."""
    return Request(
        "POST",
        path("sessions", session, "fork"),
        Session.of,
        body={"id": id, "message": message, "title": title},
        key=idempotency_key,
    )


def copy(
    session: str,
    *,
    message: str | int | None = None,
    id: str | None = None,
    title: str | None = None,
    idempotency_key: str | None = None,
) -> Request[Session]:
    """A new session with all that this one has, up to ``message`` (an id or a seq).

    Unlike a fork it has no parent: it stays when the original is deleted.
    """
    return Request(
        "POST",
        path("sessions", session, "copy"),
        Session.of,
        body={"id": id, "message": message, "title": title},
        key=idempotency_key,
    )


def context(
    session: str,
    *,
    messages: int | None = None,
    tokens: int | None = None,
    format: ContextFormat = "native",
) -> Request[Context]:
    """The end of a transcript as a model may be given it, tool calls with their answers.

    It holds the newest messages within both limits; without a limit the last 50. ``request`` has
    the provider's fields, ``manifest`` says what is missing.
    """
    query = {"messages": messages, "tokens": tokens, "format": format}
    return Request("GET", path("sessions", session, "context"), Context.of, query=query)


def diff(
    session: str, against: str | None = None, *, page_size: int | None = None
) -> Request[Page[Difference]]:
    """The messages that only one of two sessions has, in order; iterating fetches page after page.

    A fork is compared with its original, any session with ``against``. A page's ``extra`` counts
    them: ``only_here``, ``only_there`` and ``shared``.
    """
    return listed(Difference, path("sessions", session, "diff"), page_size, {"against": against})


def delete(
    session: str,
    *,
    sub_sessions: Literal["keep", "delete"] = "keep",
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> Request[Deleted]:
    """Delete a session for ever; with ``dry_run`` only say what would go.

    Its sub-sessions stay, without a parent, unless ``sub_sessions`` is ``delete``. Its forks
    always stay.
    """
    query = {"sub_sessions": sub_sessions, "dry_run": dry_run or None}
    return Request(
        "DELETE", path("sessions", session), Deleted.of, query=query, key=idempotency_key
    )
