"""What needs attention: each session once, for the most urgent of its reasons."""

from __future__ import annotations

from typing import Any

import httpx

OLD = "2026-01-05T10:00:00Z"


async def write(client: httpx.AsyncClient, name: str, at: str | None = None, **fields: Any) -> None:
    body = {"id": name, **fields} | ({"created_at": at} if at else {})
    await client.post("/v1/sessions", json=body)
    message = {"role": "user", "text": "hi"} | ({"created_at": at} if at else {})
    await client.post(f"/v1/sessions/{name}/messages", json={"messages": [message]})


async def run(client: httpx.AsyncClient, name: str, state: str) -> None:
    runs = f"/v1/sessions/{name}/runs"
    if state == "waiting":
        await client.post(runs, json={"state": state})
        return
    run_id = (await client.post(runs, json={})).json()["id"]
    await client.post(f"{runs}/{run_id}/finish", json={"state": state})


async def test_each_session_is_listed_once_for_its_most_urgent_reason(
    client: httpx.AsyncClient,
) -> None:
    await write(client, "waits")
    await run(client, "waits", "waiting")
    await write(client, "failed")
    await run(client, "failed", "failed")
    await write(client, "failed-resolved")
    await run(client, "failed-resolved", "failed")
    await client.patch("/v1/sessions/failed-resolved", json={"resolution": "resolved"})
    await write(client, "failed-call")
    answer = {"type": "tool_call_response", "id": "c", "response": "no", "is_error": True}
    await client.post(
        "/v1/sessions/failed-call/messages",
        json={"messages": [{"role": "tool", "parts": [answer]}]},
    )
    await write(client, "stale", OLD, resolution="unresolved")
    await write(client, "new")
    await write(client, "archived")
    await client.post("/v1/sessions/archived/archive")
    await write(client, "old", OLD)
    groups = (await client.get("/v1/attention")).json()["data"]
    by_reason = {group["reason"]: [session["id"] for session in group["data"]] for group in groups}
    assert by_reason == {
        "waiting": ["waits"],
        "failed": ["failed"],
        "failed_calls": ["failed-call"],
        "stale": ["stale"],
        "unread": ["new"],
    }
    for group in groups:
        listed = (await client.get(f"/v1/sessions?{group['query']}")).json()["data"]
        assert {session["id"] for session in group["data"]} <= {session["id"] for session in listed}


async def test_a_long_group_is_cut_and_says_so(client: httpx.AsyncClient) -> None:
    for number in range(21):
        await write(client, f"s{number}")
    groups = (await client.get("/v1/attention")).json()["data"]
    assert [(len(group["data"]), group["has_more"]) for group in groups] == [
        (0, False),
        (0, False),
        (0, False),
        (0, False),
        (20, True),
    ]
