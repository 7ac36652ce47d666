"""Anthropic's SDK reads sessions, events and threads, with its answers checked by its own types."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import anthropic
import httpx
import httpx2
import pytest

from hansard.app import application
from hansard.service import Service
from hansard.settings import Settings


@pytest.fixture
async def sdk(service: Service, key: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """The SDK's client, which refuses answers that its types do not describe."""
    app = application(service, Settings(store=service.store.url))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as http:
        yield anthropic.AsyncAnthropic(
            base_url="http://hansard.test/anthropic",
            api_key=key,
            http_client=http,
            max_retries=0,
            _strict_response_validation=True,
        )


@pytest.fixture
async def order(client: httpx.AsyncClient) -> None:
    """A session with a call of a tool, an image, and an answer."""
    await client.post("/v1/sessions", json={"id": "order-17", "agent": "support", "title": "Late"})
    messages = [
        {
            "role": "user",
            "parts": [
                {"type": "text", "content": "Where is this?"},
                {"type": "blob", "content": "aGk=", "mime_type": "image/png", "modality": "image"},
            ],
        },
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Look it up."},
                {"type": "tool_call", "id": "call_1", "name": "track", "arguments": {"id": 17}},
            ],
        },
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "call_1", "response": "Oslo"}],
        },
        {
            "role": "assistant",
            "text": "In Oslo.",
            "usage": {"input_tokens": 11, "output_tokens": 7},
        },
    ]
    await client.post("/v1/sessions/order-17/messages", json={"messages": messages})


@pytest.mark.usefixtures("order")
async def test_the_sdk_reads_a_session_and_its_events(sdk: anthropic.AsyncAnthropic) -> None:
    session = await sdk.beta.sessions.retrieve("order-17")
    assert (session.title, session.status, session.agent.name) == ("Late", "idle", "support")
    assert (session.usage.input_tokens, session.usage.output_tokens) == (11, 7)
    listed = sdk.beta.sessions.events.list("order-17", limit=2)
    events = [plain(event) async for event in listed]
    assert [event["type"] for event in events] == [
        "user.message",
        "agent.thinking",
        "agent.tool_use",
        "agent.tool_result",
        "agent.message",
    ]
    assert events[3]["tool_use_id"] == events[2]["id"]
    assert [block["type"] for block in events[0]["content"]] == ["text", "image"]
    last = await sdk.beta.sessions.events.list("order-17", order="desc", types=["agent.message"])
    assert [plain(event)["content"][0]["text"] for event in last.data] == ["In Oslo."]


def plain(event: Any) -> dict[str, Any]:
    """An event of the SDK, which has a type for each kind, as its JSON."""
    return dict(event.to_dict())


async def test_a_sessions_duration_runs_until_it_ends(
    sdk: anthropic.AsyncAnthropic, client: httpx.AsyncClient
) -> None:
    """A change after the end, such as a tag, makes it no longer; an open one grows by itself."""
    past = {"created_at": "2026-01-31T09:30:00Z"}
    await client.post("/v1/sessions", json={"id": "open", **past})
    await client.post("/v1/sessions", json={"id": "ended", **past})
    ended = (await client.post("/v1/sessions/ended/end", json={})).json()["ended_at"]
    await client.patch("/v1/sessions/ended", json={"tags": ["vip"]})
    listed = {session.id: session async for session in sdk.beta.sessions.list()}
    began = listed["ended"].created_at
    lasted = (datetime.fromisoformat(ended) - began).total_seconds()
    assert listed["ended"].stats.duration_seconds == pytest.approx(lasted, abs=0.001)
    running = listed["open"].stats.duration_seconds or 0
    assert running == pytest.approx((datetime.now(UTC) - began).total_seconds(), abs=30)
    assert running > (listed["open"].updated_at - began).total_seconds()


@pytest.mark.usefixtures("order")
async def test_lists_are_walked_and_filtered(
    sdk: anthropic.AsyncAnthropic, client: httpx.AsyncClient
) -> None:
    for number in range(3):
        await client.post("/v1/sessions", json={"id": f"s{number}"})
    await client.post("/v1/sessions/s1/end", json={})
    await client.post("/v1/sessions/s2/archive", json={})
    listed = [session.id async for session in sdk.beta.sessions.list(limit=2)]
    assert listed == ["s1", "s0", "order-17"]
    ended = [session.id async for session in sdk.beta.sessions.list(statuses=["terminated"])]
    assert ended == ["s1"]
    of_agent = [session.id async for session in sdk.beta.sessions.list(agent_id="support")]
    assert of_agent == ["order-17"]
    for of_the_platform in ({"deployment_id": "d"}, {"memory_store_id": "m"}, {"agent_version": 2}):
        assert not (await sdk.beta.sessions.list(**of_the_platform)).data
    later = (await sdk.beta.sessions.retrieve("order-17")).created_at
    after = [
        session.id async for session in sdk.beta.sessions.list(created_at_gt=later, order="asc")
    ]
    assert after == ["s0", "s1"]


@pytest.mark.usefixtures("order")
async def test_a_session_has_one_thread(sdk: anthropic.AsyncAnthropic) -> None:
    threads = [session async for session in sdk.beta.sessions.threads.list("order-17")]
    (thread,) = threads
    assert thread.session_id == "order-17"
    again = await sdk.beta.sessions.threads.retrieve(thread.id, session_id="order-17")
    assert again == thread
    page = await sdk.beta.sessions.threads.events.list(thread.id, session_id="order-17")
    assert len(page.data) == 5
    with pytest.raises(anthropic.NotFoundError) as refused:
        await sdk.beta.sessions.threads.retrieve("sthr_other", session_id="order-17")
    assert "not_found_error" in str(refused.value.body)


@pytest.mark.usefixtures("order")
async def test_an_absent_session_and_a_wrong_key_are_errors_of_their_kind(
    sdk: anthropic.AsyncAnthropic,
) -> None:
    with pytest.raises(anthropic.NotFoundError):
        await sdk.beta.sessions.retrieve("order-18")
    with pytest.raises(anthropic.AuthenticationError):
        await sdk.with_options(api_key="wrong").beta.sessions.retrieve("order-17")
