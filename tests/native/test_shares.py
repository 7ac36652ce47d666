"""Links to one session for whoever has them: off by default, read-only, ending."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hansard.access import Principal
from hansard.errors import NotFound
from hansard.service import Service

SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def share(client: httpx.AsyncClient, expires_at: str = SOON) -> httpx.Response:
    return await client.post("/v1/sessions/a/shares", json={"expires_at": expires_at})


@pytest.fixture
async def session(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "a", "title": "Shown"})


async def test_sharing_is_off_until_the_workspace_says_so(
    client: httpx.AsyncClient, session: None
) -> None:
    refused = (await share(client)).json()
    assert refused["code"] == "sharing_off"
    assert 'PATCH /v1/workspace with {"settings": {"sharing": true}}' in refused["detail"]


async def test_a_link_shows_one_session_until_it_is_revoked(
    client: httpx.AsyncClient, session: None, service: Service
) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    made = (await share(client)).json()
    page = await client.get(made["path"], headers={"Authorization": ""})
    assert page.status_code == 200
    assert "Shown" in page.text
    listed = (await client.get("/v1/sessions/a/shares")).json()["data"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert "path" not in listed[0]
    assert (await client.delete(f"/v1/sessions/a/shares/{made['id']}")).json()["revoked"] is True
    assert (await client.get(made["path"])).status_code == 404
    assert (await client.delete("/v1/sessions/a/shares/none")).status_code == 404


async def test_a_link_ends_with_its_time_its_setting_and_its_session(
    client: httpx.AsyncClient, session: None, service: Service, principal: Principal
) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    name = (await share(client)).json()["path"].removeprefix("/s/")
    assert (await service.shares.open(name))[1].title == "Shown"
    for wrong in (
        "",
        "x",
        name[:-1] + ("a" if name[-1] != "a" else "b"),
        name.replace(".", ".0", 1),
        "0" * 32 + name[32:],
        "ü",
    ):
        with pytest.raises(NotFound):
            await service.shares.open(wrong)
    await client.patch("/v1/workspace", json={"settings": {"sharing": False}})
    with pytest.raises(NotFound):
        await service.shares.open(name)
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    await client.delete("/v1/sessions/a")
    with pytest.raises(NotFound):
        await service.shares.open(name)


@pytest.mark.parametrize("expires_at", ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
async def test_a_link_must_end_within_a_year(
    client: httpx.AsyncClient, session: None, expires_at: str
) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    assert (await share(client, expires_at)).status_code == 400
