"""The route that writes B3OS's messages: what it answers, and what is read afterwards."""

from __future__ import annotations

import httpx

from hansard.access import Principal
from tests.dialects.filling import say, start, uuid_of
from tests.dialects.test_b3os import HISTORY, MESSAGES, contents, data, names, write


async def test_a_written_message_begins_its_conversation(
    api: httpx.AsyncClient, principal: Principal
) -> None:
    written = await write(
        api, "session_1_a", "hello", createdAt="2026-01-01T00:00:00+01:00", workflowId="w"
    )
    assert written == {
        "content": "hello",
        "conversationId": "session_1_a",
        "createdAt": "2025-12-31T23:00:00Z",
        "id": written["id"],
        "imageUrls": [],
        "organizationId": principal.workspace_id,
        "role": "user",
        "senderUserId": "",
        "sessionId": "session_1_a",
        "tokensUsed": 0,
        "workflowId": "w",
    }
    assert await data(api, HISTORY, conversationId="session_1_a") == [written]


async def test_what_was_written_is_read_with_its_own_role_and_kept_whole(
    api: httpx.AsyncClient,
) -> None:
    payload = {"b": None, "a": [1, {"x": "y"}]}
    for role in ("user", "assistant", "system", "context"):
        await write(api, "s", role, role, turnId="t1", structuredPayload=payload)
    assert [item["role"] for item in await data(api, HISTORY, sessionId="s")] == [
        "user",
        "assistant",
        "system",
        "context",
    ]
    kept = (await api.get("/v1/sessions/s/messages")).json()["data"]
    assert [item["metadata"]["b3os"] for item in kept[:3]] == [
        {"turnId": "t1", "structuredPayload": payload}
    ] * 3
    assert kept[3]["metadata"]["b3os"] == {
        "role": "context",
        "turnId": "t1",
        "structuredPayload": payload,
    }


async def test_any_text_survives(api: httpx.AsyncClient) -> None:
    for text in ("a\x00b", "née ☃ 🙂 漢字", '\u2028\\"', "x" * 100_000, " "):
        assert (await write(api, "s", text))["content"] == text
        assert (await contents(api, sessionId="s", limit=1)) == [text]


async def test_metadata_of_others_under_our_name_does_no_harm(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    for metadata in ({"b3os": "text"}, {"b3os": {"role": 7}}, {"b3os": None}):
        await say(api, "s", {"role": "system", "text": "x", "metadata": metadata})
    assert [item["role"] for item in await data(api, HISTORY, sessionId="s")] == ["system"] * 3


async def test_a_conversation_takes_its_workflow_later_but_only_once(
    api: httpx.AsyncClient,
) -> None:
    await write(api, "s", "no workflow yet")
    assert (await write(api, "s", "now", workflowId="w"))["workflowId"] == "w"
    assert (await write(api, "s", "another", workflowId="v"))["workflowId"] == "w"
    assert len(await contents(api, workflowId="w")) == 3


async def test_a_message_can_be_written_to_a_session_by_any_of_its_names(
    api: httpx.AsyncClient,
) -> None:
    session = await start(api, id="telegram:42")
    for name in ("telegram:42", "telegram_42", f"session_{uuid_of(session)}"):
        assert (await write(api, name, "hi"))["sessionId"] == "telegram:42"
    assert len(await names(api)) == 1


async def test_an_idempotency_key_writes_once(api: httpx.AsyncClient) -> None:
    body = {"conversationId": "s", "content": "once", "role": "user"}
    first = await api.post(
        MESSAGES, json=body, headers={"Idempotency-Key": "k", "X-Request-ID": "one"}
    )
    again = await api.post(
        MESSAGES, json=body, headers={"Idempotency-Key": "k", "X-Request-ID": "two"}
    )
    assert (first.json()["data"], again.json()["requestId"]) == (again.json()["data"], "two")
    assert await contents(api, sessionId="s") == ["once"]
