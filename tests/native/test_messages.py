"""``/v1/sessions/{id}/messages`` keeps its wire contract on both backends."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest


async def numbers(client: httpx.AsyncClient, query: str) -> list[int]:
    answer = await client.get(f"/v1/sessions/s/messages?{query}")
    assert answer.status_code == 200, answer.text
    return [item["seq"] for item in answer.json()["data"]]


@pytest.mark.usefixtures("transcript")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", list(range(1, 11))),
        ("limit=3", [1, 2, 3]),
        ("limit=3&order=desc", [10, 9, 8]),
        ("limit=3&before=5", [2, 3, 4]),
        ("limit=3&before=5&order=desc", [4, 3, 2]),
        ("limit=3&after=5", [6, 7, 8]),
        ("limit=3&after=5&order=desc", [8, 7, 6]),
        ("limit=4&around=5", [4, 5, 6, 7]),
        ("limit=4&around=c4", [4, 5, 6, 7]),
        ("limit=4&around=1", [1, 2, 3]),
        ("limit=4&around=10&order=desc", [10, 9]),
        ("after=10", []),
        ("role=user&limit=2", [1, 3]),
        ("role=user,assistant&limit=2", [1, 2]),
    ],
)
async def test_a_transcript_reads_in_both_directions(
    client: httpx.AsyncClient, query: str, expected: list[int]
) -> None:
    assert await numbers(client, query) == expected


async def test_a_message_id_is_a_place(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    assert await numbers(client, f"after={transcript[6]['id']}") == [8, 9, 10]
    assert (
        await client.get(f"/v1/sessions/s/messages/{transcript[6]['id']}")
    ).json() == transcript[6]
    assert (await client.get("/v1/sessions/s/messages/c6")).json() == transcript[6]


@pytest.mark.parametrize("param", ["before", "after", "around"])
async def test_an_id_of_another_session_is_no_place_in_this_one(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]], param: str
) -> None:
    await client.post("/v1/sessions", json={"id": "other"})
    other = (
        await client.post(
            "/v1/sessions/other/messages",
            json={"messages": [{"role": "user", "text": "x", "client_id": transcript[1]["id"]}]},
        )
    ).json()["data"][0]
    assert other["seq"] == transcript[0]["seq"]
    for name in (other["id"], transcript[0]["id"][:-1] + "f"):
        answer = await client.get(f"/v1/sessions/s/messages?{param}={name}")
        assert (
            answer.status_code,
            answer.json()["param"],
            "message of this session" in answer.json()["detail"],
        ) == (400, param, True)
    assert (
        await client.get(f"/v1/sessions/other/messages?{param}={transcript[1]['id']}")
    ).status_code == 200  # a client id may look like one of ours
    fork = await client.post("/v1/sessions/s/fork", json={"message": other["id"]})
    assert (fork.status_code, fork.json()["param"]) == (400, "message")


async def test_a_deleted_message_is_a_place_still(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    await client.delete(f"/v1/sessions/s/messages/{transcript[6]['id']}")
    assert await numbers(client, f"after={transcript[6]['id']}") == [8, 9, 10]


@pytest.mark.usefixtures("transcript")
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_cursors_walk_the_whole_transcript(client: httpx.AsyncClient, order: str) -> None:
    seen: list[int] = []
    query: str | None = f"order={order}&limit=3"
    while query:
        page = (await client.get(f"/v1/sessions/s/messages?{query}")).json()
        seen += [item["seq"] for item in page["data"]]
        query = f"order={order}&limit=3&cursor={page['next_cursor']}" if page["has_more"] else None
    assert seen == (list(range(1, 11)) if order == "asc" else list(range(10, 0, -1)))


@pytest.mark.usefixtures("transcript")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("before=6&limit=2", [4, 5, 2, 3, 1]),
        ("before=6&limit=2&order=desc", [5, 4, 3, 2, 1]),
        ("after=6&limit=3", [7, 8, 9, 10]),
        ("after=6&limit=3&order=desc", [9, 8, 7, 10]),
    ],
)
async def test_a_cursor_goes_on_in_the_direction_that_the_first_page_was_read_in(
    client: httpx.AsyncClient, query: str, expected: list[int]
) -> None:
    seen: list[int] = []
    start, _, rest = query.partition("&")
    page = (await client.get(f"/v1/sessions/s/messages?{start}&{rest}")).json()
    while True:
        seen += [item["seq"] for item in page["data"]]
        if not page["has_more"]:
            break
        page = (
            await client.get(f"/v1/sessions/s/messages?{rest}&cursor={page['next_cursor']}")
        ).json()
    assert seen == expected


@pytest.mark.usefixtures("transcript")
async def test_a_cursor_belongs_to_the_list_that_gave_it(client: httpx.AsyncClient) -> None:
    cursor = (await client.get("/v1/sessions/s/messages?limit=1&role=user")).json()["next_cursor"]
    assert await numbers(client, f"limit=1&role=user&cursor={cursor}") == [3]
    for other in (
        "",
        "role=assistant",
        "role=user&order=desc",
        "role=user&as_of=2026-01-01T00:00:00Z",
    ):
        answer = await client.get(f"/v1/sessions/s/messages?{other}&cursor={cursor}")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_a_transcript_reads_as_it_stood(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s", "created_at": "2026-01-01T00:00:00Z"})
    messages = [
        {
            "role": "assistant" if day % 2 else "user",
            "text": f"day {day}",
            "created_at": f"2026-01-0{day}T12:00:00Z",
        }
        for day in range(1, 7)
    ]
    await client.post("/v1/sessions/s/messages", json={"messages": messages})
    assert await numbers(client, "as_of=2026-01-04T12:00:00Z") == [1, 2, 3, 4]
    assert await numbers(client, "as_of=2026-01-04T11:59:59.999999Z") == [1, 2, 3]
    assert await numbers(client, "as_of=2026-01-04T13:30:00%2B01:00&order=desc&limit=2") == [4, 3]
    assert await numbers(client, "as_of=2026-01-04T12:00:00Z&around=4&limit=3") == [3, 4]
    assert await numbers(client, "as_of=2026-01-04T12:00:00Z&after=2&role=user") == [4]
    assert await numbers(client, "as_of=2025-12-31T00:00:00Z") == []
    first = (await client.get("/v1/sessions/s/messages?as_of=2026-01-04T12:00:00Z&limit=3")).json()
    assert first["has_more"]
    await client.post(
        "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "later"}]}
    )
    assert await numbers(
        client, f"as_of=2026-01-04T12:00:00Z&limit=3&cursor={first['next_cursor']}"
    ) == [4]
    answer = await client.get("/v1/sessions/s/messages?as_of=yesterday")
    assert (answer.status_code, answer.json()["param"]) == (400, "as_of")


async def test_a_transcript_read_again_shows_every_change(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    query = "limit=3&order=desc"
    for _ in range(2):
        assert await numbers(client, query) == [10, 9, 8]
    await client.post(
        "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "one more"}]}
    )
    for _ in range(2):
        assert await numbers(client, query) == [11, 10, 9]
    await client.delete(f"/v1/sessions/s/messages/{transcript[9]['id']}")
    for _ in range(2):
        assert await numbers(client, query) == [11, 9, 8]
    await client.delete("/v1/sessions/s")
    assert (await client.get(f"/v1/sessions/s/messages?{query}")).status_code == 404
    await client.post("/v1/sessions", json={"id": "s"})
    assert await numbers(client, query) == []


async def test_what_went_in_comes_out(client: httpx.AsyncClient) -> None:
    """Unknown part types, nulls and key order survive, byte for byte."""
    await client.post("/v1/sessions", json={"id": "s"})
    parts = (
        '[{"type":"weird","z":null,"a":{"y":1,"b":[1.50,null]}},{"type":"text","content":"snow '
        '\\u2603","extra":null}]'
    )
    body = '{"messages":[{"role":"user","parts":' + parts + ',"metadata":{"z":null,"a":1}}]}'
    await client.post("/v1/sessions/s/messages", content=body)
    text = (await client.get("/v1/sessions/s/messages")).text
    assert parts in text
    assert '"metadata":{"z":null,"a":1}' in text


async def test_a_retry_with_the_same_client_id_stores_nothing_new(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    body = {
        "messages": [
            {"role": "user", "text": "m0", "client_id": "c0"},
            {"role": "user", "text": "new", "client_id": "c10"},
        ]
    }
    again = (await client.post("/v1/sessions/s/messages", json=body)).json()["data"]
    assert again[0] == transcript[0]
    assert again[1]["seq"] == 11
    assert (await client.get("/v1/sessions/s")).json()["message_count"] == 11


async def test_an_idempotency_key_replays_the_first_answer(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    body, headers = {"messages": [{"role": "user", "text": "once"}]}, {"Idempotency-Key": "k"}
    first, second = [
        await client.post("/v1/sessions/s/messages", json=body, headers=headers) for _ in range(2)
    ]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    other = await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": "twice"}]},
        headers={"Idempotency-Key": "k"},
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await numbers(client, "")) == 1


@pytest.mark.usefixtures("transcript")
async def test_expected_seq_refuses_with_the_current_one(client: httpx.AsyncClient) -> None:
    stale = await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": "x"}], "expected_seq": 9},
    )
    assert (stale.status_code, stale.json()["code"], stale.json()["seq"]) == (
        409,
        "seq_mismatch",
        10,
    )
    ok = await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": "x"}], "expected_seq": 10},
    )
    assert ok.json()["data"][0]["seq"] == 11


async def test_sixteen_writers_on_one_session_lose_nothing(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})

    async def write(writer: int) -> list[int]:
        answers = [
            await client.post(
                "/v1/sessions/s/messages",
                json={"messages": [{"role": "user", "text": f"{writer}/{n}"}]},
            )
            for n in range(8)
        ]
        assert {answer.status_code for answer in answers} == {201}
        return [answer.json()["data"][0]["seq"] for answer in answers]

    seqs = [
        seq
        for written in await asyncio.gather(*[write(writer) for writer in range(16)])
        for seq in written
    ]
    assert sorted(seqs) == list(range(1, 129))
    stored = await numbers(client, "limit=200")
    assert stored == sorted(seqs)
