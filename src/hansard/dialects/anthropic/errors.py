"""Errors as Anthropic's API spells them."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from hansard.http.route import Failure

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}
_SERVER_FAULT = 500


class Problem(Struct):
    """What went wrong."""

    example: ClassVar[dict[str, Any]] = {
        "type": "not_found_error",
        "message": "no session 'order-17' in this workspace",
    }

    type: str
    """The kind of error, such as `not_found_error`."""
    message: str
    """What was wrong, where, and what to do."""


class ErrorOut(Struct):
    """An error."""

    example: ClassVar[dict[str, Any]] = {
        "type": "error",
        "error": Problem.example,
        "request_id": "req_0190163d",
    }

    type: str
    """Always `error`."""
    error: Problem
    """What went wrong."""
    request_id: str
    """The request's id, as in the header `X-Request-ID`."""


def error_out(failure: Failure) -> ErrorOut:
    rest = "api_error" if failure.status >= _SERVER_FAULT else "invalid_request_error"
    problem = Problem(_TYPES.get(failure.status, rest), failure.error.message)
    return ErrorOut("error", problem, failure.request_id)
