"""Facets: the values of each filter among the sessions that the others leave."""

from __future__ import annotations

from typing import Any

import httpx


async def start(client: httpx.AsyncClient, name: str, **fields: Any) -> None:
    answer = await client.post("/v1/sessions", json={"id": name, **fields})
    assert answer.status_code == 201, answer.text


async def facets(client: httpx.AsyncClient, query: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/facets?{query}")
    assert answer.status_code == 200, answer.text
    return {
        each["by"]: {value["value"]: value["count"] for value in each["values"]}
        | {"none": each["none"], "total": each["total"], "exact": each["exact"]}
        for each in answer.json()["data"]
    }


def facet(none: int, total: int, **values: int) -> dict[str, Any]:
    return {**values, "none": none, "total": total, "exact": True}


async def fill(client: httpx.AsyncClient) -> None:
    await start(client, "a", agent="porter", channel="web", user="ann", tags=["vip", "new"])
    await start(client, "b", agent="porter", channel="sms", user="bob", tags=["vip"])
    await start(client, "c", agent="clerk", channel="web")
    await start(client, "d", channel="web", agent="porter")
    await client.post("/v1/sessions/d/archive")


async def test_a_facet_follows_all_filters_but_its_own(client: httpx.AsyncClient) -> None:
    await fill(client)
    by = "&by=agent&by=channel&by=user&by=tag"
    assert await facets(client, f"channel=web{by}") == {
        "agent": facet(0, 2, porter=1, clerk=1),
        "channel": facet(0, 3, web=2, sms=1),
        "user": facet(1, 2, ann=1),
        "tag": facet(1, 2, vip=1, new=1),
    }
    assert await facets(client, f"channel=web&agent=porter{by}") == {
        "agent": facet(0, 2, porter=1, clerk=1),
        "channel": facet(0, 2, web=1, sms=1),
        "user": facet(0, 1, ann=1),
        "tag": facet(0, 1, vip=1, new=1),
    }
    assert await facets(client, "tag=new&title=x&by=agent") == {"agent": facet(0, 0)}


async def test_without_a_filter_the_counters_and_the_sessions_say_the_same(
    client: httpx.AsyncClient,
) -> None:
    await fill(client)
    for archived, total, porters in (("false", 3, 2), ("any", 4, 3), ("true", 1, 1)):
        clerks = {} if archived == "true" else {"clerk": 1}
        query = f"archived={archived}&by=agent"
        expected = {"agent": facet(0, total, porter=porters, **clerks)}
        assert await facets(client, query) == expected
        assert await facets(client, f"{query}&messages_until=5") == expected


async def test_the_values_with_most_sessions_come_first(client: httpx.AsyncClient) -> None:
    for number in range(4):
        await start(client, f"s{number}", agent=f"agent-{min(number, 2)}", user="ann")
    for query in ("by=agent", "user=ann&by=agent"):
        answer = (await client.get(f"/v1/facets?{query}&most=2")).json()["data"][0]
        assert [value["value"] for value in answer["values"]] == ["agent-2", "agent-0"]


async def test_an_unknown_facet_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/facets?by=colour")
    assert answer.status_code == 400
    assert "by: unknown value 'colour': choose from state," in answer.json()["detail"]
