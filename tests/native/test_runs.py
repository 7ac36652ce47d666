"""Runs are leases, and a session's state is that of its latest run, on both backends."""

from __future__ import annotations

import asyncio

import httpx
import pytest


@pytest.fixture(autouse=True)
async def session(client: httpx.AsyncClient) -> None:
    """A session ``s`` to run in."""
    await client.post("/v1/sessions", json={"id": "s", "agent": "bot"})


async def state(client: httpx.AsyncClient) -> str | None:
    current: str | None = (await client.get("/v1/sessions/s")).json()["state"]
    return current


async def test_a_session_follows_its_latest_run(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/sessions/s/runs", json={"id": "r1"})
    assert (first.status_code, first.json()["agent"], await state(client)) == (
        201,
        "bot",
        "running",
    )
    await client.post("/v1/sessions/s/runs/r1/heartbeat", json={"state": "waiting"})
    assert await state(client) == "waiting"
    await client.post("/v1/sessions/s/runs", json={"id": "r2", "state": "queued"})
    assert await state(client) == "queued"
    await client.post("/v1/sessions/s/runs/r1/finish", json={"state": "failed", "error": "boom"})
    assert await state(client) == "queued", "an older run does not speak for the session"
    await client.post(
        "/v1/sessions/s/runs/r2/finish", json={"usage": {"input_tokens": 7, "cost_usd": 0.5}}
    )
    session = (await client.get("/v1/sessions/s")).json()
    assert (session["state"], session["input_tokens"], session["cost_usd"]) == ("completed", 7, 0.5)
    assert [run["id"] for run in (await client.get("/v1/sessions/s/runs")).json()["data"]] == [
        "r2",
        "r1",
    ]
    assert (await client.get("/v1/sessions?state=completed&total=true")).json()["total"] == 1


async def test_starting_twice_gives_the_run_that_is_there(client: httpx.AsyncClient) -> None:
    answers = [await client.post("/v1/sessions/s/runs", json={"id": "r"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()


async def test_only_one_exclusive_run_at_a_time(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *[client.post("/v1/sessions/s/runs", json={"exclusive": True}) for _ in range(8)]
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] == "run_open"
    await client.post(f"/v1/sessions/s/runs/{refused['run_id']}/finish", json={})
    assert (await client.post("/v1/sessions/s/runs", json={"exclusive": True})).status_code == 201


async def test_a_run_that_somebody_interrupts_is_not_revived(client: httpx.AsyncClient) -> None:
    """Only one whose lease lapsed goes on with its next heartbeat.

    An operator's end is told to whoever works on.
    """
    await client.post("/v1/sessions/s/runs", json={"id": "r", "lease_seconds": 60})
    done = await client.post(
        "/v1/sessions/s/runs/r/finish", json={"state": "interrupted", "error": "stopped by ada"}
    )
    beat = await client.post("/v1/sessions/s/runs/r/heartbeat", json={"lease_seconds": 60})
    assert (beat.status_code, beat.json(), await state(client)) == (200, done.json(), "interrupted")
    for way, body in (("heartbeat", {"state": "running"}), ("finish", {"state": "completed"})):
        refused = await client.post(f"/v1/sessions/s/runs/r/{way}", json=body)
        assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (
            409,
            "run_finished",
            "interrupted",
        )


async def test_a_finished_run_stays_as_it_is(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions/s/runs", json={"id": "r"})
    done = await client.post("/v1/sessions/s/runs/r/finish", json={"state": "completed"})
    assert (
        await client.post("/v1/sessions/s/runs/r/finish", json={"state": "completed"})
    ).json() == done.json()
    other = await client.post("/v1/sessions/s/runs/r/finish", json={"state": "failed"})
    assert (other.status_code, other.json()["code"]) == (409, "run_finished")
    assert (await client.post("/v1/sessions/s/runs/r/heartbeat", json={})).status_code == 200


async def test_a_cursor_walks_all_runs_newest_first(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await client.post("/v1/sessions/s/runs", json={"id": f"r{number}"})
    seen, query = [], "limit=2"
    while query:
        page = (await client.get(f"/v1/sessions/s/runs?{query}")).json()
        seen += [run["id"] for run in page["data"]]
        if len(seen) == 2:
            await client.post("/v1/sessions/s/runs", json={"id": "later"})
        query = f"limit=2&cursor={page['next_cursor']}" if page["has_more"] else ""
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    assert (await client.get("/v1/sessions/s/runs?cursor=abc")).json()["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("runs", {"state": "completed"}, "state"),
        ("runs", {"lease_seconds": 0}, "lease_seconds"),
        ("runs", {"id": "a/b"}, "id"),
        ("runs/r/finish", {"state": "running"}, "state"),
        ("runs/r/heartbeat", {"lease_seconds": 1e9}, "lease_seconds"),
    ],
)
async def test_bad_input_is_named(
    client: httpx.AsyncClient, path: str, body: dict[str, object], param: str
) -> None:
    answer = await client.post(f"/v1/sessions/s/{path}", json=body)
    assert (answer.status_code, answer.json()["param"]) == (400, param)


async def test_unknown_runs_are_not_found(client: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", "runs/x"),
        ("POST", "runs/x/heartbeat"),
        ("POST", "runs/x/finish"),
    ):
        answer = await client.request(
            method, f"/v1/sessions/s/{path}", json={} if method == "POST" else None
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")


async def test_an_error_is_kept_as_far_as_a_list_can_bear(client: httpx.AsyncClient) -> None:
    """Every list shows it with its session: a whole log would be in each page.

    A NUL is not for PostgreSQL.
    """
    await client.post("/v1/sessions/s/runs", json={"id": "r"})
    done = await client.post(
        "/v1/sessions/s/runs/r/finish", json={"state": "failed", "error": "a\x00b" + "x" * 500_000}
    )
    assert (done.status_code, done.json()["error"]) == (200, "a\ufffdb" + "x" * 7997)
    assert len((await client.get("/v1/sessions")).content) < 20_000
