"""What commands say of a PostgreSQL that they cannot open: where they looked, and what to do."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import Terminal


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_that_does_not_run_is_named(terminal: Terminal, free_port: int, host: str) -> None:
    printed = terminal("status", "--store", f"postgresql://me:hush@{host}:{free_port}/shop")
    assert printed.code == 1
    assert printed.err.startswith(
        f"error: no PostgreSQL answers at {host}:{free_port} (database 'shop'): Connection "
        "refused\n  See that it runs there"
    )
    assert "hush" not in printed.err


def test_a_host_that_nobody_knows_is_named_with_the_port_that_was_meant(terminal: Terminal) -> None:
    printed = terminal("migrate", "--store", "postgresql://me:hush@nowhere.invalid/shop")
    assert printed.code == 1
    assert "no PostgreSQL answers at nowhere.invalid:5432 (database 'shop'): " in printed.err
    assert "hush" not in printed.err


def test_what_the_variables_of_postgresql_say_counts_as_well(
    terminal: Terminal, free_port: int
) -> None:
    printed = terminal(
        "status", "--store", "postgresql://", PGHOST="127.0.0.1", PGPORT=str(free_port), PGUSER="me"
    )
    assert f"at 127.0.0.1:{free_port} (database 'me'): Connection refused" in printed.err


def test_a_server_that_refuses_us_and_one_without_the_database_are_told_apart(
    terminal: Terminal, postgres_url: str
) -> None:
    parts = urlsplit(postgres_url)
    where = f"{parts.hostname}:{parts.port or 5432}"
    printed = terminal("status", "--store", f"postgresql://nobody:hush@{where}{parts.path}")
    assert printed.code == 1
    assert printed.err.startswith(
        f"error: PostgreSQL at {where} (database {parts.path[1:]!r}) refuses us: "
    )
    assert "See that the user and the password" in printed.err
    assert "hush" not in printed.err
    password = parts.password or "hush"  # a server that trusts us takes any
    host = parts.netloc.rpartition("@")[2]
    printed = terminal(
        "status", "--store", f"postgresql://{parts.username}:{password}@{host}/nothing"
    )
    assert printed.code == 1
    assert printed.err.startswith(
        f"error: PostgreSQL at {where} has no database 'nothing'\n  Make it there"
    )
    assert password not in printed.err


@pytest.mark.parametrize("password", ["hu@sh", "hu/sh", "hu?sh", "12#hush", "hush:x@y"])
def test_a_password_that_breaks_the_url_is_not_shown_as_its_host(
    terminal: Terminal, password: str
) -> None:
    printed = terminal("doctor", "--store", f"postgresql://me:{password}@127.0.0.1:1/shop")
    assert "In the user and the password write @ as %40" in printed.out
    assert password not in printed.out
    assert "sh" not in printed.out.partition("does not open: ")[2].partition("postgresql://")[0]


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("sslmode=maybe", "`sslmode` parameter must be one of"),
        ("", "the URL of the store cannot be read"),
    ],
)
def test_a_url_that_postgresql_does_not_take_says_why(
    terminal: Terminal, option: str, says: str
) -> None:
    printed = terminal(
        "status",
        "--store",
        f"postgresql://me:hush@127.0.0.1:{1 if option else 99999}/shop?{option}",
    )
    assert (printed.code, says in printed.err, "hush" in printed.err) == (2, True, False)
