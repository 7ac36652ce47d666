"""Keys and workspaces: who may do what, and that nobody sees another's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from hansard.access import ALL_SCOPES, KeyMint, Principal
from hansard.service import Service
from tests.conftest import NUMBERS, client_of


async def as_key(
    client: httpx.AsyncClient, key: str, method: str, path: str, **more: object
) -> httpx.Response:
    return await client.request(method, path, headers={"Authorization": f"Bearer {key}"}, **more)  # type: ignore[arg-type]  # httpx names its options


async def test_a_key_is_shown_once_and_works(client: httpx.AsyncClient) -> None:
    created = (
        await client.post("/v1/keys", json={"name": "ci", "scopes": ["sessions:read"]})
    ).json()
    assert (await as_key(client, created["key"], "GET", "/v1/sessions")).status_code == 200
    listed = (await client.get("/v1/keys")).json()["data"]
    assert {item["name"] for item in listed} == {"tests", "ci"}
    assert all("key" not in item for item in listed)


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [("sessions:write", "POST", "/v1/sessions"), ("keys:admin", "GET", "/v1/keys")],
)
async def test_a_missing_scope_is_named(
    client: httpx.AsyncClient, scope: str, method: str, path: str
) -> None:
    key = (
        await client.post("/v1/keys", json={"name": "reader", "scopes": ["sessions:read"]})
    ).json()["key"]
    answer = await as_key(client, key, method, path, json={})
    assert (answer.status_code, answer.json()["code"], answer.json()["scope"]) == (
        403,
        "missing_scope",
        scope,
    )


async def test_revocation_ends_a_key_and_rotation_lets_it_fade(client: httpx.AsyncClient) -> None:
    created = (await client.post("/v1/keys", json={"name": "a"})).json()
    new = (await client.post(f"/v1/keys/{created['id']}/rotate", json={"grace_seconds": 60})).json()
    assert new["scopes"] == created["scopes"]
    for key in (created["key"], new["key"]):
        assert (await as_key(client, key, "GET", "/v1/sessions")).status_code == 200
    await client.delete(f"/v1/keys/{created['id']}")
    assert (await as_key(client, created["key"], "GET", "/v1/sessions")).status_code == 401
    assert (await as_key(client, new["key"], "GET", "/v1/sessions")).status_code == 200
    assert (await client.delete("/v1/keys/nothere1")).status_code == 404


@pytest.mark.parametrize("bad", ["", "nonsense", "hsd_short", "hsd_AAAAAAAA_" + "B" * 38])
async def test_what_is_no_key_is_refused(client: httpx.AsyncClient, bad: str) -> None:
    answer = await as_key(client, bad, "GET", "/v1/sessions")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def _next(letters: Iterator[str], _alphabet: str) -> str:
    return next(letters)


async def test_a_key_that_has_ended_is_told_so_to_its_holder_only(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    revoked = (await client.post("/v1/keys", json={"name": "revoked"})).json()
    expired, _ = await service.keys.create(principal, "expired", expires_at=service.clock() + 1000)
    await client.delete(f"/v1/keys/{revoked['id']}")
    await asyncio.sleep(0.01)
    for key, detail in (
        (revoked["key"], "this key was revoked at 2"),
        (expired, "this key expired at 2"),
    ):
        answer = await as_key(client, key, "GET", "/v1/sessions")
        assert (answer.status_code, answer.json()["code"], detail in answer.text) == (
            401,
            "unauthenticated",
            True,
        )
        assert (await as_key(client, key, "GET", "/api/v0/sessions")).json() == {
            "detail": "Unauthorized"
        }, "Athena's words stay"
        letters = iter(key[4:12] + "0" * 32)
        guessed = KeyMint(b"", partial(_next, letters)).make()[0]
        assert "no valid API key" in (await as_key(client, guessed, "GET", "/v1/sessions")).text


async def test_a_key_of_one_person_sees_that_person_only(client: httpx.AsyncClient) -> None:
    for user in ("ann", "bob"):
        await client.post("/v1/sessions", json={"id": user, "user": user})
    key = (
        await client.post(
            "/v1/keys",
            json={"name": "ann", "user": "ann", "scopes": ["sessions:read", "sessions:write"]},
        )
    ).json()["key"]
    assert [
        item["id"] for item in (await as_key(client, key, "GET", "/v1/sessions")).json()["data"]
    ] == ["ann"]
    assert (await as_key(client, key, "GET", "/v1/sessions?user=bob")).json()["data"] == []
    assert [
        (await as_key(client, key, "GET", f"/v1/sessions/{user}")).status_code
        for user in ("ann", "bob", "nobody")
    ] == [200, 404, 404]
    assert (
        await as_key(
            client,
            key,
            "POST",
            "/v1/sessions/bob/messages",
            json={"messages": [{"role": "user", "text": "x"}]},
        )
    ).status_code == 404
    assert (
        await as_key(client, key, "POST", "/v1/sessions", json={"user": "bob"})
    ).status_code == 403
    assert (
        await as_key(client, key, "POST", "/v1/sessions", json={"id": "bob"})
    ).status_code == 409
    assert (await as_key(client, key, "POST", "/v1/sessions", json={"id": "new"})).json()[
        "user"
    ] == "ann"


async def test_a_foreign_workspace_looks_like_nothing(
    client: httpx.AsyncClient, service: Service
) -> None:
    other = service.workspaces.operator(await service.workspaces.create(f"other-{next(NUMBERS)}"))
    foreign = (await service.keys.create(other, "k", ALL_SCOPES))[0]
    created = (await client.post("/v1/sessions", json={"id": "mine"})).json()
    for name in ("mine", created["uid"], "absent"):
        answer = await as_key(client, foreign, "GET", f"/v1/sessions/{name}")
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"no session '{name}' in this workspace"
    assert (
        await as_key(client, foreign, "POST", "/v1/sessions", json={"id": "mine"})
    ).status_code == 201
    assert (await as_key(client, foreign, "GET", "/v1/sessions?total=true")).json()["total"] == 1


async def test_nobody_makes_a_stronger_key_than_his_own(client: httpx.AsyncClient) -> None:
    key = (await client.post("/v1/keys", json={"name": "k", "scopes": ["keys:admin"]})).json()[
        "key"
    ]
    assert (
        await as_key(
            client, key, "POST", "/v1/keys", json={"name": "x", "scopes": ["sessions:read"]}
        )
    ).status_code == 403
    assert (await client.post("/v1/keys", json={"name": "x", "scopes": ["everything"]})).json()[
        "param"
    ] == "scopes"
    assert (
        await client.post("/v1/keys", json={"name": "x", "expires_at": "2001-01-01T00:00:00Z"})
    ).json()["param"] == "expires_at"


async def test_workspaces_come_and_go(lone_service: Service) -> None:
    first = await lone_service.workspaces.create("acme")
    key = (
        await lone_service.keys.create(lone_service.workspaces.operator(first), "first", ALL_SCOPES)
    )[0]
    async with client_of(lone_service, key) as client:
        created = (await client.post("/v1/workspaces", json={"name": "new"})).json()
        assert (await as_key(client, created["key"], "GET", "/v1/workspace")).json()[
            "name"
        ] == "new"
        await as_key(client, created["key"], "POST", "/v1/sessions", json={"id": "x"})
        taken = await as_key(
            client, created["key"], "PATCH", "/v1/workspace", json={"name": "acme"}
        )
        assert (taken.status_code, taken.json()["code"], taken.json()["param"]) == (
            409,
            "workspace_exists",
            "name",
        )
        renamed = await as_key(
            client,
            created["key"],
            "PATCH",
            "/v1/workspace",
            json={"name": "newer", "settings": {"sharing": True}},
        )
        assert (
            await as_key(client, created["key"], "PATCH", "/v1/workspace", json={"name": "newer"})
        ).status_code == 200
        assert (renamed.json()["name"], renamed.json()["settings"]) == ("newer", {"sharing": True})
        assert [
            workspace["name"] for workspace in (await client.get("/v1/workspaces")).json()["data"]
        ] == [
            "acme",
            "newer",
        ]
        assert (await client.post("/v1/workspaces", json={"name": "acme"})).status_code == 409
        assert (await client.post("/v1/workspaces", json={"name": " bad"})).json()[
            "param"
        ] == "name"
        assert (await client.delete(f"/v1/workspaces/{created['id']}")).json() == {
            "id": created["id"],
            "deleted": True,
        }
        assert (await client.delete(f"/v1/workspaces/{created['id']}")).status_code == 404


async def test_two_changes_of_a_workspace_at_once_are_both_kept(client: httpx.AsyncClient) -> None:
    for turn in range(10):
        expected = (f"turn {turn}", turn % 2 == 0)
        await asyncio.gather(
            *[
                client.patch("/v1/workspace", json=patch)
                for patch in ({"name": expected[0]}, {"settings": {"sharing": expected[1]}})
            ]
        )
        now = (await client.get("/v1/workspace")).json()
        assert (now["name"], now["settings"]["sharing"]) == expected


@pytest.mark.parametrize(
    ("settings", "param", "expected"),
    [
        ({"sharing": "yes"}, "settings.sharing", "true or false"),
        ({"sharing": 1}, "settings.sharing", "true or false"),
        ({"shareing": True}, "settings", "did you mean 'sharing'?"),
        ({"retention": {}}, "settings", "choose from sharing"),
    ],
)
async def test_a_setting_that_would_do_nothing_is_refused(
    client: httpx.AsyncClient, settings: dict[str, object], param: str, expected: str
) -> None:
    answer = await client.patch("/v1/workspace", json={"settings": settings})
    assert (answer.status_code, answer.json()["param"], expected in answer.json()["detail"]) == (
        400,
        param,
        True,
    )
    assert (await client.patch("/v1/workspace", json={"settings": {"sharing": None}})).json()[
        "settings"
    ] == {}


async def test_a_rotated_key_lives_as_long_as_the_old_one_did(client: httpx.AsyncClient) -> None:
    created = (
        await client.post("/v1/keys", json={"name": "short", "expires_at": "2199-01-01T00:00:00Z"})
    ).json()
    rotated = (await client.post(f"/v1/keys/{created['id']}/rotate", json={})).json()
    assert rotated["expires_at"].startswith("2199-01-01T00:0")
    await client.delete(f"/v1/keys/{rotated['id']}")
    assert (await client.post(f"/v1/keys/{rotated['id']}/rotate", json={})).status_code == 404
