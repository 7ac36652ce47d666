"""Why a PostgreSQL did not open, for the person who started the program.

The text says where it was looked for and what to do, never the password.
"""

from __future__ import annotations

import errno
import os
import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg

from hansard.errors import Error, Invalid, StoreUnavailable
from hansard.store.postgres.connecting import Silent
from hansard.store.postgres.failures import Broken, translate

_REFUSED = f"[Errno {errno.ECONNREFUSED}]"
_MISREAD = (
    "the URL of the store cannot be read: it is postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    "\n  In the user and the password write @ as %40, : as %3A, / as %2F, ? as %3F and # as %23"
)


class Address(NamedTuple):
    """Where a URL leads, in what it says itself and in PostgreSQL's own variables."""

    server: str
    user: str | None
    database: str | None

    @property
    def whole(self) -> str:
        return f"{self.server} (database {self.database!r})" if self.database else self.server


def unopened(problem: BaseException, url: str, seconds: float) -> Error:  # noqa: PLR0911 - one for each kind of failure
    """What the operator is told when a store at ``url`` could not be opened within ``seconds``."""
    address = address_of(url)
    code = getattr(problem, "sqlstate", None) or ""
    if isinstance(problem, asyncpg.ClientConfigurationError) and address:
        return Invalid(
            f"the URL of the store cannot be used: {problem}", code="bad_store_url", param="store"
        )
    driver_problem = problem.__cause__ if isinstance(problem, Broken) else problem
    if address is None or isinstance(driver_problem, (ValueError, OverflowError)):
        return Invalid(_MISREAD, code="bad_store_url", param="store")
    if code == "3D000":
        advice = f"Make it there, for instance with:  createdb {address.database or 'NAME'}"
        return StoreUnavailable(
            f"PostgreSQL at {address.server} has no database {address.database!r}\n  {advice}",
            code="store_refused",
        )
    if code.startswith("28"):
        advice = "See that the user and the password in --store or HANSARD_STORE are right"
        return StoreUnavailable(
            f"PostgreSQL at {address.whole} refuses us: {problem}\n  {advice}", code="store_refused"
        )
    if isinstance(problem, asyncpg.TargetServerAttributeNotMatched):
        advice = "Name the primary in --store or HANSARD_STORE, or every host: postgresql://USER:PASSWORD@HOST1,HOST2/DATABASE"
        return StoreUnavailable(
            f"PostgreSQL at {address.whole} is a standby: it takes no writes\n  {advice}",
            code="store_read_only",
        )
    if code:
        return StoreUnavailable(f"PostgreSQL at {address.whole}: {translate(problem).message}")
    advice = (
        "See that it runs there, and that --store or HANSARD_STORE names the right host and port"
    )
    return StoreUnavailable(
        f"no PostgreSQL answers at {address.whole}: {_reason(problem, seconds)}\n  {advice}"
    )


def address_of(url: str) -> Address | None:
    """Where the URL leads; None when it cannot be told from the password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    account, at, hosts = parts.netloc.rpartition("@")
    params = dict(parse_qsl(parts.query))
    if "@" in account or (not at and "@" in url and "user" not in params):
        return None
    hosts = unquote(hosts) or params.get("host") or os.environ.get("PGHOST") or "localhost"
    port = params.get("port") or os.environ.get("PGPORT") or "5432"
    user = params.get("user") or unquote(account.partition(":")[0]) or os.environ.get("PGUSER")
    database = (
        unquote(parts.path[1:])
        or params.get("dbname")
        or params.get("database")
        or os.environ.get("PGDATABASE")
        or user
    )
    return Address(hosts if re.search(r":\d+$", hosts) else f"{hosts}:{port}", user, database)


def _reason(problem: BaseException, seconds: float) -> str:
    if isinstance(problem, (TimeoutError, Silent)):
        waited = problem.seconds if isinstance(problem, Silent) else seconds
        return f"nothing came back within {waited:g} s"
    if _REFUSED in str(problem):
        return os.strerror(errno.ECONNREFUSED)
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
