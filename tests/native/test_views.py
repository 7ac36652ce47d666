"""Saved views of the list."""

from __future__ import annotations

import asyncio

import httpx
import pytest


async def test_a_view_is_saved_listed_and_deleted(client: httpx.AsyncClient) -> None:
    created = (
        await client.post("/v1/views", json={"name": " Failed ", "query": "state=failed"})
    ).json()
    assert (created["name"], created["query"]) == ("Failed", "state=failed")
    assert (await client.get("/v1/views")).json()["data"] == [created]
    assert (await client.delete(f"/v1/views/{created['id']}")).json()["deleted"] is True
    assert (await client.delete(f"/v1/views/{created['id']}")).status_code == 404
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
