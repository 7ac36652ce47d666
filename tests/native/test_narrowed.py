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


async def test_keys_that_reach_further_are_neither_seen_nor_revoked(client: httpx.AsyncClient, ours: httpx.AsyncClient) -> None:
    other = (await client.post("/v1/keys", json={"name": "other", "app": "theirs"})).json()["id"]
    assert [one["name"] for one in (await ours.get("/v1/keys")).json()["data"]] == ["narrow"]
    for answer in (await ours.delete(f"/v1/keys/{other}"), await ours.post(f"/v1/keys/{other}/rotate", json={})):
        assert (answer.status_code, answer.json()["code"]) == (404, "key_not_found")
    mine = (await ours.post("/v1/keys", json={"name": "mine"})).json()["id"]
    assert (await ours.delete(f"/v1/keys/{mine}")).status_code == 200


async def test_views_of_the_workspace_are_not_theirs(client: httpx.AsyncClient, ours: httpx.AsyncClient) -> None:
    view = (await client.post("/v1/views", json={"name": "VIPs", "query": "user=jane"})).json()["id"]
    assert (await ours.get("/v1/views")).json()["data"] == []
    for answer in (await ours.post("/v1/views", json={"name": "x", "query": ""}), await ours.delete(f"/v1/views/{view}")):
        assert (answer.status_code, answer.json()["code"]) == (403, "narrowed_key")
    assert len((await client.get("/v1/views")).json()["data"]) == 1
