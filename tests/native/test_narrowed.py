"""A key that is narrowed to one end user or app sees and touches nothing else, by any route, on both backends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from tests.conftest import client_of


@pytest.fixture
async def ours(service: Service, principal: Principal) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key is for the app ``ours``."""
    text, _ = await service.keys.create(principal, "narrow", ALL_SCOPES, app="ours")
    async with client_of(service, text) as one:
        yield one


async def test_figures_of_another_app_are_empty(client: httpx.AsyncClient, ours: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s", "app": "theirs"})
    assert [one["sessions"] for one in (await client.get("/v1/stats?app=theirs")).json()["data"]] == [1]
    answer = await ours.get("/v1/stats?app=theirs")
    assert (answer.status_code, answer.json()["data"]) == (200, [])
