"""What can go wrong, without any HTTP in it.

    Error
    ├── Invalid            the request itself is wrong
    ├── Unauthenticated    no credential, or not a valid one
    ├── Forbidden          a valid credential that may not do this
    ├── NotFound           absent, or another workspace's: the two are never told apart
    ├── Conflict           the object is not in the state that the request needs
    ├── Busy               the same request is being worked on; says when to come back
    ├── TooLarge           a body, batch or field over its limit
    ├── TooMany            a rate limit; says when to come back
    └── StoreUnavailable   the database cannot serve now; says when to come back

Each carries a stable ``code`` that clients may branch on; the text is for people.
"""

from __future__ import annotations

from typing import ClassVar, Literal


class Error(Exception):
    """The root: ``code`` is stable, ``message`` says what, where and what to do.

    ``param`` names the parameter or the JSON path that was wrong.  ``extra`` holds
    facts a client may act on, such as the current ``seq`` of a conflict.
    """

    default_code: ClassVar[str] = "error"

    def __init__(
        self, message: str, *, code: str | None = None, param: str | None = None, **extra: object
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.param = param
        self.extra = extra


Reason = Literal[
    "missing",
    "unknown",
    "wrong_type",
    "not_an_integer",
    "not_a_number",
    "not_a_boolean",
    "not_a_time",
    "not_a_date",
    "not_a_choice",
    "too_small",
    "too_large",
    "too_short",
    "too_long",
]
"""In what way a parameter or a field is wrong."""


class Invalid(Error):
    """``reason`` says in what way ``param`` is wrong, where that is one of the usual ways."""

    default_code = "invalid"

    def __init__(
        self,
        message: str,
        *,
        reason: Reason | None = None,
        code: str | None = None,
        param: str | None = None,
        **extra: object,
    ) -> None:
        super().__init__(message, code=code, param=param, **extra)
        self.reason = reason


class Unauthenticated(Error):
    default_code = "unauthenticated"


class Forbidden(Error):
    default_code = "forbidden"


class NotFound(Error):
    default_code = "not_found"


class Conflict(Error):
    default_code = "conflict"


class TooLarge(Error):
    default_code = "too_large"


class Retryable(Error):
    """An error that passes by itself: ``retry_after`` is in seconds."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float = 1.0,
        code: str | None = None,
        param: str | None = None,
        **extra: object,
    ) -> None:
        super().__init__(message, code=code, param=param, **extra)
        self.retry_after = retry_after


class Busy(Retryable, Conflict):
    default_code = "busy"


class TooMany(Retryable):
    default_code = "rate_limited"


class StoreUnavailable(Retryable):
    default_code = "store_unavailable"


class DriverFailure(StoreUnavailable):
    """A database's driver failed; ``message`` may have its words, with paths and hosts.

    It is for the log and the command line. Callers of an API get ``http.error_redaction``'s text.
    """
