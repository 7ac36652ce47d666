"""A session with a transcript, for the tests of messages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


@pytest.fixture
async def transcript(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The ten messages of a session ``s``, alternating user and assistant."""
    await client.post("/v1/sessions", json={"id": "s"})
    messages = [
        {
            "role": "assistant" if number % 2 else "user",
            "text": f"m{number}",
            "client_id": f"c{number}",
        }
        for number in range(10)
    ]
    answer = await client.post("/v1/sessions/s/messages", json={"messages": messages})
    assert answer.status_code == 201
    return list(answer.json()["data"])
