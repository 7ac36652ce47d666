"""What a driver says of a failure, with its paths and hosts, is for the log and not for callers."""

from __future__ import annotations

from pathlib import Path

import apsw
import asyncpg
import pytest
from structlog.testing import capture_logs

from hansard.errors import DriverFailure, Error, StoreUnavailable
from hansard.http.error_redaction import redacted
from hansard.store.postgres import failures
from hansard.store.sqlite import connection

SECRET = "/srv/secret/store.db on db7.internal"
FAILURES: list[Error] = [
    *(
        connection.translate(kind(SECRET), Path("/srv/secret/store.db"))
        for kind in (
            apsw.BusyError,
            apsw.FullError,
            apsw.CantOpenError,
            apsw.CorruptError,
            apsw.IOError,
            apsw.InterruptError,
        )
    ),
    *(
        failures.translate(problem)
        for problem in (
            asyncpg.InvalidPasswordError(SECRET),
            asyncpg.DiskFullError(SECRET),
            asyncpg.CannotConnectNowError(SECRET),
            asyncpg.QueryCanceledError(SECRET),
            ConnectionRefusedError(SECRET),
            TimeoutError(SECRET),
        )
    ),
    failures.Unknown(),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.code)
def test_a_caller_reads_no_word_of_a_driver(failure: Error) -> None:
    assert isinstance(failure, DriverFailure)
    shown = redacted(failure, "req-1")
    assert "secret" not in shown.message
    assert "internal" not in shown.message
    assert (shown.code, type(shown)) == (failure.code, StoreUnavailable)


def test_the_log_has_the_whole_of_it() -> None:
    with capture_logs() as logged:
        redacted(DriverFailure(SECRET, code="store_failed"), "req-7")
    (line,) = logged
    assert (line["error"], line["code"], line["request_id"]) == (SECRET, "store_failed", "req-7")


def test_what_hansard_says_itself_stays_as_it_is() -> None:
    error = StoreUnavailable("17 writes wait already: try again", code="store_overloaded")
    assert redacted(error, "req-1") is error
