"""A key narrowed to one end user or app sees and touches nothing else.

This holds for every route, on both backends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.app import application
from hansard.model import SessionDraft
from hansard.service import Service
from hansard.settings import Settings
from tests.conftest import client_of


@pytest.fixture
async def ours(service: Service, principal: Principal) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key is for the app ``ours``."""
    text, _ = await service.keys.create(principal, "narrow", ALL_SCOPES, app="ours")
    async with client_of(service, text) as item:
        yield item


async def test_figures_of_another_app_are_empty(
    client: httpx.AsyncClient, ours: httpx.AsyncClient
) -> None:
    await client.post("/v1/sessions", json={"id": "s", "app": "theirs"})
    assert [
        item["sessions"] for item in (await client.get("/v1/stats?app=theirs")).json()["data"]
    ] == [1]
    answer = await ours.get("/v1/stats?app=theirs")
    assert (answer.status_code, answer.json()["data"]) == (200, [])


async def test_keys_that_reach_further_are_neither_seen_nor_revoked(
    client: httpx.AsyncClient, ours: httpx.AsyncClient
) -> None:
    other = (await client.post("/v1/keys", json={"name": "other", "app": "theirs"})).json()["id"]
    assert [item["name"] for item in (await ours.get("/v1/keys")).json()["data"]] == ["narrow"]
    for answer in (
        await ours.delete(f"/v1/keys/{other}"),
        await ours.post(f"/v1/keys/{other}/rotate", json={}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "key_not_found")
    mine = (await ours.post("/v1/keys", json={"name": "mine"})).json()["id"]
    assert (await ours.delete(f"/v1/keys/{mine}")).status_code == 200


async def test_views_of_the_workspace_are_not_theirs(
    client: httpx.AsyncClient, ours: httpx.AsyncClient
) -> None:
    view = (await client.post("/v1/views", json={"name": "VIPs", "query": "user=jane"})).json()[
        "id"
    ]
    assert (await ours.get("/v1/views")).json()["data"] == []
    for answer in (
        await ours.post("/v1/views", json={"name": "x", "query": ""}),
        await ours.delete(f"/v1/views/{view}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "narrowed_key")
    assert len((await client.get("/v1/views")).json()["data"]) == 1


async def test_a_retry_under_a_key_does_not_open_a_session_of_others(
    client: httpx.AsyncClient, ours: httpx.AsyncClient
) -> None:
    """The refusal of a taken id keeps no answer.

    A retry with the same Idempotency-Key would get it.
    """
    await client.post("/v1/sessions", json={"id": "theirs", "app": "theirs", "title": "secret"})
    for _ in range(2):
        answer = await ours.post(
            "/v1/sessions", json={"id": "theirs"}, headers={"Idempotency-Key": "k"}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "session_exists")
        assert "secret" not in answer.text


async def test_a_sub_session_of_others_is_not_named(
    client: httpx.AsyncClient, ours: httpx.AsyncClient
) -> None:
    await client.post("/v1/sessions", json={"id": "mine", "app": "ours"})
    await client.post("/v1/sessions", json={"id": "secret-name", "app": "theirs", "parent": "mine"})
    answer = await ours.delete("/v1/sessions/mine?sub_sessions=delete")
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_sub_session")
    assert "secret-name" not in answer.text


async def test_a_bulk_action_on_sessions_of_others_is_not_theirs_to_undo(
    client: httpx.AsyncClient, ours: httpx.AsyncClient
) -> None:
    for app in ("ours", "theirs"):
        await client.post("/v1/sessions", json={"id": app, "app": app})
    ident = (
        await client.post("/v1/bulk", json={"action": "archive", "ids": ["ours", "theirs"]})
    ).json()["undo"]
    answer = await ours.post(f"/v1/bulk/{ident}/undo")
    assert (answer.status_code, answer.json()["code"]) == (404, "bulk_not_found")
    assert (await client.post(f"/v1/bulk/{ident}/undo")).json() == {"restored": 2, "skipped": 0}
    own = (
        await ours.post("/v1/bulk", json={"action": "archive", "ids": ["ours", "theirs"]})
    ).json()
    assert own["changed"] == 1
    assert (await ours.post(f"/v1/bulk/{own['undo']}/undo")).json() == {"restored": 1, "skipped": 0}


async def test_the_workspace_is_not_theirs_to_change(
    client: httpx.AsyncClient, ours: httpx.AsyncClient
) -> None:
    for body in ({"name": "renamed"}, {"settings": {"sharing": True}}):
        answer = await ours.patch("/v1/workspace", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "narrowed_key")
    before = (await client.get("/v1/workspace")).json()
    assert (before["name"] != "renamed", before["settings"]) == (True, {})
    for answer in (
        await ours.post("/v1/workspaces", json={"name": "more"}),
        await ours.delete(f"/v1/workspaces/{before['id']}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "narrowed_key")


async def test_no_page_is_kept_for_another_caller(service: Service, principal: Principal) -> None:
    """The same URL gives each of four callers its own answer, in any order.

    They are two workspaces at the same generation, and narrowed keys.
    """
    others = service.workspaces.operator(
        await service.workspaces.create(f"{principal.workspace_name}-other")
    )
    callers: dict[str, tuple[Principal, str | None]] = {}
    for name, caller in (("ours", principal), ("theirs", others)):
        await service.sessions.start(caller, SessionDraft(id=name, app=name))
        callers[name] = caller, None
    callers |= {"narrowed to it": (principal, "ours"), "to another": (principal, "elsewhere")}
    assert await service.sessions.generation(principal) == await service.sessions.generation(others)
    app = application(service, Settings(store=service.store.url))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://hansard.test"
    ) as client:
        keys = {
            name: (await service.keys.create(caller, name, app=narrowing))[0]
            for name, (caller, narrowing) in callers.items()
        }
        for path in (
            "/v1/sessions",
            "/ai-sessions",
            "/api/v0/sessions",
            "/api/sessions",
            "/v1/search?q=app:ours",
        ):
            for order in (list(keys), list(keys)[::-1]):
                answers = {
                    name: await client.get(path, headers={"Authorization": f"Bearer {keys[name]}"})
                    for name in order
                }
                held = {
                    name: ('"ours"' in answer.text, '"theirs"' in answer.text)
                    for name, answer in answers.items()
                }
                seen = {name: any(item) for name, item in held.items()}
                assert {answer.status_code for answer in answers.values()} == {200}
                assert not held["theirs"][0], path
                assert not held["ours"][1], path
                assert not seen["to another"], path
