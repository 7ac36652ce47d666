"""Saved views, and links to one session for whoever has them: off by default, read-only, ending."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hansard.access import Principal
from hansard.errors import NotFound
from hansard.service import Service

SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def test_a_view_is_saved_listed_and_deleted(client: httpx.AsyncClient) -> None:
    made = (
        await client.post("/v1/views", json={"name": " Failed ", "query": "state=failed"})
    ).json()
    assert (made["name"], made["query"]) == ("Failed", "state=failed")
    assert (await client.get("/v1/views")).json()["data"] == [made]
    assert (await client.delete(f"/v1/views/{made['id']}")).json()["deleted"] is True
    assert (await client.delete(f"/v1/views/{made['id']}")).status_code == 404
    assert (await client.post("/v1/views", json={"name": "  ", "query": ""})).status_code == 400


async def test_two_views_never_have_one_name(client: httpx.AsyncClient) -> None:
    first = (await client.post("/v1/views", json={"name": "Ours", "query": "app=ours"})).json()
    again = await client.post("/v1/views", json={"name": "Ours ", "query": "app=theirs"})
    assert (again.status_code, again.json()["code"]) == (409, "view_exists")
    assert (await client.get("/v1/views")).json()["data"] == [first]


async def test_of_views_of_one_name_that_come_at_once_one_is_saved(
    client: httpx.AsyncClient,
) -> None:
    await asyncio.gather(
        *(client.get("/v1/views") for _ in range(8))
    )  # connections for all, so that they do come at once
    for name in ("Ours", "Yours", "Theirs"):
        answers = await asyncio.gather(
            *(
                client.post("/v1/views", json={"name": name, "query": f"app=a{number}"})
                for number in range(8)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert len((await client.get("/v1/views")).json()["data"]) == 3


@pytest.mark.parametrize(
    "query",
    [
        "stat=failed",
        "state=fooo",
        "kind=fooo",
        "archived=perhaps",
        "sort=fooo",
        "updated_from=soon",
    ],
)
async def test_a_view_of_what_does_not_exist_is_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    """It would show everything, or never anything, under a name that says otherwise."""
    refused = await client.post("/v1/views", json={"name": "Odd", "query": query})
    assert (refused.status_code, refused.json()["param"]) == (400, "query")
    assert (await client.get("/v1/views")).json()["data"] == []


async def test_a_view_may_search_and_hold_every_filter_of_the_list(
    client: httpx.AsyncClient,
) -> None:
    query = "q=refund&model=m-1&workflow=w&title=late&unread=true&has_messages=true&sort=-active_at"
    assert (await client.post("/v1/views", json={"name": "Much", "query": f"?{query}"})).json()[
        "query"
    ] == query


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
