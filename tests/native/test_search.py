"""``GET /v1/search``."""

from __future__ import annotations

import httpx
import pytest


@pytest.fixture
async def filled(client: httpx.AsyncClient) -> httpx.AsyncClient:
    for name, text in (
        ("one", "a refund, please"),
        ("two", "the refund is late"),
        ("three", "hello"),
    ):
        await client.post(
            "/v1/sessions", json={"id": name, "channel": "web" if name == "one" else "api"}
        )
        await client.post(
            f"/v1/sessions/{name}/messages", json={"messages": [{"role": "user", "text": text}]}
        )
    return client


async def test_it_answers_with_sessions_snippets_and_the_message_to_jump_to(
    filled: httpx.AsyncClient,
) -> None:
    answer = (await filled.get("/v1/search", params={"q": "refund", "total": "true"})).json()
    assert [item["session"]["id"] for item in answer["data"]] == ["two", "one"]
    assert (
        answer["total"],
        answer["total_is_lower_bound"],
        answer["has_more"],
        answer["next_cursor"],
    ) == (2, False, False, None)
    item = answer["data"][0]
    snippet = item["snippets"][0]
    assert item["message_id"] == snippet["message_id"]
    assert [snippet["text"][start:end] for start, end in snippet["highlights"]] == ["refund"]
    message = (await filled.get(f"/v1/sessions/two/messages/{item['message_id']}")).json()
    assert message["parts"][0]["content"] == snippet["text"]


async def test_it_is_walked_by_cursor(filled: httpx.AsyncClient) -> None:
    first = (await filled.get("/v1/search", params={"q": "refund", "limit": 1})).json()
    assert "total" not in first
    second = (
        await filled.get(
            "/v1/search", params={"q": "refund", "limit": 1, "cursor": first["next_cursor"]}
        )
    ).json()
    assert [item["session"]["id"] for item in (*first["data"], *second["data"])] == ["two", "one"]
    assert second["next_cursor"] is None
    other = await filled.get("/v1/search", params={"q": "other", "cursor": first["next_cursor"]})
    assert other.status_code == 400
    assert other.json()["code"] == "bad_cursor"


async def test_the_filters_of_the_list_narrow_it(filled: httpx.AsyncClient) -> None:
    answer = (await filled.get("/v1/search", params={"q": "refund", "channel": "web"})).json()
    assert [item["session"]["id"] for item in answer["data"]] == ["one"]


@pytest.mark.parametrize("sort", ["recency", "relevance"])
async def test_filters_alone_list_as_qualifiers_alone_do(
    filled: httpx.AsyncClient, sort: str
) -> None:
    for params, names in (
        ({"q": "channel:api"}, ["three", "two"]),
        ({"channel": "API"}, ["three", "two"]),
        ({"q": " ", "channel": "api"}, ["three", "two"]),
        ({"channel": "api,web"}, ["three", "two", "one"]),
        ({"q": "channel:web", "channel": "api"}, []),
        ({"q": "!?", "channel": "api"}, []),
    ):
        answer = (
            await filled.get("/v1/search", params={**params, "sort": sort, "total": "true"})
        ).json()
        assert ([item["session"]["id"] for item in answer["data"]], answer["total"]) == (
            names,
            len(names),
        )


async def test_it_is_told_again_only_when_something_changed(filled: httpx.AsyncClient) -> None:
    first = await filled.get("/v1/search", params={"q": "hello"})
    again = await filled.get(
        "/v1/search", params={"q": "hello"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
    await filled.post(
        "/v1/sessions/two/messages", json={"messages": [{"role": "user", "text": "hello again"}]}
    )
    now = await filled.get(
        "/v1/search", params={"q": "hello"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert [item["session"]["id"] for item in now.json()["data"]] == ["two", "three"]


async def test_a_term_has_256_characters_at_most(filled: httpx.AsyncClient) -> None:
    assert (await filled.get("/v1/search", params={"q": "x" * 256})).status_code == 200
    assert (await filled.get("/v1/search", params={"q": "x" * 257})).status_code == 400
    assert (await filled.get("/v1/search")).json()["data"] == []


@pytest.mark.parametrize("sort", ["recency", "relevance"])
async def test_a_walk_shows_each_session_once_while_writers_change_what_is_best(
    client: httpx.AsyncClient, sort: str
) -> None:
    names = [f"s{number}" for number in range(7)]
    for number, name in enumerate(names):
        await client.post("/v1/sessions", json={"id": name})
        await client.post(
            f"/v1/sessions/{name}/messages",
            json={"messages": [{"role": "user", "text": "refund " + "please " * number * 9}]},
        )
    seen: list[str] = []
    query: dict[str, str | int] | None = {"q": "refund", "sort": sort, "limit": 2}
    while query:
        page = (await client.get("/v1/search", params=query)).json()
        seen += [item["session"]["id"] for item in page["data"]]
        for name in (
            seen[0],
            next((name for name in names if name not in seen), "s0"),
        ):  # the best falls behind, another comes up
            text = (
                "refund " + "again and again " * 60 if name == seen[0] else "refund refund refund"
            )
            await client.post(
                f"/v1/sessions/{name}/messages",
                json={"messages": [{"role": "user", "text": text}] * 4},
            )
        await client.post("/v1/sessions", json={"id": f"new-{len(seen)}", "title": "refund"})
        query = {**query, "cursor": page["next_cursor"]} if page["has_more"] else None
    assert sorted(seen) == names
