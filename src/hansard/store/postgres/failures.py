"""What PostgreSQL and its driver raise, in the words of the house."""

from __future__ import annotations

import asyncpg

from hansard.errors import Conflict, Error, Invalid, StoreUnavailable

RETRIED = ("40001", "40P01", "08", "57P", "53300", "25006")
"""SQLSTATEs (or their beginnings) after which a whole transaction is tried again: none of it happened."""
REFUSED = (asyncpg.DataError, TimeoutError, UnicodeEncodeError)
"""What no second attempt would change: a value that the driver cannot send, a statement that took too long."""


class Unknown(StoreUnavailable):
    """The connection broke while the commit was under way: it may or may not have happened."""

    default_code = "outcome_unknown"

    def __init__(self) -> None:
        super().__init__(
            "the database went away during the commit: repeat the request with the same Idempotency-Key to learn the outcome"
        )


def translate(problem: BaseException) -> Error:  # noqa: PLR0911 - one line for each kind of failure
    if isinstance(problem, (asyncpg.DataError, UnicodeEncodeError)):
        return Invalid(f"the database cannot hold a value: {problem}", code="bad_value")
    if isinstance(problem, TimeoutError):
        return StoreUnavailable("the statement took longer than it may", code="statement_timeout")
    code = getattr(problem, "sqlstate", None) or ""
    if code.startswith("23"):
        return Conflict("there is one of that name already", code="exists")
    if code.startswith("22"):
        return Invalid(f"the database refuses a value: {problem}", code="bad_value")
    if code.startswith("53100"):
        return StoreUnavailable(
            "the database's disk is full: nothing was written", code="store_full", retry_after=5
        )
    if code.startswith("28") or code == "3D000":
        return StoreUnavailable(
            f"the database refuses us: {problem}", code="store_refused", retry_after=30
        )
    if code == "57014":
        return StoreUnavailable("the statement took longer than it may", code="statement_timeout")
    return StoreUnavailable(
        f"the database cannot serve now: {str(problem) or type(problem).__name__}",
        code="store_unavailable",
    )
