"""Fixtures of every test: the PostgreSQL server, and databases on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
from hypothesis.database import DirectoryBasedExampleDatabase

from hansard.access import ALL_SCOPES, Principal
from hansard.app import application, opened
from hansard.http.log import logger
from hansard.model import Workspace
from hansard.service import Service
from hansard.settings import Settings
from hansard.store import listing
from tests.support.citus import SHARDS, on_citus, prepare
from tests.support.documented import documented
from tests.support.pgbouncer import PgBouncer, is_wanted, pgbouncer, settings
from tests.support.postgres import Server, postgres
from tests.support.postgres_cluster import PostgresUnavailable
from tests.support.recorder import Recorder

NUMBERS = count()
ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile(
    "hansard", database=DirectoryBasedExampleDatabase(ROOT / "build" / "hypothesis"), deadline=None
)
hypothesis.settings.load_profile("hansard")
logger("hansard")  # before a test looks at the log: structlog's own default draws all variables


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The PostgreSQL server of this run of the tests.

    Where there is none, every test that needs it fails and says what to do.
    """
    try:
        with postgres(durable=False) as server:
            yield server
    except PostgresUnavailable as problem:
        pytest.fail(str(problem), pytrace=False)


@pytest.fixture(scope="session")
def bouncer(
    postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PgBouncer | None]:
    """What stands before the stores of the contract suite; None where nothing does."""
    if not is_wanted():
        yield None
        return
    with pgbouncer(tmp_path_factory.mktemp("pgbouncer"), postgres_server.url) as running:
        yield running


def reached(request: pytest.FixtureRequest, url: str) -> str:
    """The URL by which a store of the contract suite is reached."""
    running: PgBouncer | None = request.getfixturevalue("bouncer")
    return running.through(url) if running else url


@pytest.fixture
def postgres_url(postgres_server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    with postgres_server.database(request.node.name) as url:
        yield url


def migrate_store(url: str) -> None:
    """Bring the database at ``url`` up to date; runs in a thread without a loop of its own."""

    async def work() -> None:
        async with opened(Settings(store=url)) as service:
            if on_citus():
                await prepare(url)
                await service.store.distribute(SHARDS)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work()).result()


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty store: every test that uses it runs on both backends."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hansard.db'}"
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.database(
        request.node.name, template=server.template("migrated", migrate_store)
    ) as url:
        yield reached(request, url)


@pytest.fixture
async def lone_service(store_url: str) -> AsyncIterator[Service]:
    """The service on a store of this test's own, for what concerns the whole store."""
    async with opened(settings(store_url)) as opened_service:
        yield opened_service


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
async def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """The service on a store of either backend that tests share.

    Each has a workspace of its own, and no tenant sees another.
    """
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'hansard.db'}"
    else:
        server: Server = request.getfixturevalue("postgres_server")
        url = server.create_database("shared", template=server.template("migrated", migrate_store))
        url = reached(request, url)
    async with opened(settings(url)) as opened_service:
        yield opened_service


@pytest.fixture
async def workspace(service: Service) -> Workspace:
    return await service.workspaces.create(f"acme-{next(NUMBERS)}")


@pytest.fixture
def principal(service: Service, workspace: Workspace) -> Principal:
    """A caller of the workspace with every scope."""
    return service.workspaces.operator(workspace)


@pytest.fixture
async def key(service: Service, principal: Principal) -> str:
    """The text of a key with every scope."""
    return (await service.keys.create(principal, "tests", ALL_SCOPES))[0]


@pytest.fixture
async def client(service: Service, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that shows the key, on the real application without a network."""
    async with client_of(service, key) as http_client:
        yield http_client


def client_of(service: Service, key: str) -> httpx.AsyncClient:
    """An HTTP client that shows ``key`` to the application over ``service``."""
    transport = httpx.ASGITransport(application(service, Settings(store=service.store.url)))
    return httpx.AsyncClient(
        transport=transport,
        base_url="http://hansard.test",
        headers={"Authorization": f"Bearer {key}"},
        event_hooks={"response": [documented]},
    )


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def watched(store_url: str, recorder: Recorder) -> AsyncIterator[Service]:
    """A service whose statements and commits ``recorder`` hears of."""
    async with opened(Settings(store=store_url), recorder) as service:
        yield service


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the sessions whose places in the list a search looks up."""
    ids: list[str] = []
    among = listing.among

    def noted(workspace_id: str, filters: Any, some: Sequence[str], *sort: str) -> Any:
        ids.extend(some)
        return among(workspace_id, filters, some, *sort)

    monkeypatch.setattr(listing, "among", noted)
    return ids
