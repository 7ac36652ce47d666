"""What is erased leaves the caches of every process before the receipt is given."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from hansard.access import ALL_SCOPES
from tests.reliability.conftest import Figure
from tests.reliability.live import Live, client_of, new_key

CANARY = "quetzalcoatlus"
USER = "user-northropi"
READS = (
    "/v1/sessions", "/v1/sessions?total=true&title=about", "/v1/sessions/mine",
        "/v1/sessions/mine/messages", "/v1/search?q=about",
    f"/v1/sessions?user={USER}", "/api/sessions", "/ai-sessions?messages=true", "/ui/sessions/mine",
)  # fmt: skip


async def _caches_of(live: Live, folder: Path) -> str:
    """Everything that the caches of a server hold, as text."""
    path = folder / f"caches-{live.pid}"
    path.unlink(missing_ok=True)
    os.kill(live.pid, signal.SIGUSR1)
    for _ in range(500):
        if path.exists():
            return path.read_text().lower()
        await asyncio.sleep(0.01)
    raise TimeoutError(f"{live.pid} shows no caches")


async def _fill(client: httpx.AsyncClient) -> None:
    for name, user, word in (("mine", USER, CANARY), ("other", "somebody", "ordinary")):
        session = {"id": name, "title": f"about {word}", "user": user, "metadata": {"note": word}}
        (await client.post("/v1/sessions", json=session)).raise_for_status()
        body = {"messages": [{"role": "user", "text": f"**{word}** about it, {word}é"}]}
        (await client.post(f"/v1/sessions/{name}/messages", json=body)).raise_for_status()


async def _read_all(url: str, key: str) -> None:
    """Read what fills the caches, twice, so that it comes from them."""
    async with client_of(url, key) as client:
        form = {"key": key, "next": "/ui/"}
        await client.post("/ui/sign-in", data=form, headers={"Origin": url})
        for path in READS * 2:
            answer = await client.get(path)
            assert answer.status_code == 200, path
            assert CANARY in answer.text, path


@asynccontextmanager
async def _servers(store: str, folder: Path, *faults: str) -> AsyncIterator[tuple[list[Live], str]]:
    """A server for each set of faults over one store, and a key; both users have said something."""
    key = await new_key(store, scopes=ALL_SCOPES)
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(Live(store, folder, fault=fault)) for fault in faults
        ]
        async with client_of(servers[0].url, key) as client:
            await _fill(client)
        yield servers, key


async def _erased(servers: list[Live], key: str, folder: Path) -> list[tuple[int, int]]:
    """How often the canary is in each server's caches before an erasure and at its receipt."""
    await asyncio.gather(*(_read_all(live.url, key) for live in servers))
    before = [(await _caches_of(live, folder)).count(CANARY) for live in servers]
    async with client_of(servers[0].url, key) as client:
        receipt = (await client.delete(f"/v1/users/{USER}")).raise_for_status()
        assert receipt.json()["counts"]["sessions"] == 1
    after = [(await _caches_of(live, folder)) for live in servers]
    return [
        (item, two.count(CANARY) + two.count(USER)) for item, two in zip(before, after, strict=True)
    ]


async def test_no_process_holds_what_was_erased(
    store_url: str, tmp_path: Path, figure: Figure
) -> None:
    async with _servers(store_url, tmp_path, "show-caches", "show-caches") as (servers, key):
        counts = await _erased(servers, key, tmp_path)
        figure(f"mentions in the caches of two servers, before and after: {counts}")
        assert all(before > 5 and after == 0 for before, after in counts)
        async with client_of(servers[1].url, key) as client:
            assert CANARY not in (await client.get("/v1/sessions")).text


async def test_a_process_that_does_not_look_is_found(
    store_url: str, tmp_path: Path, figure: Figure
) -> None:
    faults = ("show-caches", "show-caches,deaf-to-erasures")
    async with _servers(store_url, tmp_path, *faults) as (servers, key):
        counts = await _erased(servers, key, tmp_path)
        figure(f"seeded fault: the second server does not look: {counts}")
        assert counts[0][1] == 0
        assert counts[1][1] > 0


@pytest.mark.parametrize("path", ["/v1/sessions/mine", "/v1/sessions/mine/messages/1"])
async def test_what_is_deleted_leaves_the_caches_of_its_process(
    tmp_path: Path, path: str, figure: Figure
) -> None:
    store = f"sqlite:///{tmp_path / 'hansard.db'}"
    async with _servers(store, tmp_path, "show-caches") as ((live,), key):
        await _read_all(live.url, key)
        before = (await _caches_of(live, tmp_path)).count(f"{CANARY}** about")
        async with client_of(live.url, key) as client:
            name = (await client.get("/v1/sessions/mine/messages")).json()["data"][0]["id"]
            (await client.delete(path.replace("/1", f"/{name}"))).raise_for_status()
        after = (await _caches_of(live, tmp_path)).count(f"{CANARY}** about")
    figure(f"mentions before and after DELETE {path}: {before}, {after}")
    assert before > 1
    assert after == 0
