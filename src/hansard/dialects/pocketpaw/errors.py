"""PocketPaw's errors: ``{"detail"}``; on versioned routes FastAPI's list for bad parameters."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from hansard.errors import Error, Forbidden, Invalid, Unauthenticated
from hansard.http.route import Failure

STATUSES: dict[type[Error] | str, int] = {
    Invalid: 422,
    "bad_json": 400,
    "title_required": 400,
    "bad_format": 400,
    "missing_id": 400,
}
NO_SESSION = {404: "No session of the workspace has this id."}
_PHRASES = {
    "route_not_found": "Not Found",
    "method_not_allowed": "Method Not Allowed",
    "session_not_found": "Session not found",
    "missing_scope": "API key missing required scope: sessions",
    "bad_json": "Invalid JSON body",
    "signed_out": "Unauthorized",
    "rate_limited": "Too many requests",
    "internal": "Internal Server Error",
}
_CLASSES: dict[type[Error], str] = {Unauthenticated: "Unauthorized", Forbidden: "Forbidden"}
_UNPROCESSABLE = 422


class Complaint(Struct, kw_only=True):
    """What is wrong with a parameter or a field."""

    example: ClassVar[dict[str, Any]] = {
        "loc": ["query", "limit"],
        "msg": "limit: expected a whole number <= 500, got '501'",
        "type": "value_error",
    }

    loc: list[str]
    """Where it is: `query` or `body`, and its name."""
    msg: str
    """What is wrong, and what to do."""
    type: str
    """Always `value_error`."""


class ErrorOut(Struct):
    """An error."""

    example: ClassVar[dict[str, Any]] = {"detail": "Session not found"}

    detail: str | list[Complaint]
    """What was wrong: a text, or on versioned routes a list for bad parameters and bodies."""


def error_out(failure: Failure) -> ErrorOut:
    error = failure.error
    if failure.status == _UNPROCESSABLE and failure.path.startswith("/api/v1/"):
        return ErrorOut([Complaint(loc=_location(error), msg=error.message, type="value_error")])
    return ErrorOut(detail(error))


def detail(error: Error) -> str:
    """The product's words where it has some, else ours."""
    plain = _CLASSES.get(type(error)) if error.code == type(error).default_code else None
    return _PHRASES.get(error.code) or plain or error.message


def _location(error: Error) -> list[str]:
    where = str(error.extra.get("where", "query"))
    return [where, *str(error.param).split(".")] if error.param else [where]
