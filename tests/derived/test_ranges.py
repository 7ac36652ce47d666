"""Sessions are found by what they spent, by how long they took, and by what they lack."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.client import Hansard
from hansard.service import Service
from tests.conftest import client_of
from tests.derived.test_lists import listed


async def spend(client: httpx.AsyncClient, name: str, minutes: int, **usage: Any) -> None:
    """A session of two messages, the second of which came so much later and spent this."""
    await client.post("/v1/sessions", json={"id": name, "created_at": "2026-01-01T09:00:00Z"})
    messages = [
        {"role": "user", "text": "hello", "created_at": "2026-01-01T09:00:00Z"},
        {
            "role": "assistant",
            "text": "hello",
            "created_at": f"2026-01-01T09:{minutes:02}:00Z",
            "usage": usage,
        },
    ]
    answer = await client.post(f"/v1/sessions/{name}/messages", json={"messages": messages})
    assert answer.status_code == 201, answer.text


@pytest.fixture
async def spent(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Three sessions; what ``runs`` spent its messages do not say."""
    await spend(client, "little", 1, input_tokens=10, output_tokens=5, cost_usd=0.000000001)
    await spend(client, "much", 30, input_tokens=9000, output_tokens=1000, cost_usd=2.5)
    await spend(client, "runs", 0, input_tokens=3)
    run = (await client.post("/v1/sessions/runs/runs", json={})).json()["id"]
    usage = {"input_tokens": 400, "output_tokens": 100, "cost_usd": 0.25}
    finished = f"/v1/sessions/runs/runs/{run}/finish"
    answer = await client.post(finished, json={"usage": usage})
    assert answer.status_code == 200, answer.text
    return client


@pytest.mark.parametrize(
    ("query", "search", "names"),
    [
        ("tokens_from=500", "tokens:>=500", ["much", "runs"]),
        ("tokens_from=501", "tokens:>500", ["much"]),
        ("tokens_from=15&tokens_until=500", "tokens:15..500", ["little", "runs"]),
        ("tokens_until=14", "tokens:<15", []),
        ("cost_from=0.25", "cost:>=0.25", ["much", "runs"]),
        ("cost_until=2.49", "cost:<2.5", ["little", "runs"]),
        ("cost_from=0.000000001&cost_until=0.000000001", "cost:.000000001", ["little"]),
        ("cost_from=0.250000001", "cost:>$0.25", ["much"]),
        ("duration_from=60", "duration:>=1min", ["little", "much"]),
        ("duration_from=60&duration_until=1799.5", "duration:60..1799.5s", ["little"]),
        ("duration_until=0", "duration:<1ms", ["runs"]),
    ],
)
async def test_a_range_finds_what_was_spent_by_messages_or_runs(
    spent: httpx.AsyncClient, query: str, search: str, names: list[str]
) -> None:
    assert sorted(await listed(spent, query)) == names
    answer = (await spent.get("/v1/search", params={"q": search})).json()
    assert sorted(hit["session"]["id"] for hit in answer["data"]) == names
    assert answer["notes"] == []
    (facet,) = (await spent.get(f"/v1/facets?by=kind&{query}")).json()["data"]
    assert facet["total"] == len(names)


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "1e300", "much", ""])
async def test_what_is_no_amount_is_refused(client: httpx.AsyncClient, value: str) -> None:
    for name in ("cost_from", "cost_until", "duration_from", "duration_until", "tokens_from"):
        answer = await client.get("/v1/sessions", params={name: value})
        assert (answer.status_code, answer.json()["param"]) == (400, name), answer.text


async def test_an_amount_that_is_none_is_said_so_in_a_search(client: httpx.AsyncClient) -> None:
    for text, advice in (
        ("cost:dear", "US dollars"),
        ("cost:>5min", "US dollars"),
        ("duration:long", ">5min"),
        ("duration_from:99999999", ">5min"),
        ("tokens:1.5", "whole number"),
    ):
        (note,) = (await client.get("/v1/search", params={"q": text})).json()["notes"]
        assert advice in note["message"], note


