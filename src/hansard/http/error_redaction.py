"""What a caller may read of a failure of the store."""

from __future__ import annotations

from hansard.errors import DriverFailure, Error, StoreUnavailable
from hansard.http.log import Log

_TEXTS = {
    "store_full": "the store's disk is full: nothing was written",
    "store_busy": "another process holds the store: try again",
    "statement_timeout": "this took longer than it may: ask for less",
    "outcome_unknown": "whether this was done is not known:"
    " repeat it with the same Idempotency-Key to learn the outcome",
    "store_overloaded": "too much waits for the store: try again",
}
_log = Log("hansard")


def redacted(error: Error, request_id: str) -> Error:
    """The error as a caller may read it; the words of a driver go to the log instead."""
    if not isinstance(error, DriverFailure):
        return error
    _log.warning(
        "the store failed a request", request_id=request_id, code=error.code, error=error.message
    )
    text = _TEXTS.get(error.code, "the store cannot serve this now: try again later")
    return StoreUnavailable(text, code=error.code, retry_after=error.retry_after)
