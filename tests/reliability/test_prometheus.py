"""A real Prometheus scrapes a real server under load, and its own checker has nothing to say."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections import Counter
from pathlib import Path

import httpx

from tests.reliability.live import Live, new_key
from tests.support.mixed_load import load
from tests.support.prometheus import program, prometheus

SUMS = "sum by (method, route, status) (hansard_http_request_seconds_count)"
OURS = {"/healthz", "/metrics"}
"""What the test and the scraper ask for themselves."""


async def sums(client: httpx.AsyncClient) -> Counter[tuple[str, str, int]]:
    """What Prometheus has counted by now, but for what the test and the scraper ask."""
    with contextlib.suppress(httpx.TransportError):  # it starts
        answer = (await client.get("/api/v1/query", params={"query": SUMS})).json()
        rows = answer["data"]["result"] if answer["status"] == "success" else []
        return Counter(
            {
                (facts["method"], facts["route"], int(facts["status"])): int(row["value"][1])
                for row in rows
                if (facts := row["metric"])["route"] not in OURS
            }
        )
    return Counter()


async def settled(
    client: httpx.AsyncClient, expected: Counter[tuple[str, str, int]]
) -> Counter[tuple[str, str, int]]:
    """What is counted once that is ``expected``, or after 30 seconds."""
    until = asyncio.get_running_loop().time() + 30
    while True:
        seen = await sums(client)
        if seen == expected or asyncio.get_running_loop().time() > until:
            return seen
        await asyncio.sleep(0.1)


async def test_prometheus_counts_what_the_load_generator_counted(
    store_url: str, tmp_path: Path
) -> None:
    key = await new_key(store_url)
    sent: Counter[tuple[str, str, int]] = Counter()
    async with (
        Live(store_url, tmp_path) as live,
        prometheus(tmp_path, [live.port], key) as scraper,
        httpx.AsyncClient(
            base_url=live.url, headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as client,
    ):
        await asyncio.gather(*(load(client, seed, sent) for seed in range(8)))
        expected = Counter({kind: n for kind, n in sent.items() if kind[1] not in OURS})
        seen = await settled(scraper, expected)
        metrics = (await client.get("/metrics")).content
    assert seen == expected
    assert expected.total() > 100
    checked = await asyncio.to_thread(
        subprocess.run,
        [program("promtool"), "check", "metrics"],
        input=metrics,
        capture_output=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, b"")
