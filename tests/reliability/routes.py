"""Every way of appending to one session at once: the native API, a dialect, imports."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.reliability.live import fleet, new_key
from tests.reliability.load import Figures, Ledger, Writers, read_all

SESSION = "mixed"
_TRIED_AGAIN = {409, 503}
_PAUSE = 0.01


async def mixed_routes(
    store: str, folder: Path, *, seconds: float, servers: int = 1, fault: str = ""
) -> tuple[Figures, dict[str, int]]:
    """The figures of all writers, and how many messages each way brought."""
    key = await new_key(store)
    async with fleet(store, folder, key, servers, fault=fault) as group:
        first = group.clients[0]
        (await first.post("/v1/sessions", json={"id": SESSION})).raise_for_status()
        until = time.monotonic() + seconds
        native = Writers(group.clients, [SESSION], 4 * servers)
        others = [
            asyncio.create_task(way(client, until))
            for client in group.clients
            for way in (_dialect, _dialect, _imports)
        ]
        ways = [await task for task in others]
        ledger = await native.stop()
        counts = {"native": len(ledger.acknowledged)}
        for name, tokens in ways:
            counts[name] = counts.get(name, 0) + len(tokens)
        stored = await read_all(first, [SESSION])
        return _with(ledger, [token for _, tokens in ways for token in tokens], stored), counts


def _with(
    ledger: Ledger, tokens: list[str], stored: dict[str, Sequence[tuple[int, str, str]]]
) -> Figures:
    """The audit of the ledger, with tokens that were acknowledged without a seq."""
    positions = {token: (SESSION, seq, ident) for seq, ident, token in stored[SESSION]}
    for token in tokens:
        ledger.acknowledged[token] = positions.get(token, (SESSION, 0, ""))
    return ledger.audit(stored)


async def _dialect(client: httpx.AsyncClient, until: float) -> tuple[str, list[str]]:
    """B3OS's way: one message in a request, nothing said of what comes before it."""
    tokens: list[str] = []
    while time.monotonic() < until:
        token = secrets.token_hex(8)
        body = {"conversationId": SESSION, "content": token, "role": "user"}
        answer = await client.post("/v1/ai/workflow/chat/messages", json=body)
        if answer.status_code in _TRIED_AGAIN:
            await asyncio.sleep(_PAUSE)
            continue
        answer.raise_for_status()
        tokens.append(token)
    return "dialect", tokens


async def _imports(client: httpx.AsyncClient, until: float) -> tuple[str, list[str]]:
    """A file of the session that grows, imported again and again: what is there is left alone."""
    messages: list[dict[str, str]] = []
    while time.monotonic() < until:
        for _ in range(3):
            token = secrets.token_hex(8)
            messages.append({"id": token, "role": "user", "content": token})
        line = json.dumps({"id": SESSION, "messages": messages})
        answer = await client.post("/v1/import", params={"format": "openai"}, content=line)
        while answer.status_code in _TRIED_AGAIN:
            await asyncio.sleep(_PAUSE)
            answer = await client.post("/v1/import", params={"format": "openai"}, content=line)
        answer.raise_for_status()
        assert answer.json()["bad"] == 0, answer.text
    return "import", [message["id"] for message in messages]
