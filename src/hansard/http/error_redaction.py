"""What a caller may read of the store's troubles."""

from __future__ import annotations

from hansard.errors import Error, StoreUnavailable
from hansard.http.log import Log

_STORE_TROUBLE = {
    "store_full": "the store's disk is full: nothing was written",
    "store_busy": "another process holds the store: try again",
    "statement_timeout": "this took longer than it may: ask for less",
    "outcome_unknown": "whether this was done is not known: repeat it with the same Idempotency-Key to learn the outcome",
    "store_overloaded": "too much waits for the store: try again",
}
_log = Log("hansard")


def for_strangers(error: Error, request_id: str) -> Error:
    """The error as a caller may read it: what a driver said, with its paths and hosts, goes into the log."""
    if not isinstance(error, StoreUnavailable) or error.__cause__ is None:
        return error
    _log.warning(
        "the store failed a request", request_id=request_id, code=error.code, error=error.message
    )
    text = _STORE_TROUBLE.get(error.code, "the store cannot serve this now: try again later")
    return StoreUnavailable(text, code=error.code, retry_after=error.retry_after)
