"""Statistics: they follow every change, exactly, and no request scans the sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.service import Service
from hansard.store.verbs import events as event_verbs


async def read(client: httpx.AsyncClient, **params: str) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get("/v1/stats", params=params)).json()
    return body


async def talk(client: httpx.AsyncClient, name: str, channel: str = "web", **more: object) -> None:
    await client.post("/v1/sessions", json={"id": name, "channel": channel, "agent": "ada", **more})
    usage = {"input_tokens": 5, "output_tokens": 7, "cost_usd": 0.25}
    await client.post(
        f"/v1/sessions/{name}/messages",
        json={
            "messages": [
                {"role": "user", "text": "hi"},
                {"role": "assistant", "text": "yo", "usage": usage},
            ]
        },
    )


@pytest.mark.parametrize(
    ("named", "days_before"),
    [("today", 0), ("Yesterday", 1), ("7d", 7), ("24h", 1), (" {day} ", 0), ("{day}T12:00:00Z", 0)],
)
async def test_a_day_can_be_named_as_in_a_search(
    client: httpx.AsyncClient, named: str, days_before: int
) -> None:
    await talk(client, "a")
    today = datetime.now(UTC).date()
    stats = await read(client, **{"from": named.format(day=today), "until": "today"})
    assert stats["from"] == (today - timedelta(days=days_before)).isoformat()
    assert stats["total"]["cost_usd"] == 0.25


async def test_months_and_days_are_those_of_the_time_zone(client: httpx.AsyncClient) -> None:
    stats = await read(client, **{"from": "2024-02", "until": "2024-02"})
    assert (stats["from"], stats["until"]) == ("2024-02-01", "2024-02-29")
    at = "2024-02-01T20:00:00Z"
    stats = await read(client, **{"from": at, "until": at, "tz": "Asia/Tokyo"})
    assert (stats["from"], stats["until"]) == ("2024-02-02", "2024-02-02")


@pytest.mark.parametrize("param", ["from", "until"])
@pytest.mark.parametrize(
    "text", ["", "tuesday", "2026-13-01", "0000-01-01", "9999999d", "7 apples"]
)
async def test_what_is_no_day_is_refused(client: httpx.AsyncClient, param: str, text: str) -> None:
    answer = await client.get("/v1/stats", params={param: text})
    assert (answer.status_code, answer.json()["param"]) == (400, param)


async def test_a_day_adds_up(client: httpx.AsyncClient) -> None:
    await talk(client, "a")
    await talk(client, "b", "api")
    stats = await read(client)
    assert stats["current"] is True
    row = stats["data"][0]
    assert row == row | {
        "sessions": 2,
        "messages": 4,
        "input_tokens": 10,
        "output_tokens": 14,
        "cost_usd": 0.5,
        "value": None,
    }
    assert sum(stats["hours"]) == 2
    assert row["day"] == datetime.now(UTC).date().isoformat()


async def test_a_change_is_taken_back_and_counted_anew(client: httpx.AsyncClient) -> None:
    await talk(client, "a")
    assert (await read(client, by="state"))["data"][0]["value"] is None
    run = (await client.post("/v1/sessions/a/runs", json={})).json()["id"]
    await client.post(f"/v1/sessions/a/runs/{run}/finish", json={"state": "failed"})
    await client.patch("/v1/sessions/a", json={"channel": "voice", "resolution": "resolved"})
    assert [
        (item["value"], item["sessions"]) for item in (await read(client, by="state"))["data"]
    ] == [("failed", 1)]
    stats = await read(client, by="channel")
    assert [(item["value"], item["resolved"]) for item in stats["data"]] == [("voice", 1)]
    assert stats["resolve_median"] is not None
    assert stats["resolve_medians"][0]["seconds"] == stats["resolve_median"]


async def test_a_deleted_session_counts_for_nothing(client: httpx.AsyncClient) -> None:
    await talk(client, "a")
    await talk(client, "b")
    await read(client)
    await client.delete("/v1/sessions/a")
    assert (await read(client))["data"][0]["sessions"] == 1
    await client.delete("/v1/sessions/b")
    assert (await read(client))["data"] == []


async def test_values_narrow_and_days_bound(client: httpx.AsyncClient) -> None:
    await talk(client, "a")
    await talk(client, "b", "api")
    await talk(client, "old", created_at="2024-02-03T10:00:00Z")
    assert (await read(client, channel="api"))["data"][0]["sessions"] == 1
    assert (await read(client, channel="none"))["data"] == []
    assert [
        item["day"]
        for item in (await read(client, **{"from": "2024-02-01", "until": "2024-02-29"}))["data"]
    ] == ["2024-02-03"]


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2024-02-02", "until": "2024-02-01"},
        {"from": "2020-01-01", "until": "2024-01-01"},
        {"by": "nothing"},
        {"tz": "nowhere"},
        {"top": "0"},
        {"from": "x"},
    ],
)
async def test_days_that_make_no_sense_are_refused(
    client: httpx.AsyncClient, params: dict[str, str]
) -> None:
    assert (await client.get("/v1/stats", params=params)).status_code == 400


async def test_a_workspace_that_was_never_counted_is_walked_in_steps(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    for number in range(450):
        await client.post("/v1/sessions", json={"id": f"s{number}"})
    await service.indexer.catch_up()
    await service.store.write(event_verbs.trim, principal.workspace_id, 400)
    assert not await service.stats.follow(principal.workspace_id, 1)
    while not await service.stats.follow_all():
        pass
    assert (await read(client))["data"][0]["sessions"] == 450


async def test_events_that_were_trimmed_unseen_lead_to_a_new_walk(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await talk(client, "a")
    await read(client)
    await talk(client, "b")
    await client.patch("/v1/sessions/a", json={"channel": "voice"})
    await service.indexer.catch_up()
    await service.store.write(
        event_verbs.trim, principal.workspace_id, await service.events.now(principal) - 1
    )
    assert {
        (item["value"], item["sessions"]) for item in (await read(client, by="channel"))["data"]
    } == {("voice", 1), ("web", 1)}


async def test_a_key_for_one_app_counts_that_app_and_a_key_for_one_user_nothing(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await talk(client, "a", app="shop")
    await talk(client, "b", app="visitor")
    for app, user_id, status in (("shop", None, 200), (None, "ann", 403)):
        text, _ = await service.keys.create(
            principal, "narrow", ("sessions:read",), app=app, user_id=user_id
        )
        answer = await client.get("/v1/stats", headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["data"][0]["sessions"] == 1
