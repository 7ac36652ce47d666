"""A part of the contract suite behind PgBouncer in transaction mode.

`make test-pgbouncer` runs all of it. The tests are those of other modules, on a service of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hansard.app import opened
from hansard.service import Service
from hansard.settings import Settings
from tests.conftest import migrate_store
from tests.native.test_messages import *  # noqa: F403 - the tests themselves
from tests.native.test_retries import *  # noqa: F403 - the tests themselves
from tests.support.pgbouncer import pgbouncer
from tests.support.postgres import Server


@pytest.fixture(scope="session")
async def service(
    postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """Three connections to the database, which prepare nothing: for a PgBouncer before 1.21."""
    url = postgres_server.create_database(
        "pgbouncer", template=postgres_server.template("migrated", migrate_store)
    )
    with pgbouncer(tmp_path_factory.mktemp("pgbouncer"), url) as bouncer:
        async with opened(Settings(store=bouncer.through(url), prepared=False)) as opened_service:
            yield opened_service
