"""Fixtures of every test: the PostgreSQL server, and databases on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.support.postgres import Server, postgres
from tests.support.postgres_cluster import PostgresUnavailable

ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("hansard", database=DirectoryBasedExampleDatabase(ROOT / "build" / "hypothesis"), deadline=None)
hypothesis.settings.load_profile("hansard")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The PostgreSQL server of this run of the tests; where there is none, every test that needs it fails and says what to do."""
    try:
        with postgres() as server:
            yield server
    except PostgresUnavailable as problem:
        pytest.fail(str(problem), pytrace=False)


@pytest.fixture
def postgres_url(postgres_server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    with postgres_server.database(request.node.name) as url:
        yield url
