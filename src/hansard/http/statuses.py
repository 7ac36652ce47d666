"""Which HTTP status an error has: by its code, by its class, or as the dialect says."""

from __future__ import annotations

from hansard.errors import (
    Conflict,
    Error,
    Forbidden,
    Invalid,
    NotFound,
    StoreUnavailable,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from hansard.http.route import Dialect

STATUS: dict[type[Error], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    TooMany: 429,
    StoreUnavailable: 503,
}
CODE_STATUS = {
    "method_not_allowed": 405,
    "request_timeout": 408,
    "version_mismatch": 412,
    "revision_mismatch": 412,
    "uri_too_long": 414,
    "unsupported_media_type": 415,
    "idempotency_key_reused": 422,
    "headers_too_large": 431,
    "internal": 500,
    "store_full": 507,
}


class Internal(Error):
    """A fault of ours; the log has the rest."""

    default_code = "internal"


def status_of(dialect: Dialect, error: Error) -> int:
    """The HTTP status of an error in a dialect: by its code, else by its class."""
    if error.code in dialect.statuses:
        return dialect.statuses[error.code]
    if error.code in CODE_STATUS:
        return CODE_STATUS[error.code]
    for kind in type(error).__mro__:
        if kind in dialect.statuses:
            return dialect.statuses[kind]
        if kind in STATUS:
            return STATUS[kind]
    return 500
