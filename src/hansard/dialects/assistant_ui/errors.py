"""Errors as assistant-ui's client reads them: ``{"error": CODE, "message": TEXT}``."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from hansard.http.route import Failure

NO_THREAD = {404: "No thread has this id."}
NO_MESSAGE = {404: "No thread has this id, or no message in it."}
NO_LEASE = {404: "No thread has this id, or no lease in it."}
_CODES = {"session_not_found": "thread_not_found", "run_finished": "run_ended"}
_CODES |= {"run_not_found": "lease_not_found", "session_exists": "thread_exists"}


class ErrorOut(Struct, kw_only=True):
    """An error."""

    example: ClassVar[dict[str, Any]] = {
        "error": "thread_not_found",
        "message": "no thread 'order-17' in this workspace",
        "param": None,
        "request_id": "req_0190163d",
    }

    error: str
    """Which error it is: `thread_not_found`, `message_not_found`, `lease_not_found`, `run_ended`,
    `lease_mismatch`, `thread_exists`, `not_here`, or a code of the native API."""
    message: str
    """What was wrong, where, and what to do."""
    param: str | None
    """The parameter or the place in the body that was wrong; null where none was."""
    request_id: str
    """The request's id, as in the header `X-Request-ID`."""


def error_out(failure: Failure) -> ErrorOut:
    error = failure.error
    return ErrorOut(
        error=_CODES.get(error.code, error.code),
        message=error.message.replace("no session ", "no thread ", 1),
        param=error.param,
        request_id=failure.request_id,
    )