@pytest.fixture
async def lacking(client: httpx.AsyncClient) -> httpx.AsyncClient:
    for name, fields in {
        "bare": {},
        "support": {"agent": "support", "channel": "web"},
        "sales": {"agent": "sales"},
        "web": {"channel": "web", "user": "ada"},
    }.items():
        await client.post("/v1/sessions", json={"id": name, **fields})
    return client


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("none=agent", ["bare", "web"]),
        ("none=agent&agent=support", ["bare", "support", "web"]),
        ("none=agent,channel", ["bare"]),
        ("none=agent&none=user&channel=web", []),
        ("none=state&agent=sales,support", ["sales", "support"]),
        ("none=user&agent=support", ["support"]),
    ],
)
async def test_sessions_are_found_by_what_they_lack(
    lacking: httpx.AsyncClient, query: str, names: list[str]
) -> None:
    assert sorted(await listed(lacking, query)) == names
    (facet,) = (await lacking.get(f"/v1/facets?by=kind&{query}")).json()["data"]
    assert facet["total"] == len(names)


async def test_a_search_says_no(lacking: httpx.AsyncClient) -> None:
    for text, names in {
        "no:agent": ["bare", "web"],
        "no:agent no:channel": ["bare"],
        "no:agent,channel": ["bare", "sales", "web"],
        "-no:agent": ["sales", "support"],
        "no:agent agent:support": [],
    }.items():
        answer = (await lacking.get("/v1/search", params={"q": text})).json()
        assert sorted(hit["session"]["id"] for hit in answer["data"]) == names, text
        assert answer["notes"] == []
    (note,) = (await lacking.get("/v1/search", params={"q": "no:agnet"})).json()["notes"]
    assert note["suggestion"] == "no:agent"


async def test_a_menu_offers_what_lacks_its_value_beside_the_others(
    lacking: httpx.AsyncClient,
) -> None:
    query = "/v1/facets?by=agent&by=channel&none=agent"
    agent, channel = (await lacking.get(query)).json()["data"]
    assert (agent["none"], agent["total"]) == (2, 4), "its own filter does not limit it"
    assert (channel["none"], channel["total"]) == (1, 2)


async def test_a_key_for_one_user_or_app_sees_no_more_by_what_sessions_lack(
    lacking: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    """Sessions without a user are somebody's, but not this user's."""
    await lacking.post("/v1/sessions", json={"id": "ours", "app": "ours"})
    narrowed: tuple[tuple[dict[str, Any], str], ...]
    narrowed = (({"user_id": "ada"}, "web"), ({"app": "ours"}, "ours"))
    for limits, own in narrowed:
        text, _ = await service.keys.create(principal, own, ALL_SCOPES, **limits)
        ((field, value),) = limits.items()
        name = field.removesuffix("_id")
        async with client_of(service, text) as client:
            assert await listed(client, f"none={name}") == []
            assert await listed(client, f"none={name}&{name}={value}") == [own]
            assert await listed(client, f"none={name}&{name}=other") == []
            assert await listed(client, f"none={name}&none=agent") == []
            answer = (await client.get("/v1/search", params={"q": f"no:{name}"})).json()
            assert answer["data"] == []


def test_the_client_asks_for_them_by_the_same_names(hansard: Hansard) -> None:
    hansard.sessions.start("s", agent="clerk")
    message: Any = {
        "role": "assistant",
        "text": "done",
        "usage": {"cost_usd": 0.5, "input_tokens": 7},
    }
    hansard.messages.append("s", message)
    where: dict[str, Any]
    for where in (
        {"tokens_from": 7, "tokens_until": 7},
        {"cost_from": 0.5, "cost_until": 0.5},
        {"duration_until": 0.5, "none": ["channel", "app"]},
    ):
        assert [session.id for session in hansard.sessions.list(**where)] == ["s"]
    assert not [*hansard.sessions.list(cost_from=0.51)]
