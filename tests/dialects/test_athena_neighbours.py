"""Athena's downloads and the status of its threads answer as the published client expects."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hansard.access import Principal
from tests.dialects.filling import Clock, run, say, start, uuid_of
from tests.dialects.test_athena import SESSIONS, STATES


async def filled(api: httpx.AsyncClient, clock: Clock) -> dict[str, Any]:
    """A session with every kind of message, five seconds long."""
    clock.set("2026-01-01T10:00:00Z")
    session = await start(api, id="s", title="Two\nlines", workflow_id="w")
    call = {"type": "tool_call", "id": "c1", "name": "find", "arguments": {"n": 1}}
    usage = {"input_tokens": 10, "output_tokens": 4, "cost_usd": 0.5}
    await say(
        api,
        "s",
        ("system", "be kind"),
        ("user", "hello"),
        {
            "role": "assistant",
            "parts": [{"type": "reasoning", "content": "hm"}, call],
            "model": "gpt-5",
            "run_id": "r1",
            "usage": usage,
        },
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "c1", "response": {"found": True}}],
            "metadata": {"x": None},
        },
    )
    clock.move(5)
    await say(
        api,
        "s",
        {"role": "assistant", "text": "found it", "sender": "operator", "sender_id": "ann"},
    )
    return session


async def test_the_trace_holds_every_message_whole(api: httpx.AsyncClient, clock: Clock) -> None:
    session = await filled(api, clock)
    answer = await api.get(f"{SESSIONS}/s/download")
    body = answer.json()
    assert (
        answer.json()
        == (await api.get(f"{SESSIONS}/s/download", params={"export_format": "trace"})).json()
    )
    assert (
        answer.headers["content-disposition"]
        == f'attachment; filename="asset_{uuid_of(session)}-trace.json"'
    )
    assert {name: body[name] for name in body if name != "messages"} == {
        "id": f"asset_{uuid_of(session)}",
        "thread_id": uuid_of(session),
        "title": "Two\nlines",
        "created_at": "2026-01-01T10:00:00Z",
        "updated_at": "2026-01-01T10:00:05Z",
        "export_format": "trace",
    }
    native = (await api.get("/v1/sessions/s/messages")).json()["data"]
    assert [
        (item["id"], item["seq"], item["role"], item["parts"], item["created_at"])
        for item in body["messages"]
    ] == [
        (item["id"], item["seq"], item["role"], item["parts"], item["created_at"])
        for item in native
    ]
    called, answered, last = body["messages"][2:]
    assert (called["model"], called["run_id"]) == ("gpt-5", "r1")
    assert called["usage"] == {
        "input_tokens": 10,
        "output_tokens": 4,
        "total_tokens": 14,
        "total_cost_usd": 0.5,
    }
    assert (answered["metadata"], last["sender"], last["sender_id"]) == (
        {"x": None},
        "operator",
        "ann",
    )


async def test_messages_are_the_turns_of_user_and_agent(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    await filled(api, clock)
    body = (await api.get(f"{SESSIONS}/s/download", params={"export_format": "messages"})).json()
    assert [(item["role"], item["content"], item["created_at"]) for item in body["messages"]] == [
        ("user", "hello", "2026-01-01T10:00:00Z"),
        ("assistant", "found it", "2026-01-01T10:00:05Z"),
    ]
    assert body["export_format"] == "messages"


async def test_markdown_is_a_transcript(api: httpx.AsyncClient, clock: Clock) -> None:
    await filled(api, clock)
    answer = await api.get(f"{SESSIONS}/s/download", params={"export_format": "markdown"})
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('-markdown.md"')
    assert answer.text == (
        "# Two lines\n\n## User · 2026-01-01T10:00:00Z\n\nhello\n\n## Agent · "
        "2026-01-01T10:00:05Z\n\nfound it\n"
    )
    await start(api, id="empty")
    assert (
        await api.get(f"{SESSIONS}/empty/download", params={"export_format": "markdown"})
    ).text == "# Untitled session\n"


async def test_stats_are_figures(api: httpx.AsyncClient, clock: Clock) -> None:
    await filled(api, clock)
    body = (await api.get(f"{SESSIONS}/s/download", params={"export_format": "stats"})).json()
    assert {name: body[name] for name in list(body)[6:]} == {
        "num_messages": 5,
        "messages_by_role": {"system": 1, "user": 1, "assistant": 2, "tool": 1},
        "num_tool_calls": 1,
        "tool_calls_by_name": {"find": 1},
        "usage": {
            "input_tokens": 10,
            "output_tokens": 4,
            "total_tokens": 14,
            "total_cost_usd": 0.5,
        },
        "first_message_at": "2026-01-01T10:00:00Z",
        "last_message_at": "2026-01-01T10:00:05Z",
        "duration_seconds": 5.0,
    }
    await start(api, id="empty")
    body = (await api.get(f"{SESSIONS}/empty/download", params={"export_format": "stats"})).json()
    assert (body["num_messages"], body["first_message_at"], body["duration_seconds"]) == (
        0,
        None,
        None,
    )


async def test_a_download_of_thousands_of_messages_is_whole(api: httpx.AsyncClient) -> None:
    await start(api, id="long")
    for batch in range(21):
        await say(api, "long", *[("user", f"{batch}.{n}") for n in range(100)])
    body = (await api.get(f"{SESSIONS}/long/download", params={"export_format": "messages"})).json()
    assert [item["content"] for item in body["messages"]] == [
        f"{batch}.{n}" for batch in range(21) for n in range(100)
    ]


async def test_the_status_of_a_thread(
    api: httpx.AsyncClient, clock: Clock, principal: Principal
) -> None:
    session = await filled(api, clock)
    thread = uuid_of(session)
    body = (await api.get(f"/api/v0/threads/{thread}/status")).json()
    asset = body.pop("conversation_asset")
    created = {"created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-01T10:00:05Z"}
    assert body == {"thread_id": thread, "status": "completed", "error": None, **created}
    messages = asset.pop("messages")
    assert asset.pop("last_message") == messages[-1]
    assert asset == {
        "conversation_asset_id": f"asset_{thread}",
        "title": "Two\nlines",
        "state": None,
        "agent": None,
        "model": None,
        "start_channel": None,
        "last_channel": None,
        "created_by": session["created_by"],
        "workspace_id": principal.workspace_id,
        "num_messages": 5,
        "linked_aops": [],
        "linked_projects": [],
        "error": None,
        "athena_metadata": {},
        **created,
    }
    assert [(message["role"], message["content"], message["name"]) for message in messages] == [
        ("system", "be kind", None),
        ("user", "hello", None),
        ("assistant", "", None),
        ("tool", '{"found":true}', "find"),
        ("assistant", "found it", None),
    ]
    assert messages[2]["additional_kwargs"] == {
        "tool_calls": [{"id": "c1", "name": "find", "args": {"n": 1}}]
    }


@pytest.mark.parametrize(("ours", "theirs"), [(ours, theirs) for ours, theirs, *_ in STATES])
async def test_a_status_leaves_the_messages_out_while_the_run_is_under_way(
    api: httpx.AsyncClient, ours: str, theirs: str
) -> None:
    await start(api, id="s", kind="workflow", workflow_id="w", workflow_name="Nightly")
    await say(api, "s", ("user", "go"))
    await run(api, "s", ours, error="broke" if theirs == "failed" else None)
    url = "/api/v0/threads/s/status"
    default, forced, skipped = [
        (await api.get(url, params=params)).json()
        for params in ({}, {"include_messages": "true"}, {"include_messages": "0"})
    ]
    assert default["status"] == default["conversation_asset"]["state"] == theirs
    assert (default["conversation_asset"]["messages"] is None) == (theirs in {"queued", "running"})
    assert len(forced["conversation_asset"]["messages"]) == 1
    assert (
        skipped["conversation_asset"]["messages"]
        is skipped["conversation_asset"]["last_message"]
        is None
    )
    assert default["conversation_asset"]["linked_aops"] == [{"asset_id": "w", "title": "Nightly"}]
    assert default["error"] == ("broke" if theirs == "failed" else None)
