"""What a message may hold, and how long a transcript is kept."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.native.test_messages import numbers


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "user"}, "messages[0].parts"),
        (
            {"role": "user", "text": "x", "parts": [{"type": "text", "content": "x"}]},
            "messages[0].parts",
        ),
        ({"role": "robot", "text": "x"}, "messages[0].role"),
        ({"role": "user", "parts": []}, "messages[0].parts"),
        ({"role": "user", "parts": [{"content": "x"}]}, "messages[0].parts[0].type"),
        ({"role": "user", "parts": [{"type": "text"}]}, "messages[0].parts[0].content"),
        ({"role": "user", "parts": [{"type": "tool_call"}]}, "messages[0].parts[0].name"),
        ({"role": "user", "text": "x", "metadata": []}, "messages[0].metadata"),
        ({"role": "user", "text": "x", "client_id": "a/b"}, "messages[0].client_id"),
        ({"role": "user", "text": "x", "created_at": "noon"}, "messages[0].created_at"),
        (
            {"role": "user", "text": "x", "usage": {"input_tokens": "many"}},
            "messages[0].usage.input_tokens",
        ),
    ],
)
async def test_a_bad_message_is_refused_whole_and_named(
    client: httpx.AsyncClient, message: dict[str, Any], param: str
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await client.post(
        "/v1/sessions/s/messages", json={"messages": [message, {"role": "user", "text": "fine"}]}
    )
    assert (answer.status_code, answer.json()["param"]) == (400, param)
    assert await numbers(client, "") == []


async def test_batches_have_their_limits(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    message = {"role": "user", "text": "x"}
    assert (await client.post("/v1/sessions/s/messages", json={"messages": []})).status_code == 400
    assert (
        await client.post("/v1/sessions/s/messages", json={"messages": [message] * 101})
    ).status_code == 413
    twice = [message | {"client_id": "same"}] * 2
    assert (await client.post("/v1/sessions/s/messages", json={"messages": twice})).json()[
        "param"
    ] == "messages[1].client_id"
    assert (
        await client.post("/v1/sessions/s/messages", json={"messages": [message] * 100})
    ).status_code == 201


async def test_a_deleted_message_is_gone_and_its_number_is_not_used_again(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    assert (await client.delete(f"/v1/sessions/s/messages/{transcript[0]['id']}")).json() == {
        "id": transcript[0]["id"],
        "deleted": True,
    }
    assert (await client.get("/v1/sessions/s/messages/c0")).status_code == 404
    assert await numbers(client, "limit=2") == [2, 3]
    session = (await client.get("/v1/sessions/s")).json()
    assert (
        session["message_count"],
        session["last_seq"],
        session["preview"],
        session["title"],
    ) == (9, 10, "m2", "m2")
    await client.delete("/v1/sessions/s/messages/c9")
    appended = await client.post(
        "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "x"}]}
    )
    assert appended.json()["data"][0]["seq"] == 11


@pytest.mark.usefixtures("transcript")
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("before=1&after=2", "invalid"),
        ("before=nope", "invalid"),
        ("cursor=nope", "bad_cursor"),
        ("cursor=s²", "bad_cursor"),
        ("cursor=s1&after=2", "invalid"),
        ("role=robot", "invalid"),
    ],
)
async def test_a_bad_place_is_refused(client: httpx.AsyncClient, query: str, code: str) -> None:
    answer = await client.get(f"/v1/sessions/s/messages?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_null_says_nothing_in_a_message(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    empty = dict.fromkeys(
        (
            "parts",
            "client_id",
            "created_at",
            "run_id",
            "sender",
            "sender_id",
            "model",
            "usage",
            "metadata",
        )
    )
    answer = await client.post(
        "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "hi", **empty}]}
    )
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["data"][0]) == {
        "id",
        "session_id",
        "seq",
        "role",
        "parts",
        "created_at",
    }
    nothing = await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": None, "parts": None}]},
    )
    assert (nothing.status_code, nothing.json()["param"]) == (400, "messages[0].parts")


async def test_usage_is_told_whole(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "assistant", "text": "a", "usage": {"input_tokens": 3}}]},
    )
    nothing = {
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "reasoning_tokens": 0,
        "cost_usd": 0.0,
    }
    assert answer.json()["data"][0]["usage"] == nothing | {"input_tokens": 3}
    run = await client.post("/v1/sessions/s/runs", json={})
    assert run.json()["usage"] == nothing


async def test_usage_adds_up_on_the_session(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    usage = {"input_tokens": 10, "output_tokens": 5, "cost_usd": 0.0025}
    await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "assistant", "text": "a", "usage": usage}] * 2},
    )
    session = (await client.get("/v1/sessions/s")).json()
    assert (session["input_tokens"], session["output_tokens"], session["cost_usd"]) == (
        20,
        10,
        0.005,
    )


@pytest.mark.usefixtures("transcript")
@pytest.mark.parametrize("param", ["before", "after", "around"])
async def test_a_place_that_is_none_is_named(client: httpx.AsyncClient, param: str) -> None:
    answer = await client.get(f"/v1/sessions/s/messages?{param}=nope")
    assert (answer.status_code, answer.json()["param"]) == (400, param)
    for name in ("nope", "\0"):
        fork = await client.post("/v1/sessions/s/fork", json={"message": name})
        assert (fork.status_code, fork.json()["code"], fork.json()["param"]) == (
            400,
            "invalid",
            "message",
        )


@pytest.mark.usefixtures("transcript")
@pytest.mark.parametrize(
    ("method", "path", "header"),
    [("PATCH", "/v1/sessions/s", "If-Match"), ("GET", "/v1/events", "Last-Event-ID")],
)
async def test_a_header_with_a_digit_that_is_no_number_is_refused(
    client: httpx.AsyncClient, method: str, path: str, header: str
) -> None:
    answer = await client.request(
        method,
        path,
        headers=[(header.encode(), b"\xb2"), (b"content-type", b"application/json")],
        content=b"{}",
    )
    assert (answer.status_code, answer.json()["param"]) == (400, header)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input_tokens", -1),
        ("input_tokens", 2**62),
        ("output_tokens", 10**12 + 1),
        ("cost_usd", 1e300),
        ("cost_usd", -0.1),
    ],
)
async def test_usage_that_no_sum_could_hold_is_refused(
    client: httpx.AsyncClient, field: str, value: float
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    await client.post("/v1/sessions/s/runs", json={"id": "r"})
    message = {"role": "assistant", "text": "a", "usage": {field: value}}
    for path, body, param in (
        ("messages", {"messages": [message]}, f"messages[0].usage.{field}"),
        ("runs/r/finish", {"usage": {field: value}}, f"usage.{field}"),
    ):
        answer = await client.post(f"/v1/sessions/s/{path}", json=body)
        assert (answer.status_code, answer.json()["param"]) == (400, param)


async def test_a_transcript_is_kept_until_its_session_changes(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    url = "/v1/sessions/s/messages?limit=3&order=desc"
    first = await client.get(url)
    assert (await client.get(url)).content == first.content
    known = {"If-None-Match": first.headers["etag"]}
    assert (await client.get(url, headers=known)).status_code == 304
    await client.delete(f"/v1/sessions/s/messages/{transcript[9]['id']}")
    after = await client.get(url, headers=known)
    assert [item["seq"] for item in after.json()["data"]] == [9, 8, 7]
    await client.post(
        "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "more"}]}
    )
    assert await numbers(client, "limit=3&order=desc") == [11, 9, 8]


async def test_a_session_begun_again_is_not_taken_for_the_one_before(
    client: httpx.AsyncClient,
) -> None:
    """The same id, the same number of changes: only the text differs."""
    etags, texts = list[str](), list[str]()
    for text in ("first", "second"):
        await client.post("/v1/sessions", json={"id": "again"})
        await client.post(
            "/v1/sessions/again/messages", json={"messages": [{"role": "user", "text": text}]}
        )
        answer = await client.get(
            "/v1/sessions/again/messages", headers={"If-None-Match": ", ".join(etags)}
        )
        assert answer.status_code == 200
        texts.append(answer.json()["data"][0]["parts"][0]["content"])
        etags.append(answer.headers["etag"])
        await client.delete("/v1/sessions/again")
    assert texts == ["first", "second"]
    assert (
        await client.get("/v1/sessions/again/messages", headers={"If-None-Match": ", ".join(etags)})
    ).status_code == 404
