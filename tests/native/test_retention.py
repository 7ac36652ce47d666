"""Retention over the API: rules are tried before they are set."""

from __future__ import annotations

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from tests.conftest import client_of


@pytest.mark.parametrize("lacking", ["keys:admin", "sessions:delete"])
async def test_who_sets_retention_must_be_allowed_to_delete(
    service: Service, principal: Principal, lacking: str
) -> None:
    """The server deletes by these rules: a key that may not delete would do it through them."""
    scopes = [scope for scope in ALL_SCOPES if scope != lacking]
    text, key = await service.keys.create(principal, "nearly", scopes)
    async with client_of(service, text) as client:
        refused = await client.put("/v1/retention", json={"rules": {"*": 1}})
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    assert refused.json()["scope"] == lacking
    assert await service.retention.rules(principal) == {}
    noted = (await service.audit.list(principal, limit=1))[0][0].act
    assert (noted.actor, noted.action, noted.details) == (
        key.id,
        "access.denied",
        {"scope": lacking},
    )


async def test_a_dry_run_tries_rules_that_are_not_set(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "old", "created_at": "2020-01-01T00:00:00Z"})
    tried = (
        await client.post("/v1/retention/apply", json={"dry_run": True, "rules": {"session": 30}})
    ).json()
    assert [(item["kind"], item["days"], item["sessions"]) for item in tried["data"]] == [
        ("session", 30, 1)
    ]
    assert (await client.get("/v1/retention")).json() == {"rules": {}}
    assert (await client.post("/v1/retention/apply", json={"dry_run": True})).json()["data"] == []
    assert (
        await client.post("/v1/retention/apply", json={"dry_run": True, "rules": {"sesion": 30}})
    ).json()["param"] == "rules"
    assert (
        await client.post("/v1/retention/apply", json={"rules": {"session": 30}})
    ).status_code == 400
    assert (await client.get("/v1/sessions/old")).status_code == 200


async def test_tidying_up_moves_a_session_by_its_change_alone_and_makes_it_live_no_longer(
    client: httpx.AsyncClient,
) -> None:
    """The two clocks of docs/concepts.md: the last change, and the last activity."""
    await client.post("/v1/sessions", json={"id": "old", "created_at": "2020-01-01T00:00:00Z"})
    await client.post("/v1/sessions", json={"id": "new"})
    await client.patch("/v1/sessions/old", json={"title": "Tidied", "tags": ["done"]})
    by_change, by_activity = [
        (await client.get(f"/v1/sessions{query}")).json()["data"]
        for query in ("?sort=-updated_at", "")
    ]
    assert [item["id"] for item in by_change] == ["old", "new"]
    assert [item["id"] for item in by_activity] == ["new", "old"]
    tried = (
        await client.post("/v1/retention/apply", json={"dry_run": True, "rules": {"*": 30}})
    ).json()["data"]
    assert sum(item["sessions"] for item in tried) == 1
