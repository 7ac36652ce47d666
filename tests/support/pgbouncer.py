"""A real PgBouncer in transaction mode in front of a test's database.

    with pgbouncer(folder, server.url) as bouncer:
        url = bouncer.through(server.create_database("append"))

With ``HANSARD_TEST_PGBOUNCER`` (the program's path, or 1 for the one that is installed) the stores
of the contract suite stand behind one: `make test-pgbouncer`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from hansard.settings import Settings
from tests.support.postgres_cluster import free_port

VARIABLE = "HANSARD_TEST_PGBOUNCER"
PATH = "/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin"
PATIENCE = 10.0
CONNECTIONS = 3
"""To each database, so that callers must share them."""
CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 400
server_idle_timeout = 5
"""


@dataclass(frozen=True)
class PgBouncer:
    """One that runs; it knows every database of its server."""

    port: int

    def through(self, url: str) -> str:
        """The URL of the same database through it."""
        parts = urlsplit(url)
        account = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{self.port}"))


def is_wanted() -> bool:
    """Whether the contract suite is to run behind one."""
    return bool(os.environ.get(VARIABLE))


def settings(store: str) -> Settings:
    """Settings for a store of the contract suite; Debian's PgBouncer is older than 1.21."""
    return Settings(store=store, prepared=not is_wanted())


def program() -> str:
    """The program's path; skips the test where there is none."""
    named = [os.environ.get(name, "") for name in (VARIABLE, "HANSARD_PGBOUNCER")]
    path = next((name for name in named if "/" in name), None)
    path = path or shutil.which("pgbouncer", path=PATH)
    if path is None:
        pytest.skip(
            "NOT TESTED: there is no PgBouncer here; python scripts/installed.py pgbouncer says "
            "what to install"
        )
    return path


@contextlib.contextmanager
def pgbouncer(folder: Path, url: str, connections: int = CONNECTIONS) -> Iterator[PgBouncer]:
    """One in front of the server of ``url``, for the account of that URL."""
    parts, own, command = urlsplit(url), free_port(), program()
    users, configuration = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"{parts.username}" "{parts.password}"\n')
    configuration.write_text(
        CONFIGURATION.format(
            host=parts.hostname, port=parts.port, own=own, users=users, connections=connections
        )
    )
    account = _account(folder)
    log = folder / "pgbouncer.log"
    with log.open("wb") as writing:
        process = subprocess.Popen(
            [command, *account, str(configuration)], stdout=writing, stderr=writing
        )
    try:
        _await(own, process, log)
        yield PgBouncer(own)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _account(folder: Path) -> list[str]:
    """The options for another account where the tests are root, which PgBouncer refuses to be."""
    if os.geteuid() != 0:
        return []
    folder.chmod(0o777)
    for parent in folder.parents[:3]:
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["-u", "nobody"]


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"PgBouncer did not start:\n{log.read_text()}")
        time.sleep(0.02)
