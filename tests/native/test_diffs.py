"""``/v1/sessions/{id}/diff`` tells forks apart on both backends."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.model.page import PAGE_BYTES
from hansard.service import Service
from tests.conftest import client_of


async def say(client: httpx.AsyncClient, session: str, *texts: str) -> list[dict[str, Any]]:
    answer = await client.post(
        f"/v1/sessions/{session}/messages",
        json={"messages": [{"role": "user", "text": text} for text in texts]},
    )
    assert answer.status_code == 201, answer.text
    return list(answer.json()["data"])


@pytest.fixture
async def forked(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """A session of five messages, and a fork of its first three with two of its own."""
    await client.post("/v1/sessions", json={"id": "original", "user": "ada"})
    messages = await say(client, "original", "1", "2", "3", "4", "5")
    assert (
        await client.post("/v1/sessions/original/fork", json={"id": "fork", "message": 3})
    ).status_code == 201
    await say(client, "fork", "4b", "5b")
    return messages


def sides(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [
        (item["side"], item["message"]["parts"][0]["content"]) for item in answer.json()["data"]
    ]


@pytest.mark.usefixtures("forked")
async def test_a_fork_is_compared_with_its_original(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/sessions/fork/diff")
    assert sides(answer) == [("here", "4b"), ("here", "5b"), ("there", "4"), ("there", "5")]
    body = answer.json()
    assert (body["session_id"], body["against"], body["only_here"], body["only_there"]) == (
        "fork",
        "original",
        2,
        2,
    )
    assert body["shared"] == {"messages": 3, "last_seq": 3, "against_last_seq": 3}
    assert (body["has_more"], body["next_cursor"]) == (False, None)
    assert (
        body["data"][0]["message"]
        == (await client.get("/v1/sessions/fork/messages?after=3&limit=1")).json()["data"][0]
    )


@pytest.mark.usefixtures("forked")
async def test_two_forks_are_compared_with_each_other(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions/original/fork", json={"id": "second", "message": 4})
    answer = await client.get("/v1/sessions/fork/diff?against=second")
    assert sides(answer) == [("here", "4b"), ("here", "5b"), ("there", "4")]


async def test_what_was_deleted_on_one_side_is_a_difference(
    client: httpx.AsyncClient, forked: list[dict[str, Any]]
) -> None:
    await client.delete(f"/v1/sessions/original/messages/{forked[1]['id']}")
    answer = await client.get("/v1/sessions/fork/diff")
    assert sides(answer) == [
        ("here", "2"),
        ("here", "4b"),
        ("here", "5b"),
        ("there", "4"),
        ("there", "5"),
    ]
    assert answer.json()["shared"] == {"messages": 2, "last_seq": 3, "against_last_seq": 3}


async def test_a_fork_is_compared_by_what_it_copied_not_by_its_numbers(
    client: httpx.AsyncClient, forked: list[dict[str, Any]]
) -> None:
    await client.delete(f"/v1/sessions/original/messages/{forked[0]['id']}")
    await client.post("/v1/sessions/original/fork", json={"id": "late"})
    body = (await client.get("/v1/sessions/late/diff")).json()
    assert (body["data"], body["shared"]) == (
        [],
        {"messages": 4, "last_seq": 4, "against_last_seq": 5},
    )


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_a_cursor_walks_all_differences_while_writers_run(
    client: httpx.AsyncClient, limit: int
) -> None:
    seen: list[tuple[str, str]] = []
    query = f"limit={limit}"
    page = 0
    while query:
        answer = await client.get(f"/v1/sessions/fork/diff?{query}")
        seen += sides(answer)
        page += 1
        if page == 1:
            await say(client, "original", "6")
        query = (
            f"limit={limit}&cursor={answer.json()['next_cursor']}"
            if answer.json()["has_more"]
            else ""
        )
    assert seen == [("here", "4b"), ("here", "5b"), ("there", "4"), ("there", "5"), ("there", "6")]


@pytest.mark.usefixtures("forked")
async def test_a_page_is_cut_in_bytes(client: httpx.AsyncClient) -> None:
    long = [number * 3_000_000 for number in "ab"]
    await say(client, "fork", long[0])
    await say(client, "original", long[1], long[0])
    first = await client.get("/v1/sessions/fork/diff")
    assert len(first.content) <= PAGE_BYTES
    assert first.json()["has_more"]
    rest = await client.get(f"/v1/sessions/fork/diff?cursor={first.json()['next_cursor']}")
    texts = [text[0] for text in (message[1] for message in sides(first) + sides(rest))]
    assert texts == ["4", "5", "a", "4", "5", "b", "a"]


@pytest.mark.usefixtures("forked")
async def test_an_etag_answers_304_until_something_changes(client: httpx.AsyncClient) -> None:
    tag = (await client.get("/v1/sessions/fork/diff")).headers["etag"]
    assert (
        await client.get("/v1/sessions/fork/diff", headers={"If-None-Match": tag})
    ).status_code == 304
    await say(client, "original", "6")
    assert (
        await client.get("/v1/sessions/fork/diff", headers={"If-None-Match": tag})
    ).status_code == 200


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    ("path", "status", "param"),
    [
        ("original/diff", 400, "against"),
        ("fork/diff?against=absent", 404, "against"),
        ("absent/diff?against=fork", 404, "session_id"),
        ("fork/diff?cursor=abc", 400, "cursor"),
        ("fork/diff?limit=201", 400, "limit"),
    ],
)
async def test_what_cannot_be_compared_is_named(
    client: httpx.AsyncClient, path: str, status: int, param: str
) -> None:
    answer = await client.get(f"/v1/sessions/{path}")
    assert (answer.status_code, answer.json()["param"]) == (status, param)


@pytest.mark.usefixtures("forked")
async def test_a_narrowed_key_compares_only_what_it_sees(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await client.post("/v1/sessions", json={"id": "bobs", "user": "bob"})
    key = (await service.keys.create(principal, "ada's", ALL_SCOPES, user_id="ada"))[0]
    async with client_of(service, key) as ada:
        assert (await ada.get("/v1/sessions/fork/diff")).status_code == 200
        assert (await ada.get("/v1/sessions/fork/diff?against=bobs")).status_code == 404
        assert (await ada.get("/v1/sessions/bobs/diff?against=fork")).status_code == 404
