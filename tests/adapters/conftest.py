"""Fixtures of the adapters: those of the client, and a name for a session."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from hansard.client import AsyncHansard
from tests.client.conftest import ahansard, hansard
from tests.support.serving import Served, serving

__all__ = ["ahansard", "hansard"]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that these tests share: the one of `make conformance` where that runs them."""
    folder = tmp_path_factory.mktemp("served")
    if "HANSARD_TEST_SERVER" in os.environ:
        url, key = os.environ["HANSARD_URL"], os.environ["HANSARD_API_KEY"]
        yield Served(url, key, folder, None)  # type: ignore[arg-type]  # it is not ours to stop
        return
    with serving(folder) as server:
        yield server


class Counting(httpx.AsyncHTTPTransport):
    """A real transport that counts what goes through it."""

    requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        return await super().handle_async_request(request)


@pytest.fixture
def transport() -> Counting:
    return Counting()


@pytest.fixture
async def counted(served: Served, transport: Counting) -> AsyncIterator[AsyncHansard]:
    """A client whose requests the transport counts."""
    async with AsyncHansard(served.url, served.key, transport=transport) as client:
        yield client


@pytest.fixture
def name() -> str:
    return f"adapter {uuid.uuid4()}"
