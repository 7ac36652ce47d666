"""Fixtures of the client: a real server on a port, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from hansard.client import AsyncHansard, Hansard
from tests.support.serving import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that the client's tests share: each makes sessions of its own."""
    with serving(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def hansard(served: Served) -> Iterator[Hansard]:
    with Hansard(served.url, served.key) as client:
        yield client


@pytest.fixture
async def ahansard(served: Served) -> AsyncIterator[AsyncHansard]:
    async with AsyncHansard(served.url, served.key) as client:
        yield client
