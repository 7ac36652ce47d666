"""A server whose clock the test sets, and keys of every kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.app import application
from hansard.http.application import Application
from hansard.ids import IdSource
from hansard.model import Workspace
from hansard.service import Service
from hansard.settings import Settings
from tests.dialects.filling import Clock
from tests.dialects.socketing import Socket
from tests.support.clocks import store_clock
from tests.support.documented import documented

MakeKey = Callable[..., Awaitable[str]]
Connect = Callable[..., Socket]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clocked(service: Service, clock: Clock) -> Service:
    """The service by the test's own clock."""
    return Service(
        service.store,
        service.secret,
        clock=clock,
        store_clock=store_clock(clock),
        ids=IdSource(clock),
    )


@pytest.fixture
def app(clocked: Service) -> Application:
    """The whole application by the test's own clock."""
    return application(clocked, Settings(store=clocked.store.url))


@pytest.fixture
async def anonymous(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that shows no key."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://hansard.test",
        event_hooks={"response": [documented]},
    ) as http_client:
        yield http_client


@pytest.fixture
def api(anonymous: httpx.AsyncClient, key: str) -> httpx.AsyncClient:
    """An HTTP client with every scope, by the test's own clock."""
    anonymous.headers["Authorization"] = f"Bearer {key}"
    return anonymous


@pytest.fixture
def make_key(clocked: Service, principal: Principal) -> MakeKey:
    """Make a key of the workspace with these scopes, all without any."""

    async def make(*scopes: str) -> str:
        return (await clocked.keys.create(principal, "tests", scopes or ALL_SCOPES))[0]

    return make


@pytest.fixture
async def foreign_key(clocked: Service, workspace: Workspace) -> str:
    """A key of another workspace, with every scope."""
    other = await clocked.workspaces.create(f"beside {workspace.name}")
    return (await clocked.keys.create(clocked.workspaces.operator(other), "other", ALL_SCOPES))[0]


@pytest.fixture
def connect(app: Application, key: str) -> Connect:
    """Open a websocket that shows the key in its query, as the dashboard does."""

    def open_socket(
        query: str = "",
        *,
        path: str = "/ws",
        shown: str = key,
        headers: dict[str, str] | None = None,
    ) -> Socket:
        return Socket(app, path, f"token={shown}{query}" if shown else query, headers)

    return open_socket
