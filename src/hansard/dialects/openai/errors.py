"""OpenAI's errors: ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from starlette.responses import Response

from hansard.errors import Error, Retryable
from hansard.http.route import Failure

NO_CONVERSATION = {404: "No conversation has this id."}
NO_ITEM = {404: "No conversation has this id, or no item in it."}
_CONFLICT = 409
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_SERVER_FAULT = 500
_WORDS = {
    "session_not_found": (("no session ", "no conversation "),),
    "message_not_found": (
        ("no message ", "no item "),
        (" in this session", " in this conversation"),
    ),
}
_PARAMS = {"session_id": "conversation_id", "message_id": "item_id"}
"""What this API calls a parameter of ours."""


class ErrorBody(Struct, kw_only=True):
    """What was wrong."""

    example: ClassVar[dict[str, Any]] = {
        "message": "limit: expected a whole number <= 100, got '500'",
        "type": "invalid_request_error",
        "param": "limit",
        "code": "invalid",
    }

    message: str
    """What was wrong, where, and what to do."""
    type: str
    """`invalid_request_error`, `authentication_error`, `permission_error`, `rate_limit_error` or
    `server_error`."""
    param: str | None
    """The parameter or the place in the body that was wrong; null where none was."""
    code: str | None
    """Which error it is, as in the native API."""


class ErrorOut(Struct, kw_only=True):
    """An error."""

    example: ClassVar[dict[str, Any]] = {"error": ErrorBody.example}

    error: ErrorBody
    """What was wrong."""


def _said(error: Error) -> str:
    """What an error says, in the words of this API."""
    text = error.message
    for ours, theirs in _WORDS.get(error.code, ()):
        text = text.replace(ours, theirs, 1)
    return text


def error_out(failure: Failure) -> ErrorOut | Response:
    """The error; a conflict says not to try again, which OpenAI's clients would do."""
    error = failure.error
    kind = _TYPES.get(failure.status, "invalid_request_error")
    if failure.status >= _SERVER_FAULT:
        kind = "server_error"
    code = "invalid_api_key" if failure.status == 401 else error.code  # noqa: PLR2004 - no key
    param = _PARAMS.get(error.param, error.param) if error.param else None
    body = ErrorOut(error=ErrorBody(message=_said(error), type=kind, param=param, code=code))
    if failure.status == _CONFLICT and not isinstance(error, Retryable):
        return Response(
            msgspec.json.encode(body),
            failure.status,
            {"x-should-retry": "false"},
            "application/json",
        )
    return body
