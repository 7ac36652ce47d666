"""What PostgreSQL and its driver raise, in the words of the house."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import asyncpg

from hansard.errors import Conflict, DriverFailure, Error, Invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")
SERVER_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)
"""What the server, the way to it and the driver raise, whatever else is done meanwhile."""
FAILURES = (*SERVER_FAILURES, OSError, UnicodeEncodeError)
"""All that ``answer`` raises."""
READ_ONLY = "25006"
_PASSING = ("40001", "40P01", "08", "25P03", "57P", "53300", READ_ONLY)
"""SQLSTATEs (or their beginnings) of failures after which none of the transaction happened, and
which pass.
"""
_LASTING = (
    asyncpg.DataError,
    asyncpg.ClientConfigurationError,
    TimeoutError,
    UnicodeEncodeError,
)
"""What no second attempt would change: a value that the driver cannot send, a statement that took
too long.
"""


_REFUSALS = ("0A", "22", "23", "25", "40", "42", "53", "54")
"""Classes of SQLSTATEs with which a server says that a statement did nothing."""


class Unknown(DriverFailure):
    """The connection broke while the commit was under way: it may or may not have happened."""

    default_code = "outcome_unknown"

    def __init__(self) -> None:
        super().__init__(
            "the database went away during the commit: repeat the request with the same "
            "Idempotency-Key to learn the outcome"
        )


class Uncombined(asyncpg.PostgresError):
    """The database takes some statements by themselves alone; nothing of the transaction happened.

    It is one that was distributed meanwhile.
    """


class Broken(ConnectionError):
    """The driver failed in an undocumented way, such as on a transport that closed under it."""


async def answer(operation: Awaitable[T]) -> T:
    """What the driver answers.

    Whatever it raises is one of FAILURES: nothing else than its failure is known of it.
    """
    try:
        return await operation
    except FAILURES:
        raise
    except asyncio.CancelledError as problem:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise Broken("the driver gave an operation up") from problem
    except Exception as problem:
        raise Broken(f"the driver failed: {type(problem).__name__}: {problem}") from problem


def sqlstate(problem: BaseException) -> str:
    return getattr(problem, "sqlstate", None) or ""


def is_passing(problem: BaseException) -> bool:
    """Whether the whole transaction may be retried.

    Nothing of it happened, and the failure is transient.
    """
    if isinstance(problem, _LASTING):
        return False
    if isinstance(problem, (Uncombined, asyncpg.InvalidCachedStatementError)):
        return True  # a migration changed a table, or it was spread over nodes
    return not sqlstate(problem) or sqlstate(problem).startswith(_PASSING)


def is_refusal(problem: BaseException) -> bool:
    """Whether a single statement that failed so has surely done nothing."""
    if isinstance(problem, (asyncpg.DataError, UnicodeEncodeError, Uncombined)):
        return True
    return sqlstate(problem).startswith(_REFUSALS)


def is_unusable(problem: BaseException) -> bool:
    """Whether the connection that raised this must not be used again."""
    if isinstance(problem, asyncpg.PostgresError):
        return sqlstate(problem) == READ_ONLY
    return not isinstance(problem, (asyncpg.DataError, UnicodeEncodeError))


def translate(problem: BaseException) -> Error:  # noqa: PLR0911 - one line for each kind of failure
    if isinstance(problem, (asyncpg.DataError, UnicodeEncodeError)):
        return Invalid(f"the database cannot hold a value: {problem}", code="bad_value")
    if isinstance(problem, TimeoutError):
        return DriverFailure("the statement took longer than it may", code="statement_timeout")
    code = sqlstate(problem)
    if code.startswith("23"):
        return Conflict("a row with this key exists already", code="exists")
    if code.startswith("22"):
        return Invalid(f"the database refuses a value: {problem}", code="bad_value")
    if code.startswith("53100"):
        return DriverFailure(
            "the database's disk is full: nothing was written", code="store_full", retry_after=5
        )
    if code.startswith("28") or code == "3D000":
        return DriverFailure(
            f"the database refuses us: {problem}", code="store_refused", retry_after=30
        )
    if code == READ_ONLY or isinstance(problem, asyncpg.TargetServerAttributeNotMatched):
        return DriverFailure(
            "the database takes no writes now: it is a standby, or set to read only",
            code="store_read_only",
        )
    if code == "57014":
        return DriverFailure("the statement took longer than it may", code="statement_timeout")
    return DriverFailure(
        f"the database cannot serve now: {str(problem) or type(problem).__name__}",
        code="store_unavailable",
    )
