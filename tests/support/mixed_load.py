"""Requests of many kinds, of which whoever sends them knows what the metrics must show."""

from __future__ import annotations

import random
from collections import Counter

import httpx


async def load(client: httpx.AsyncClient, seed: int, sent: Counter[tuple[str, str, int]]) -> None:
    """Thirty requests of many kinds, each counted by its route and the status that it got."""
    chance = random.Random(seed)
    session_path = "/v1/sessions/{session_id}"
    body = {"messages": [{"role": "user", "text": "hello"}]}
    for _ in range(30):
        name = f"s{chance.randrange(20)}"
        method, route, path, json = chance.choice(
            [
                ("POST", "/v1/sessions", "/v1/sessions", {"id": name}),
                ("POST", f"{session_path}/messages", f"/v1/sessions/{name}/messages", body),
                (
                    "POST",
                    f"{session_path}/messages",
                    f"/v1/sessions/{name}/messages",
                    {"messages": []},
                ),
                ("GET", "/v1/sessions", "/v1/sessions", None),
                ("GET", "/v1/sessions", "/v1/sessions?limit=0", None),
                ("GET", session_path, f"/v1/sessions/{name}", None),
                ("DELETE", session_path, f"/v1/sessions/{name}", None),
                ("GET", "/healthz", "/healthz", None),
                ("GET", "(none)", "/nowhere", None),
            ]
        )
        answer = await client.request(method, path, json=json)
        sent[method if route != "(none)" else route, route, answer.status_code] += 1
