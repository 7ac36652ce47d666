"""The databases of `make test-citus`: each is spread over the nodes that its server has."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import asyncpg

SHARDS = 4


def on_citus() -> bool:
    """Whether the tests' server is a coordinator of Citus."""
    return bool(os.environ.get("HANSARD_TEST_CITUS"))


async def prepare(url: str) -> None:
    """Let the database at ``url`` be spread, on its own server if that has no workers."""
    address = urlsplit(url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create extension if not exists citus")
        host, port = address.hostname or "localhost", address.port or 5432
        await connection.execute(f"select citus_set_coordinator_host('{host}', {port})")
    finally:
        await connection.close()
