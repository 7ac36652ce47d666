"""Rewind takes the tail away; an edit replaces a message and keeps its chain."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.service import Service
from hansard.store.verbs import verify

Json = dict[str, Any]


@pytest.fixture
async def five(client: httpx.AsyncClient) -> list[Json]:
    """A session ``s`` with five messages, each with an item."""
    messages = [
        {
            "role": "user" if number % 2 else "assistant",
            "text": f"word{number}",
            "client_id": f"c{number}",
            "item": {"format": "x", "data": {"n": number}},
            "usage": {"input_tokens": 10},
        }
        for number in range(1, 6)
    ]
    answer = await client.post(
        "/v1/sessions/s/messages", json={"messages": messages, "session": {}}
    )
    data: list[Json] = answer.json()["data"]
    return data


async def rewind(client: httpx.AsyncClient, **body: object) -> Json:
    answer = await client.post("/v1/sessions/s/messages/rewind", json=body)
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def texts(client: httpx.AsyncClient) -> list[str]:
    listed = (await client.get("/v1/sessions/s/messages")).json()["data"]
    return [each["parts"][0]["content"] for each in listed]


async def sound(service: Service, principal: Principal) -> bool:
    session = await service.sessions.read(principal, "s")
    matches = await service.store.read(verify.session, principal.workspace_id, session.id)
    return not matches[2]


@pytest.mark.usefixtures("five")
async def test_pop_gives_the_last_message_with_its_item(client: httpx.AsyncClient) -> None:
    popped = await rewind(client, count=1)
    assert [each["item"]["data"] for each in popped["removed"]] == [{"n": 5}]
    assert await texts(client) == ["word1", "word2", "word3", "word4"]
    session = (await client.get("/v1/sessions/s")).json()
    assert (session["message_count"], session["last_seq"], session["input_tokens"]) == (4, 5, 40)
    assert session["last_preview"] == "word4"


@pytest.mark.usefixtures("five")
async def test_the_tail_is_replaced_in_one_call(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    new = [{"role": "assistant", "text": "another"}]
    answer = await rewind(client, after="c3", messages=new, expected_seq=5)
    assert [each["seq"] for each in answer["removed"]] == [4, 5]
    assert [each["seq"] for each in answer["data"]] == [6]
    assert await texts(client) == ["word1", "word2", "word3", "another"]
    assert await sound(service, principal)
    matches = (await client.get("/v1/search?q=word5")).json()["data"]
    assert matches == []


@pytest.mark.usefixtures("five")
async def test_a_rewind_beyond_the_first_message_takes_all(client: httpx.AsyncClient) -> None:
    assert len((await rewind(client, count=9))["removed"]) == 5
    assert (await rewind(client, count=1))["removed"] == []
    assert await texts(client) == []


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"after": 1, "count": 1}, 400), ({"count": 1, "expected_seq": 4}, 409)],
)
async def test_a_rewind_that_cannot_be_takes_nothing(
    client: httpx.AsyncClient, body: Json, status: int
) -> None:
    answer = await client.post("/v1/sessions/s/messages/rewind", json=body)
    assert answer.status_code == status
    assert len(await texts(client)) == 5


async def test_more_than_a_call_may_take_is_refused(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        messages = [{"role": "user", "text": "a"}] * 100
        await client.post("/v1/sessions/s/messages", json={"messages": messages, "session": {}})
    answer = await client.post("/v1/sessions/s/messages/rewind", json={"after": 0})
    assert (answer.status_code, answer.json()["code"]) == (413, "rewind_too_large")
    assert len((await rewind(client, count=200))["removed"]) == 200


async def test_each_message_is_popped_once(client: httpx.AsyncClient) -> None:
    messages = [
        {"role": "user", "text": str(number), "item": {"format": "x", "data": number}}
        for number in range(20)
    ]
    await client.post("/v1/sessions/s/messages", json={"messages": messages, "session": {}})
    popped = await asyncio.gather(*(rewind(client, count=1) for _ in range(25)))
    data = [each["item"]["data"] for answer in popped for each in answer["removed"]]
    assert sorted(data) == list(range(20))


@pytest.mark.usefixtures("five")
async def test_an_edit_keeps_the_place_and_the_chain(
    client: httpx.AsyncClient, service: Service, principal: Principal, five: list[Json]
) -> None:
    await service.indexer.catch_up()
    change = {"role": "user", "text": "instead", "item": {"format": "y", "data": [1]}}
    await client.put("/v1/sessions/s/messages/c1", json=change | {"text": "first"})
    answer = await client.put("/v1/sessions/s/messages/c1", json=change)
    assert answer.status_code == 200, answer.text
    edited = answer.json()
    kept = ("id", "seq", "client_id", "created_at")
    assert [edited[field] for field in kept] == [five[0][field] for field in kept]
    assert edited["edited_at"]
    assert await texts(client) == ["instead", "word2", "word3", "word4", "word5"]
    shown = (await client.get("/v1/sessions/s/messages/c1?items=true")).json()
    assert shown["item"] == {"format": "y", "data": [1]}
    session = (await client.get("/v1/sessions/s")).json()
    assert (session["title"], session["input_tokens"]) == ("instead", 40)
    assert await sound(service, principal)
    assert (await client.get("/v1/search?q=word1")).json()["data"] == []
    assert len((await client.get("/v1/search?q=instead")).json()["data"]) == 1


@pytest.mark.usefixtures("five")
async def test_an_edit_reaches_a_page_that_was_cached(client: httpx.AsyncClient) -> None:
    before = await client.get("/v1/sessions/s/messages")
    await client.put("/v1/sessions/s/messages/c2", json={"role": "assistant", "text": "new"})
    tag = {"If-None-Match": before.headers["etag"]}
    after = await client.get("/v1/sessions/s/messages", headers=tag)
    assert after.status_code == 200
    assert after.json()["data"][1]["parts"][0]["content"] == "new"
