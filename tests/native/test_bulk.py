"""Many sessions at once: only what was counted is touched, and it can be taken back."""

from __future__ import annotations

import httpx
import pytest

LATER = "2099-01-01T00:00:00Z"


@pytest.fixture
async def three(client: httpx.AsyncClient) -> list[str]:
    names = ["a", "b", "c"]
    for name in names:
        await client.post(
            "/v1/sessions",
            json={"id": name, "channel": "web" if name != "c" else "api", "tags": ["old"]},
        )
    return names


async def states(client: httpx.AsyncClient) -> dict[str, str]:
    return {
        item["id"]: item["resolution"] for item in (await client.get("/v1/sessions")).json()["data"]
    }


async def act(client: httpx.AsyncClient, **body: object) -> httpx.Response:
    return await client.post("/v1/bulk", json=body)


async def test_a_filter_acts_on_what_it_matches(
    client: httpx.AsyncClient, three: list[str]
) -> None:
    done = await act(
        client, action="resolve", filter={"channel": ["web"]}, snapshot_at=LATER, expected=2
    )
    assert done.json()["changed"] == 2
    assert await states(client) == {"a": "resolved", "b": "resolved", "c": "open"}
    events = (await client.get("/v1/changes")).json()["data"]
    assert [event["type"] for event in events[-2:]] == ["session.updated", "session.updated"]


async def test_another_count_than_expected_is_refused_and_told(
    client: httpx.AsyncClient, three: list[str]
) -> None:
    answer = await act(
        client, action="resolve", filter={"channel": "web"}, snapshot_at=LATER, expected=3
    )
    assert (answer.status_code, answer.json()["code"], answer.json()["count"]) == (
        409,
        "selection_changed",
        2,
    )
    assert set((await states(client)).values()) == {"open"}


async def test_what_began_after_the_snapshot_is_left_alone(
    client: httpx.AsyncClient, three: list[str]
) -> None:
    born = (await client.get("/v1/sessions/c")).json()["created_at"]
    await client.post("/v1/sessions", json={"id": "new"})
    assert (await act(client, action="resolve", filter={}, snapshot_at=born, expected=3)).json()[
        "changed"
    ] == 3
    assert (await states(client))["new"] == "open"


async def test_undo_writes_back_what_was_and_skips_what_changed_since(
    client: httpx.AsyncClient, three: list[str]
) -> None:
    await client.patch("/v1/sessions/a", json={"resolution": "unresolved"})
    done = (await act(client, action="resolve", ids=["a", "b"])).json()
    await client.patch("/v1/sessions/b", json={"title": "touched"})
    undone = await client.post(f"/v1/bulk/{done['undo']}/undo")
    assert undone.json() == {"restored": 1, "skipped": 1}
    assert await states(client) == {"a": "unresolved", "b": "resolved", "c": "open"}
    assert (await client.post(f"/v1/bulk/{done['undo']}/undo")).json()["code"] == "undo_done"
    assert (await client.post("/v1/bulk/bulk_none/undo")).status_code == 404


@pytest.mark.parametrize(
    ("action", "value", "query"),
    [
        ("tag", "vip", "tag=vip"),
        ("untag", "old", "tag=old"),
        ("archive", None, "archived=true"),
        ("unarchive", None, "archived=true"),
        ("unresolve", None, "resolution=unresolved"),
        ("reopen", None, "resolution=open"),
    ],
)
async def test_each_action_does_what_it_says(
    client: httpx.AsyncClient, three: list[str], action: str, value: str | None, query: str
) -> None:
    before = (await client.get(f"/v1/sessions?{query}&total=true")).json()["total"]
    done = (await act(client, action=action, ids=["a", "b", "gone"], value=value)).json()
    after = (await client.get(f"/v1/sessions?{query}&total=true")).json()["total"]
    assert (
        after - before
        == {"tag": 2, "untag": -2, "archive": 2, "unarchive": 0, "unresolve": 2, "reopen": 0}[
            action
        ]
    )
    assert done["changed"] == abs(after - before)


async def test_a_deletion_has_no_way_back(client: httpx.AsyncClient, three: list[str]) -> None:
    assert (await act(client, action="delete", ids=["a", "b", "gone"])).json() == {
        "changed": 2,
        "undo": None,
        "deleted": {"sessions": 2, "messages": 0, "runs": 0, "detached": 0},
    }
    assert list(await states(client)) == ["c"]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "resolve"},
        {"action": "resolve", "ids": [], "filter": {}},
        {"action": "resolve", "ids": []},
        {"action": "resolve", "filter": {}},
        {"action": "tag", "ids": ["a"]},
        {"action": "resolve", "filter": {"chanel": "web"}, "snapshot_at": LATER, "expected": 0},
        {"action": "explode", "ids": ["a"]},
    ],
)
async def test_a_request_that_could_mean_something_else_is_refused(
    client: httpx.AsyncClient, three: list[str], body: dict[str, object]
) -> None:
    assert (await act(client, **body)).status_code == 400


async def test_many_sessions_go_in_several_steps(client: httpx.AsyncClient) -> None:
    for number in range(230):
        await client.post("/v1/sessions", json={"id": f"s{number}"})
    done = (await act(client, action="resolve", filter={}, snapshot_at=LATER, expected=230)).json()
    assert done["changed"] == 230
    assert (await client.post(f"/v1/bulk/{done['undo']}/undo")).json() == {
        "restored": 230,
        "skipped": 0,
    }
