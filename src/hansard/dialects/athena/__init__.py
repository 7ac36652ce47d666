"""Athena's sessions: the list, the item with its read marks and downloads, and the status of a thread.

Source: "List sessions" of the Athena API; the neighbours are what the published client `athenaintel` calls.
Quirks kept on purpose:
 - a list parameter is repeated, split on commas, or both;
 - the client's pager ignores ``has_more`` and asks for ``offset + 1`` until a page is empty;
 - item routes say ``{"message"}`` for 401 and 404, everything else ``{"detail"}``;
 - base URLs that already hold ``/api/v0`` are common, so that the doubled prefix is an alias.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from hansard.dialects.athena.downloads import DownloadParams, Stats, Trace, Turns, download_session
from hansard.dialects.athena.sessions import (
    ListParams,
    SessionOut,
    SessionPage,
    list_sessions,
    mark_read,
    mark_unread,
    read_session,
)
from hansard.dialects.athena.threads import StatusParams, ThreadOut, read_status
from hansard.errors import Invalid
from hansard.http.route import Dialect, Route

if TYPE_CHECKING:
    from hansard.http.route import Failure

PREFIX = "/api/v0"
_ITEM = re.compile(rf"(?:{PREFIX}){{1,2}}/(?:sessions|threads)/.")
_PHRASES = {401: "Unauthorized", 405: "Method Not Allowed"}
_TYPES = (
    ("whole number >=", "greater_than_equal"),
    ("whole number <=", "less_than_equal"),
    ("expected a whole number", "int_parsing"),
    ("expected true", "bool_parsing"),
    ("unknown value", "enum"),
    ("of length <=", "too_long"),
)


class Complaint(Struct, kw_only=True):
    loc: list[str]
    msg: str
    type: str


class ErrorOut(Struct, kw_only=True):
    """``detail`` is a list for bad parameters only; ``message`` is what item routes say for 401 and 404."""

    detail: str | list[Complaint] | UnsetType = UNSET
    message: str | UnsetType = UNSET


def error_out(failure: Failure) -> ErrorOut:
    error = failure.error
    if failure.status == 422 and isinstance(error, Invalid):  # noqa: PLR2004 - the documented one
        return ErrorOut(
            detail=[
                Complaint(
                    loc=["query", *([error.param] if error.param else [])],
                    msg=error.message,
                    type=_type(error.message),
                )
            ]
        )
    if error.code == "route_not_found":
        return ErrorOut(detail="Not Found")
    text = _PHRASES.get(failure.status, error.message)
    return (
        ErrorOut(message=text)
        if failure.status in {401, 404} and _ITEM.match(failure.path)
        else ErrorOut(detail=text)
    )


def _type(message: str) -> str:
    return next(
        (name for words, name in _TYPES if words in message),
        "datetime_parsing" if message.startswith("created_") else "value_error",
    )


def _routes(prefix: str) -> tuple[Route, ...]:
    one = f"{prefix}/sessions/{{asset_id}}"
    return (
        Route(
            f"GET {prefix}/sessions",
            list_sessions,
            scope="sessions:read",
            params=ListParams,
            returns=SessionPage[SessionOut],
            cached=True,
        ),
        Route(f"GET {one}", read_session, scope="sessions:read", returns=SessionOut),
        Route(
            f"GET {one}/download",
            download_session,
            scope="sessions:read",
            params=DownloadParams,
            returns=Trace | Turns | Stats,
            response_types=("text/markdown",),
        ),
        Route(f"POST {one}/read", mark_read, scope="sessions:write", returns=SessionOut),
        Route(f"POST {one}/unread", mark_unread, scope="sessions:write", returns=SessionOut),
        Route(
            f"GET {prefix}/threads/{{thread_id}}/status",
            read_status,
            scope="sessions:read",
            params=StatusParams,
            returns=ThreadOut,
        ),
    )


dialect = Dialect(
    name="athena",
    title="Athena",
    description="Athena's sessions and threads, as the client athenaintel calls them.",
    prefixes=(PREFIX,),
    routes=(*_routes(PREFIX), *_routes(PREFIX + PREFIX)),
    error=error_out,
    error_body=ErrorOut,
    statuses={Invalid: 422},
)
