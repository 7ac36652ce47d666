"""The metrics say what happened, to whoever may read them, and nothing of what clients choose."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hansard.access import ALL_SCOPES, SCOPES
from hansard.app import application, opened
from hansard.errors import StoreUnavailable
from hansard.metrics import CONTENT_TYPE, FAMILIES, Metrics
from hansard.service import Service
from hansard.settings import Settings
from tests.support.mixed_load import load

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
async def watched(store_url: str) -> AsyncIterator[tuple[Service, Metrics]]:
    metrics = Metrics()
    async with opened(Settings(store=store_url), metrics) as service:
        yield service, metrics


def client_of(
    watched: tuple[Service, Metrics], key: str | None, **settings: Any
) -> httpx.AsyncClient:
    service, metrics = watched
    app = application(service, Settings(**settings), metrics=metrics)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://hansard.test",
        headers={"Authorization": f"Bearer {key}"} if key else {},
    )


async def key_of(service: Service, name: str = "acme", scopes: Any = ALL_SCOPES) -> str:
    operator = service.workspaces.operator(await service.workspaces.create(name))
    return (await service.keys.create(operator, "tests", scopes))[0]


async def scraped(client: httpx.AsyncClient) -> Samples:
    answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, CONTENT_TYPE)
    return samples_of(answer.text)


def samples_of(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def by_route(samples: Samples) -> Counter[tuple[str, str, int]]:
    """How many requests the metrics counted, by method, route and status."""
    counted: Counter[tuple[str, str, int]] = Counter()
    for (name, labels), value in samples.items():
        if name == "hansard_http_request_seconds_count":
            facts = dict(labels)
            counted[facts["method"], facts["route"], int(facts["status"])] += int(value)
    return counted


async def test_the_sums_are_what_a_load_generator_counted(
    watched: tuple[Service, Metrics],
) -> None:
    sent: Counter[tuple[str, str, int]] = Counter()
    async with client_of(watched, await key_of(watched[0])) as client:
        await asyncio.gather(*(load(client, seed, sent) for seed in range(8)))
        samples = await scraped(client)
    assert sent.total() == 240
    assert {status for _, _, status in sent} >= {200, 201, 400, 404}
    assert by_route(samples) == sent
    buckets = [name for name, labels in samples if dict(labels).get("le") == "+Inf"]
    assert "hansard_statement_seconds_bucket" in buckets


async def test_every_family_is_shown_under_its_name(watched: tuple[Service, Metrics]) -> None:
    service, metrics = watched
    metrics.background("reap", 0.1, 2, None)
    metrics.background("index", 0.1, 3, "store_full")
    metrics.retry("40001")
    async with client_of(watched, await key_of(service)) as client:
        await client.get("/v1/sessions")
        answer = await client.get("/metrics")
    shown = {family.name: family for family in text_string_to_metric_families(answer.text)}
    for family in FAMILIES:
        name = family.name.removesuffix("_total") if family.kind == "counter" else family.name
        assert shown[name].type == family.kind, family
        assert shown[name].samples, f"{family.name} has no value"
        labels = set(shown[name].samples[0].labels) - {"le"}
        assert labels == set(family.labels), family.name
    samples = samples_of(answer.text)
    assert samples["hansard_runs_reaped_total", ()] == 2
    assert samples["hansard_documents_indexed_total", ()] == 3
    assert samples["hansard_background_failures_total", (("task", "index"),)] == 1
    assert samples["hansard_store_up", ()] == 1


async def test_the_index_lags_by_what_it_has_not_seen(watched: tuple[Service, Metrics]) -> None:
    service, _ = watched
    async with client_of(watched, await key_of(service)) as client:
        await client.post("/v1/sessions", json={"id": "a"})
        before = await scraped(client)
        await service.indexer.catch_up()
        after = await scraped(client)
    assert before["hansard_index_lag_changes", ()] == before["hansard_changes", ()] > 0
    assert after["hansard_index_lag_changes", ()] == 0
    assert after["hansard_workspaces", ()] == 1


async def test_no_label_grows_with_what_clients_send(watched: tuple[Service, Metrics]) -> None:
    service, _ = watched
    async with client_of(watched, await key_of(service)) as client:
        await scraped(client)
        for number in range(5):
            await client.request(f"ODD{number}", "/v1/sessions")
            await client.request(f"ODD{number}", f"/nowhere/{number}")
            await client.get(f"/v1/sessions/s{number}")
            await client.get(f"/openapi/none{number}.json")
        samples = await scraped(client)
    counted = by_route(samples)
    assert {method for method, _, _ in counted} == {"GET", "(none)"}
    assert {route for _, route, _ in counted} == {
        "(none)",
        "/metrics",
        "/openapi/{document}",
        "/v1/sessions/{session_id}",
    }
    text = repr(list(samples))
    assert not any(word in text for word in ("ODD", "nowhere", "none1", "acme"))


async def test_metrics_take_a_key_with_their_scope(watched: tuple[Service, Metrics]) -> None:
    service, _ = watched
    others = [scope for scope in SCOPES if scope != "metrics:read"]
    keys = [None, await key_of(service, "b", others), await key_of(service, "c", ["metrics:read"])]
    statuses = []
    for key in keys:
        async with client_of(watched, key) as client:
            statuses.append((await client.get("/metrics")).status_code)
    assert statuses == [401, 403, 200]


async def test_metrics_are_open_where_the_settings_say_so(
    watched: tuple[Service, Metrics],
) -> None:
    async with client_of(watched, None, open_metrics=True) as client:
        assert (await scraped(client))["hansard_store_up", ()] == 1


async def test_metrics_are_shown_while_the_store_is_away(
    watched: tuple[Service, Metrics], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone() -> int:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(watched[0].store, "size", gone)
    async with client_of(watched, None, open_metrics=True) as client:
        await client.get("/healthz")
        samples = await scraped(client)
    assert samples["hansard_store_up", ()] == 0
    assert ("hansard_store_bytes", ()) not in samples
    assert by_route(samples)["GET", "/healthz", 200] == 1


async def test_a_reader_of_events_is_counted_while_it_reads(
    lone_service: Service,
) -> None:
    operator = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    follow = lone_service.events.follow(operator, 0, 0.01)
    assert await anext(follow) is None
    assert (await lone_service.health.facts()).streams == 1
    await follow.aclose()
    assert (await lone_service.health.facts()).streams == 0
