"""Where a client asks for pages by number or offset, none may be shorter than its limit.

What is left out would never be shown.
"""

from __future__ import annotations

import asyncio

import httpx
import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft
from hansard.model.page import PAGE_BYTES
from hansard.model.parts import text_part
from hansard.service import Service

COUNT = 90
NOTE, TRAIL = {"note": "x" * 60_000}, [{"intent": "y" * 120_000}]


@pytest.fixture
async def large(service: Service, principal: Principal) -> None:
    """Sessions that take twice as much as an answer may have."""

    async def start(number: int) -> None:
        draft = SessionDraft(id=f"s{number:03d}", metadata=NOTE, trail=TRAIL)
        await service.sessions.start(principal, draft)
        text = f"where is order {number}"
        message = MessageDraft(role="user", parts=text_part(text), text=text)
        await service.messages.append(principal, f"s{number:03d}", [message])

    for first in range(0, COUNT, 30):
        await asyncio.gather(*(start(number) for number in range(first, first + 30)))


@pytest.mark.usefixtures("large")
async def test_what_is_stored_does_not_shorten_what_is_shown(client: httpx.AsyncClient) -> None:
    """Athena and PocketPaw show little of a session, however much it holds."""
    for _ in range(2):  # read, then rendered before
        athena = (await client.get("/api/v0/sessions?limit=500")).json()
        assert (len(athena["items"]), athena["total"], athena["has_more"]) == (COUNT, COUNT, False)
        paw = (await client.get("/api/sessions?limit=500")).json()
        assert (len(paw["sessions"]), paw["total"]) == (COUNT, COUNT)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("flags", ["state=true", "state=true&messages=true", "messages=true"])
async def test_a_numbered_page_is_whole_however_large(
    client: httpx.AsyncClient, flags: str
) -> None:
    pages = [(await client.get(f"/ai-sessions?limit=80&page={page}&{flags}")) for page in (1, 2, 3)]
    bodies = [page.json() for page in pages]
    assert [len(page["result"]) for page in bodies] == [80, COUNT - 80, 0]
    assert {page["count"] for page in bodies} == {COUNT}
    assert len({session["id"] for page in bodies for session in page["result"]}) == COUNT
    if "state" in flags:
        assert len(pages[0].content) > PAGE_BYTES
    if "messages" in flags:
        texts = [session["messages"][0]["message"] for session in bodies[0]["result"]]
        assert sorted(texts) != texts or len(set(texts)) == 80
