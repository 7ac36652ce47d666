"""A browser without a screen: cookies, an origin, and forms with the token of the page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from hansard.app import application
from hansard.service import Service
from hansard.settings import Settings

URL = "http://hansard.test"


class Reader:
    """Somebody who reads the page."""

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        self.client = client
        self.key = key
        self.token = ""

    async def sign_in(self, key: str | None = None) -> httpx.Response:
        answer = await self.client.post("/ui/sign-in", data={"key": key or self.key})
        if answer.status_code == 303:
            match = re.search(r'data-csrf="(\w+)"', (await self.client.get("/ui/settings")).text)
            self.token = match[1] if match else ""
        return answer

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(
            path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    async def post(
        self, path: str, fields: dict[str, Any] | None = None, **headers: str
    ) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(
            path, data={"csrf": self.token, **(fields or {})}, headers=sent
        )

    async def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(
            method, path, headers={"Authorization": f"Bearer {self.key}"}, **more
        )


@pytest.fixture
async def stranger(service: Service, key: str) -> AsyncIterator[Reader]:
    """A reader who has not signed in yet."""
    transport = httpx.ASGITransport(application(service, Settings(store=service.store.url)))
    async with httpx.AsyncClient(
        transport=transport, base_url=URL, headers={"Origin": URL}
    ) as client:
        yield Reader(client, key)


@pytest.fixture
async def reader(stranger: Reader) -> Reader:
    assert (await stranger.sign_in()).status_code == 303
    return stranger


@pytest.fixture
async def session(reader: Reader) -> str:
    """A session with text, calls that went well and badly, a picture, a run and a branch.

    Its UUID.
    """
    body = {
        "id": "talk",
        "channel": "web",
        "user": "ann",
        "tags": ["vip"],
        "trail": [{"intent": "refund"}],
    }
    created = (await reader.api("POST", "/v1/sessions", json=body)).json()
    run = (await reader.api("POST", "/v1/sessions/talk/runs", json={})).json()["id"]
    pixel = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk"
        "+A8AAQUBAScY42YAAAAASUVORK5CYII="
    )
    calls = [
        {"type": "text", "content": "Let me **look**."},
        {"type": "tool_call", "id": "c1", "name": "look", "arguments": {"order": "A-17"}},
        {"type": "tool_call", "id": "c2", "name": "pay", "arguments": "{}"},
        {"type": "blob", "content": pixel, "mime_type": "image/png", "modality": "image"},
    ]
    results = [
        {"type": "tool_call_response", "id": "c1", "response": {"found": True}},
        {"type": "tool_call_response", "id": "c2", "response": {"error": "no"}},
    ]
    messages = [
        {"role": "system", "text": "Be kind."},
        {"role": "user", "text": "My box was damaged"},
        {
            "role": "assistant",
            "parts": calls,
            "run_id": run,
            "usage": {"input_tokens": 10, "output_tokens": 5, "cost_usd": 0.01},
        },
        {"role": "tool", "parts": results},
        {"role": "assistant", "text": "Sorry.", "sender": "operator"},
    ]
    await reader.api("POST", "/v1/sessions/talk/messages", json={"messages": messages})
    await reader.api(
        "POST", f"/v1/sessions/talk/runs/{run}/finish", json={"state": "failed", "error": "no luck"}
    )
    await reader.api("POST", "/v1/sessions/talk/fork", json={"message": 2, "id": "branch"})
    return str(created["uid"]).removeprefix("ses_")
