"""An answer has a bound in bytes.

A page is cut where it is full, and its cursor goes on exactly there.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from hansard.app import application
from hansard.client import AsyncHansard
from hansard.model.page import PAGE_BYTES
from hansard.service import Service
from hansard.settings import Settings

LARGE = "x" * 60_000
TEXT = "All the words of a long report, and the numbers that belong to it: 4711. " * 40_000


@pytest.fixture
async def sessions(client: httpx.AsyncClient) -> int:
    """Sessions of 60 kB each, so that they do not go into one answer."""
    count = 160
    for first in range(0, count, 20):
        await asyncio.gather(
            *(
                client.post("/v1/sessions", json={"id": f"s{n:03d}", "metadata": {"note": LARGE}})
                for n in range(first, first + 20)
            )
        )
    return count


async def walk(client: httpx.AsyncClient, target: str) -> list[httpx.Response]:
    pages: list[httpx.Response] = []
    cursor = None
    while cursor is not None or not pages:
        answer = await client.get(target + (f"&cursor={quote(cursor)}" if cursor else ""))
        assert answer.status_code == 200, answer.text[:500]
        pages.append(answer)
        cursor = answer.json()["next_cursor"]
        assert answer.json()["has_more"] == (cursor is not None)
    return pages


async def test_a_list_of_large_sessions_is_cut_and_goes_on(
    client: httpx.AsyncClient, sessions: int
) -> None:
    for _ in range(2):  # read, then rendered before
        pages = await walk(client, "/v1/sessions?limit=200&total=true&sort=created_at")
        names = [item["id"] for page in pages for item in page.json()["data"]]
        assert sorted(names) == [f"s{n:03d}" for n in range(sessions)]
        assert len(names) == len(set(names))
        assert {page.json()["total"] for page in pages} == {sessions}
        assert len(pages) == 2
        assert all(len(page.content) <= PAGE_BYTES + 1000 for page in pages)


async def fill_session(client: httpx.AsyncClient, count: int) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    for number in range(count):
        body: dict[str, Any] = {"messages": [{"role": "tool", "text": f"{number} {TEXT}"}]}
        assert (await client.post("/v1/sessions/s/messages", json=body)).status_code == 201


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_transcript_of_large_messages_is_cut_and_goes_on(
    client: httpx.AsyncClient, order: str
) -> None:
    await fill_session(client, 7)
    pages = await walk(client, f"/v1/sessions/s/messages?limit=200&order={order}")
    seqs = [item["seq"] for page in pages for item in page.json()["data"]]
    assert seqs == sorted(range(1, 8), reverse=order == "desc")
    assert [len(page.json()["data"]) for page in pages] == [2, 2, 2, 1]
    assert all(len(page.content) <= PAGE_BYTES + 1000 for page in pages)


async def test_the_client_follows_the_cut(
    client: httpx.AsyncClient, service: Service, key: str
) -> None:
    await fill_session(client, 5)
    transport = httpx.ASGITransport(application(service, Settings(store=service.store.url)))
    async with AsyncHansard("http://hansard.test", key, transport=transport) as hansard:
        assert [item.seq async for item in hansard.messages.list("s", page_size=200)] == [
            1,
            2,
            3,
            4,
            5,
        ]


@pytest.mark.parametrize("form", ["native", "openai", "anthropic"])
async def test_a_context_of_large_messages_ends_where_it_is_full(
    client: httpx.AsyncClient, form: str
) -> None:
    """The newest stay, and the manifest says how many did not."""
    await client.post("/v1/sessions", json={"id": "s"})
    for number in range(6):
        role = "assistant" if number % 2 else "user"
        body = {"messages": [{"role": role, "text": f"{number} {TEXT}"}]}
        assert (await client.post("/v1/sessions/s/messages", json=body)).status_code == 201
    answer = await client.get(f"/v1/sessions/s/context?format={form}&messages=50")
    manifest = answer.json()["manifest"]
    assert answer.status_code == 200
    assert len(answer.content) <= PAGE_BYTES + 1000
    assert manifest["last_seq"] == 6
    assert manifest["messages"] >= 1
    assert manifest["messages"] + manifest["older"] == 6
