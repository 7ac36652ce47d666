"""How PocketPaw tells that something went wrong: ``{"detail"}``, on its versioned routes with FastAPI's list for bad parameters."""

from __future__ import annotations

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
_SAID = {
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
    loc: list[str]
    msg: str
    type: str


class ErrorOut(Struct):
    """A list is what versioned routes say of bad parameters."""

    detail: str | list[Complaint]


def error_out(failure: Failure) -> ErrorOut:
    error = failure.error
    if failure.status == _UNPROCESSABLE and failure.path.startswith("/api/v1/"):
        return ErrorOut([Complaint(loc=_place(error), msg=error.message, type="value_error")])
    return ErrorOut(detail(error))


def detail(error: Error) -> str:
    """The product's words where it has some, else ours."""
    plain = _CLASSES.get(type(error)) if error.code == type(error).default_code else None
    return _SAID.get(error.code) or plain or error.message


def _place(error: Error) -> list[str]:
    where = str(error.extra.get("where", "query"))
    return [where, *str(error.param).split(".")] if error.param else [where]
