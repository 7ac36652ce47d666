"""The dialects that give a whole session give it in pieces.

However large it is, no more than a piece is held.
"""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft
from hansard.model.page import PAGE_BYTES
from hansard.model.parts import text_part
from hansard.service import Service
from tests.support.loop import watched

TEXT = "All the words of a long report, and the numbers that belong to it: 4711. " * 28_000
COUNT = 12
SMALL = 450


@pytest.fixture
async def large(service: Service, principal: Principal) -> None:
    """Two dozen megabytes in twelve messages, behind some hundred short ones."""
    await service.sessions.start(principal, SessionDraft(id="large", title="Large"))
    for start in range(0, SMALL, 90):
        few = [draft(f"short {number}", number) for number in range(start, start + 90)]
        await service.messages.append(principal, "large", few)
    for number in range(COUNT):
        await service.messages.append(principal, "large", [draft(TEXT, number)])


def draft(text: str, number: int) -> MessageDraft:
    role: Any = "assistant" if number % 2 else "user"
    return MessageDraft(role=role, parts=text_part(text), text=text)


WHOLE = {
    "/api/v0/sessions/large/download?export_format=trace": "messages",
    "/api/v0/sessions/large/download?export_format=messages": "messages",
    "/api/memory/session/export?id=large&format=json": "messages",
}
TEXTS = (
    "/api/v0/sessions/large/download?export_format=markdown",
    "/api/memory/session/export?id=large&format=md",
)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("target", WHOLE)
async def test_a_whole_session_is_given_in_order(client: httpx.AsyncClient, target: str) -> None:
    answer = await client.get(target)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    messages = answer.json()["messages"]
    assert len(messages) == SMALL + COUNT
    texts = [message.get("content") or message["parts"][0]["content"] for message in messages]
    assert texts[:SMALL] == [f"short {number}" for number in range(SMALL)]
    assert texts[SMALL:] == [TEXT] * COUNT


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("target", TEXTS)
async def test_a_whole_session_is_given_as_text(client: httpx.AsyncClient, target: str) -> None:
    answer = await client.get(target)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/markdown")
    assert list(map(int, re.findall(r"short (\d+)\n", answer.text))) == list(range(SMALL))
    assert answer.text.count(TEXT) == COUNT


@pytest.mark.usefixtures("large")
async def test_a_thread_is_given_with_its_last_message_behind_all(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/api/v0/threads/large/status?include_messages=true")
    asset = answer.json()["conversation_asset"]
    assert len(asset["messages"]) == SMALL + COUNT == asset["num_messages"]
    assert asset["last_message"] == asset["messages"][-1]
    assert asset["title"] == "Large"


@pytest.mark.usefixtures("large")
async def test_the_figures_of_a_large_session(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v0/sessions/large/download?export_format=stats")
    assert answer.json()["num_messages"] == SMALL + COUNT


@pytest.mark.usefixtures("large")
async def test_a_history_keeps_the_newest_that_fit(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/memory/session?id=large&limit=100000")
    texts = [item["content"] for item in answer.json()]
    assert texts == [TEXT] * len(texts)
    assert 1 < len(texts) < COUNT
    assert len(answer.content) <= PAGE_BYTES + 10_000


@pytest.mark.usefixtures("large")
async def test_no_more_than_a_piece_is_held(service: Service, principal: Principal) -> None:
    """Of the walk itself: what a client of these tests collects is not the server's."""
    _, pieces = await service.transcripts.walk(principal, "large")
    tracemalloc.start()
    try:
        count = 0
        async with watched() as longest:
            async for piece in pieces:
                count += len(piece)
                del piece
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == SMALL + COUNT
    assert peak < 20_000_000, "a message of 2 MB and some copies of it, where the session has 25 MB"
    assert longest() < 0.1


async def test_an_empty_session_is_given_whole(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "empty"})
    for target in (*WHOLE, *TEXTS):
        answer = await client.get(target.replace("large", "empty"))
        assert answer.status_code == 200
        if "json" in answer.headers["content-type"]:
            assert answer.json()["messages"] == []
    thread = await client.get("/api/v0/threads/empty/status?include_messages=true")
    assert thread.json()["conversation_asset"]["last_message"] is None
