"""Money belongs to the message, on its own day, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.client import AsyncHansard, Hansard, Invalid
from hansard.service import Service
from hansard.store.steps import composed
from hansard.store.steps import run as run_statement
from hansard.store.verbs import stats as verbs
from tests.support.recounting import recount_due

USAGE = {
    "input_tokens": 100,
    "output_tokens": 20,
    "cache_read_tokens": 60,
    "cache_write_tokens": 30,
    "reasoning_tokens": 8,
    "cost_usd": 0.25,
}
NO_USAGE = dict.fromkeys(USAGE, 0)


async def begin(client: httpx.AsyncClient, name: str, **more: object) -> None:
    assert (await client.post("/v1/sessions", json={"id": name, **more})).status_code == 201


async def spend(
    client: httpx.AsyncClient, name: str, usage: dict[str, Any] | None = None, **more: object
) -> dict[str, Any]:
    body = {"role": "assistant", "text": "yes", "usage": usage or USAGE, **more}
    answer = await client.post(f"/v1/sessions/{name}/messages", json={"messages": [body]})
    assert answer.status_code == 201, answer.text
    message: dict[str, Any] = answer.json()["data"][0]
    return message


async def read(client: httpx.AsyncClient, **params: object) -> dict[str, Any]:
    answer = await client.get("/v1/stats", params=params)  # type: ignore[arg-type]  # plain values
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["current"] is True
    return body


async def session(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get(f"/v1/sessions/{name}")).json()
    return body


async def test_money_spent_today_counts_today_though_the_session_began_earlier(
    client: httpx.AsyncClient,
) -> None:
    now = datetime.now(UTC)
    began = now - timedelta(days=9)
    await begin(client, "s", created_at=began.isoformat())
    await spend(client, "s", USAGE | {"cost_usd": 1.5}, created_at=began.isoformat())
    await spend(client, "s", USAGE | {"cost_usd": 100.0}, created_at=now.isoformat())
    (row,) = (await read(client, **{"from": now.date(), "until": now.date()}))["data"]
    assert (row["cost_usd"], row["messages"], row["sessions"]) == (100.0, 1, 0)
    (row,) = (await read(client, **{"from": began.date(), "until": began.date()}))["data"]
    assert (row["cost_usd"], row["messages"], row["sessions"]) == (1.5, 1, 1)


async def test_money_of_an_original_and_three_forks_counts_once(client: httpx.AsyncClient) -> None:
    await begin(client, "s")
    await spend(client, "s")
    for number in range(3):
        await client.post("/v1/sessions/s/fork", json={"id": f"f{number}"})
    await client.post("/v1/sessions/f0/fork", json={"id": "ff"})
    body = await read(client)
    assert (body["total"]["cost_usd"], body["total"]["messages"]) == (0.25, 1)
    assert body["total"]["sessions"] == 5
    assert (await session(client, "s"))["inherited"] is None
    for name in ("f0", "f1", "ff"):
        fork = await session(client, name)
        assert fork["message_count"] == 1
        assert {field: fork[field] for field in USAGE} == NO_USAGE
        assert fork["inherited"] == USAGE | {"messages": 1}
    await spend(client, "f0", USAGE | {"cost_usd": 0.5})
    assert (await session(client, "f0"))["cost_usd"] == 0.5
    assert (await read(client))["total"]["cost_usd"] == 0.75


async def test_money_of_a_copy_that_is_deleted_leaves_what_is_inherited(
    client: httpx.AsyncClient,
) -> None:
    await begin(client, "s")
    for _ in range(2):
        await spend(client, "s")
    await client.post("/v1/sessions/s/fork", json={"id": "f"})
    own = await spend(client, "f")
    await read(client)
    copy = (await client.get("/v1/sessions/f/messages")).json()["data"][0]
    await client.delete(f"/v1/sessions/f/messages/{copy['id']}")
    fork = await session(client, "f")
    assert fork["inherited"] == USAGE | {"messages": 1}
    assert fork["cost_usd"] == 0.25
    assert (await read(client))["total"]["cost_usd"] == 0.75
    await client.delete(f"/v1/sessions/f/messages/{own['id']}")
    assert (await session(client, "f"))["cost_usd"] == 0
    assert (await read(client))["total"]["cost_usd"] == 0.5


async def test_money_on_messages_and_as_the_total_of_the_run_counts_once(
    client: httpx.AsyncClient,
) -> None:
    await begin(client, "s")
    await client.post("/v1/sessions/s/runs", json={"id": "turn"})
    await spend(client, "s", run_id="turn")
    finish = {"state": "completed", "usage": USAGE}
    await client.post("/v1/sessions/s/runs/turn/finish", json=finish)
    await spend(client, "s", USAGE | {"cost_usd": 0.05})
    shown = await session(client, "s")
    assert shown["cost_usd"] == pytest.approx(0.30)
    assert (await read(client))["total"]["cost_usd"] == pytest.approx(0.30)


async def test_money_that_only_a_run_reports_counts(client: httpx.AsyncClient) -> None:
    await begin(client, "s")
    await client.post("/v1/sessions/s/runs", json={"id": "turn"})
    finish = {"state": "completed", "usage": USAGE | {"cost_usd": 2.0}}
    await client.post("/v1/sessions/s/runs/turn/finish", json=finish)
    assert (await session(client, "s"))["cost_usd"] == 2.0
    assert (await read(client))["total"]["cost_usd"] == 2.0
    await spend(client, "s", USAGE | {"cost_usd": 1.5}, run_id="turn")
    assert (await session(client, "s"))["cost_usd"] == 2.0
    assert (await read(client))["total"]["cost_usd"] == 2.0


async def test_money_has_cached_and_reasoning_tokens_beside_input_and_output(
    client: httpx.AsyncClient,
) -> None:
    await begin(client, "s")
    message = await spend(client, "s")
    assert message["usage"] == USAGE
    await spend(client, "s")
    shown = await session(client, "s")
    assert {field: shown[field] for field in USAGE} == {
        field: 2 * number for field, number in USAGE.items()
    }
    body = await read(client)
    for row in (body["total"], body["data"][0]):
        assert {field: row[field] for field in USAGE} == {
            field: 2 * number for field, number in USAGE.items()
        }


async def test_money_by_model_is_that_of_the_message(client: httpx.AsyncClient) -> None:
    await begin(client, "s", model="small")
    await spend(client, "s", model="large")
    await spend(client, "s", USAGE | {"cost_usd": 0.01})
    groups = (await read(client, by="model"))["groups"]
    assert [(row["value"], row["cost_usd"], row["sessions"]) for row in groups] == [
        ("large", 0.25, 0),
        ("small", 0.01, 1),
    ]
    assert (await read(client, model="large"))["total"]["cost_usd"] == 0.25


async def test_money_by_user_names_the_top_and_sums_the_rest(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await begin(client, f"s{number}", user=f"user-{number}")
        await spend(client, f"s{number}", USAGE | {"cost_usd": float(number + 1)})
    await begin(client, "nobody")
    await spend(client, "nobody", USAGE | {"cost_usd": 0.5})
    body = await read(client, by="user", top=2)
    assert [(row["value"], row["other"], row["cost_usd"]) for row in body["groups"]] == [
        ("user-4", False, 5.0),
        ("user-3", False, 4.0),
        (None, True, 6.5),
    ]
    assert [(row["value"], row["other"], row["cost_usd"]) for row in body["data"]] == [
        ("user-3", False, 4.0),
        ("user-4", False, 5.0),
        (None, True, 6.5),
    ]
    all_users = (await read(client, by="user"))["groups"]
    assert [row["value"] for row in all_users][-1] is None
    assert not any(row["other"] for row in all_users)
    assert (await read(client, user="user-2"))["total"]["cost_usd"] == 3.0
    await client.delete("/v1/users/user-4")
    assert (await read(client, by="user", top=1))["groups"][0]["value"] == "user-3"


async def test_money_moves_when_the_session_gets_another_facet(client: httpx.AsyncClient) -> None:
    await begin(client, "s", user="ada", channel="web")
    await spend(client, "s")
    await read(client)
    await client.patch("/v1/sessions/s", json={"user": "bob", "channel": "voice"})
    for by, value in (("user", "bob"), ("channel", "voice")):
        groups = (await read(client, by=by))["groups"]
        assert [(row["value"], row["cost_usd"]) for row in groups] == [(value, 0.25)]


async def test_money_has_failures_and_durations_of_runs_by_group(
    client: httpx.AsyncClient,
) -> None:
    began = datetime.now(UTC) - timedelta(hours=1)
    for agent, seconds, state in (
        ("quick", 2, "completed"),
        ("quick", 2, "completed"),
        ("quick", 2, "failed"),
        ("slow", 60, "completed"),
        ("slow", 600, "failed"),
    ):
        number = f"{agent}-{seconds}-{state}"
        await client.post("/v1/sessions", json={"id": agent, "agent": agent})
        run = (
            await client.post(f"/v1/sessions/{agent}/runs", json={"started_at": began.isoformat()})
        ).json()["id"]
        ended = (began + timedelta(seconds=seconds)).isoformat()
        answer = await client.post(
            f"/v1/sessions/{agent}/runs/{run}/finish", json={"state": state, "finished_at": ended}
        )
        assert answer.status_code == 200, (number, answer.text)
    body = await read(client, by="agent")
    groups = {row["value"]: row for row in body["groups"]}
    assert (groups["quick"]["runs"], groups["quick"]["failed_runs"]) == (3, 1)
    assert groups["quick"]["failure_rate"] == pytest.approx(1 / 3, abs=1e-3)
    assert groups["quick"]["run_p50"] == pytest.approx(2, rel=0.03)
    assert groups["slow"]["run_p50"] == pytest.approx(60, rel=0.03)
    assert groups["slow"]["run_p95"] == pytest.approx(600, rel=0.03)
    assert body["total"]["failure_rate"] == 0.4
    assert body["total"]["run_p95"] == pytest.approx(600, rel=0.03)


async def test_money_of_the_days_before_is_there_to_compare(client: httpx.AsyncClient) -> None:
    await begin(client, "s", created_at="2025-03-01T00:00:00Z")
    for day, cost in ((3, 1.0), (4, 2.0), (5, 4.0), (6, 8.0)):
        await spend(client, "s", USAGE | {"cost_usd": cost}, created_at=f"2025-03-0{day}T12:00:00Z")
    body = await read(client, **{"from": "2025-03-05", "until": "2025-03-06"})
    assert (body["total"]["cost_usd"], body["previous"]["cost_usd"]) == (12.0, 3.0)


async def test_money_goes_with_a_message_and_a_session_that_are_deleted(
    client: httpx.AsyncClient,
) -> None:
    await begin(client, "s", user="ada")
    first, _ = await spend(client, "s"), await spend(client, "s")
    await read(client)
    await client.delete(f"/v1/sessions/s/messages/{first['id']}")
    assert (await read(client))["total"]["cost_usd"] == 0.25
    await client.delete("/v1/sessions/s")
    body = await read(client, by="user")
    assert (body["data"], body["groups"], body["total"]["cost_usd"]) == ([], [], 0)


async def test_money_of_a_long_session_is_counted_in_bounded_steps(
    client: httpx.AsyncClient,
    service: Service,
    principal: Principal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verbs, "MESSAGES", 10)
    await begin(client, "s")
    await begin(client, "later")
    await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": "x", "usage": {"cost_usd": 1.0}}] * 35},
    )
    await spend(client, "later")
    steps = 0
    while not await service.stats.follow(principal.workspace_id, 1):
        steps += 1
    assert steps >= 4
    assert (await read(client))["total"]["cost_usd"] == 35.25


async def test_money_of_an_old_store_is_counted_again(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    """A store from before added runs and copies up."""
    await begin(client, "s")
    await spend(client, "s")
    await client.post("/v1/sessions/s/fork", json={"id": "f"})
    await client.post("/v1/sessions/s/runs", json={"id": "turn"})
    finish = {"state": "completed", "usage": USAGE}
    await client.post("/v1/sessions/s/runs/turn/finish", json=finish)
    await spend(client, "f", USAGE | {"cost_usd": 1.0})
    right = {name: await session(client, name) for name in ("s", "f")}
    await service.store.write(_as_before, principal.workspace_id)
    assert (await session(client, "f"))["cost_usd"] == 9.0
    assert await service.recount.run() == 2
    for name, before in right.items():
        after = await session(client, name)
        fields = (*USAGE, "inherited", "first_message_at", "last_message_at")
        assert {field: after[field] for field in fields} == {
            field: before[field] for field in fields
        }
    assert (await read(client))["total"]["cost_usd"] == 1.25


def _as_before(workspace_id: str) -> Any:
    """Leave the sessions of a workspace as a store from before has them."""
    yield from composed(
        "update sessions set cost_nanos = 9000000000, inherited = '{}', runs_spent = '{}',"
        " first_message_at = last_message_at + 1, version = version + 1 where workspace_id = :w",
        {"w": workspace_id},
    )
    yield from recount_due(workspace_id)
    for name in ("counted", "spans", "cells", "user_cells", "positions"):
        yield from run_statement(f"workspace_purge_stats_{name}", workspace_id=workspace_id)


async def test_money_through_the_client(hansard: Hansard, ahansard: AsyncHansard) -> None:
    session = hansard.sessions.start()
    hansard.messages.append(
        session.id,
        {
            "role": "assistant",
            "text": "yes",
            "usage": {"input_tokens": 10, "cache_read_tokens": 4, "cost_usd": 0.5},
        },
    )
    fork = hansard.sessions.fork(session.id)
    assert fork.inherited is not None
    assert (fork.cost_usd, fork.inherited.cost_usd, fork.inherited.cache_read_tokens) == (0, 0.5, 4)
    for stats in (
        hansard.stats(tz="Asia/Tokyo", by="model", top=5),
        await ahansard.stats(tz="Asia/Tokyo", by="model", top=5),
    ):
        assert (stats.tz, stats.current) == ("Asia/Tokyo", True)
        assert stats.total.cost_usd == 0.5
        assert [row.cost_usd for row in stats.groups] == [0.5]
        assert stats.data[0].day is not None
    with pytest.raises(Invalid) as refused:
        hansard.stats(first="2026-01-02", last="2026-01-01")
    assert refused.value.param == "first"


async def test_what_only_a_run_reports_is_spent_in_every_api(client: httpx.AsyncClient) -> None:
    await begin(client, "a")
    await client.post("/v1/sessions/a/runs", json={"id": "r"})
    ended = {"state": "completed", "usage": USAGE}
    assert (await client.post("/v1/sessions/a/runs/r/finish", json=ended)).status_code == 200
    uid = (await client.get("/v1/sessions/a")).json()["uid"].removeprefix("ses_")
    athena = "/api/v0/sessions"
    listed = (await client.get(athena)).json()["items"][0]
    path = f"{athena}/asset_{uid}/download?export_format=stats"
    totals = (await client.get(path)).json()["usage"]
    assert (listed["total_cost_usd"], totals["total_cost_usd"]) == (0.25, 0.25)
    assert (totals["input_tokens"], totals["output_tokens"]) == (100, 20)
    usage = (await client.get("/anthropic/v1/sessions/a")).json()["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (100, 20)
