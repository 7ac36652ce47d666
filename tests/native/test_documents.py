"""Documents: small bodies under a key, with a revision, in four scopes."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from hansard.store.verbs import verify
from tests.conftest import NUMBERS, client_of

Json = dict[str, Any]
SCOPES = [
    {"scope": "session", "session": "s"},
    {"scope": "user", "user": "ada", "app": "shop"},
    {"scope": "user", "user": "ada"},
    {"scope": "app", "app": "shop"},
    {"scope": "workspace"},
]


@pytest.fixture(autouse=True)
async def session(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s", "user": "ada"})


async def put(client: httpx.AsyncClient, key: str, **body: Any) -> httpx.Response:
    owner = body.pop("owner", {"scope": "workspace"})
    headers = body.pop("headers", {})
    return await client.put(
        "/v1/documents", params={**owner, "key": key}, json=body, headers=headers
    )


async def read(client: httpx.AsyncClient, key: str, **owner: Any) -> httpx.Response:
    return await client.get(
        "/v1/documents", params={"key": key, **(owner or {"scope": "workspace"})}
    )


@pytest.mark.parametrize("owner", SCOPES)
async def test_each_scope_has_documents_of_its_own(client: httpx.AsyncClient, owner: Json) -> None:
    for other in SCOPES:
        answer = await put(client, "a/b", owner=other, value={"mine": other == owner})
        assert (answer.status_code, answer.json()["revision"]) == (201, 1), answer.text
    answer = await read(client, "a/b", **owner)
    assert answer.json()["value"] == {"mine": True}
    assert answer.headers["etag"] == '"r1"'
    gone = await client.delete("/v1/documents", params={**owner, "key": "a/b"})
    assert gone.json() == {"key": "a/b", "deleted": True}
    assert (await read(client, "a/b", **owner)).json()["code"] == "document_not_found"
    left = [await read(client, "a/b", **other) for other in SCOPES]
    assert [each.status_code for each in left].count(200) == len(SCOPES) - 1


async def test_a_body_is_kept_byte_for_byte(client: httpx.AsyncClient) -> None:
    odd = b'{"n":1.0,  "none":null, "b":true}'
    content = b'{"value":' + odd + b"}"
    await client.put("/v1/documents?scope=workspace&key=k", content=content)
    assert b'"value":' + odd in (await read(client, "k")).content
    data = b64encode(b"\x00\xff" * 9).decode()
    await put(client, "bytes", base64=data, type="image/png")
    shown = (await read(client, "bytes")).json()
    assert (shown["base64"], shown["type"], shown["size"]) == (data, "image/png", 18)


async def test_a_change_is_refused_at_another_revision(client: httpx.AsyncClient) -> None:
    assert (await put(client, "k", value=1, if_revision=2)).status_code == 412
    assert (await read(client, "k")).status_code == 404
    assert (await put(client, "k", value=1, headers={"If-None-Match": "*"})).status_code == 201
    refused = await put(client, "k", value=2, headers={"If-None-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (412, "revision_mismatch")
    assert refused.json()["revision"] == 1
    assert (await put(client, "k", value=2, headers={"If-Match": '"r1"'})).status_code == 200
    assert (await put(client, "k", value=3, headers={"If-Match": '"r1"'})).status_code == 412
    assert (await put(client, "k", value=3, if_revision=1)).status_code == 412
    answer = await client.get(
        "/v1/documents?scope=workspace&key=k", headers={"If-None-Match": '"r2"'}
    )
    assert answer.status_code == 304
    old = {"If-Match": '"r1"'}
    gone = await client.delete("/v1/documents?scope=workspace&key=k", headers=old)
    assert gone.status_code == 412


async def test_a_merge_replaces_names_and_keeps_null(client: httpx.AsyncClient) -> None:
    await put(client, "k", value={"a": {"x": 1}, "b": 2}, merge=True)
    await put(client, "k", value={"a": {"y": 1}, "c": None}, merge=True)
    assert (await read(client, "k")).json()["value"] == {"a": {"y": 1}, "b": 2, "c": None}
    await put(client, "list", value=[1])
    assert (await put(client, "list", value={"a": 1}, merge=True)).status_code == 400
    assert (await put(client, "k", value=[1], merge=True)).status_code == 400


async def test_no_merge_of_many_at_once_is_lost(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(put(client, "k", value={f"n{number}": number}, merge=True) for number in range(12))
    )
    assert {answer.status_code for answer in answers} == {200, 201}
    stored = (await read(client, "k")).json()
    assert stored["value"] == {f"n{number}": number for number in range(12)}
    assert stored["revision"] == 12


async def test_a_list_goes_by_the_bytes_of_the_keys(client: httpx.AsyncClient) -> None:
    keys = ["a", "n/b", "n/a", "n/ä", "n/B", "n/\U0001f600", "o"]
    for key in keys:
        await put(client, key, value=key)
    matches: list[str] = []
    cursor: Json = {}
    wanted: Json = {"scope": "workspace", "prefix": "n/", "limit": 2, "bodies": True}
    while True:
        page = await client.get("/v1/documents/list", params=wanted | cursor)
        matches += [each["value"] for each in page.json()["data"]]
        if not page.json()["has_more"]:
            break
        cursor = {"cursor": page.json()["next_cursor"]}
    assert matches == sorted((key for key in keys if key.startswith("n/")), key=str.encode)
    plain = (await client.get("/v1/documents/list?scope=workspace")).json()["data"]
    assert len(plain) == len(keys)
    assert not any("value" in each for each in plain)


async def test_the_documents_of_all_users_of_an_app_are_one_list(client: httpx.AsyncClient) -> None:
    for app, user in (("shop", "ada"), ("shop", 'b"o'), ("shop", "cleo"), ("shops", "dan")):
        owner = {"scope": "user", "user": user, "app": app}
        for key in ("k1", "k2"):
            await put(client, key, owner=owner, value=user)
    matches: list[tuple[str, str]] = []
    cursor: Json = {}
    wanted: Json = {"scope": "user", "app": "shop", "limit": 4}
    while True:
        page = await client.get("/v1/documents/list", params=wanted | cursor)
        matches += [(each["user"], each["key"]) for each in page.json()["data"]]
        if not page.json()["has_more"]:
            break
        cursor = {"cursor": page.json()["next_cursor"]}
    users = ("ada", 'b"o', "cleo")
    assert sorted(matches) == [(user, key) for user in users for key in ("k1", "k2")]


async def test_a_batch_is_done_as_a_whole_or_not_at_all(client: httpx.AsyncClient) -> None:
    each = {"scope": "workspace", "key": "one", "value": 1}
    two = {"scope": "session", "session": "s", "key": "two", "value": 2}
    answer = await client.post("/v1/documents/batch", json={"set": [two, each]})
    assert [each["key"] for each in answer.json()["data"]] == ["two", "one"]
    drop = {"scope": "workspace", "key": "one"}
    bad = await client.post(
        "/v1/documents/batch", json={"set": [two | {"if_revision": 7}], "delete": [drop]}
    )
    assert bad.status_code == 412
    assert (await read(client, "one")).status_code == 200
    done = await client.post("/v1/documents/batch", json={"set": [two], "delete": [drop]})
    assert done.json()["deleted"] == 1
    assert (await read(client, "one")).status_code == 404
    assert (await client.post("/v1/documents/batch", json={})).status_code == 400


async def test_an_append_writes_documents_in_its_transaction(client: httpx.AsyncClient) -> None:
    state = {"scope": "session", "key": "state", "value": {"a": 1}, "merge": True}
    shared = {"scope": "app", "app": "shop", "key": "state", "value": {"b": None}, "merge": True}
    body = {
        "messages": [{"role": "user", "text": "hello"}],
        "session": {"user": "ada"},
        "expected_seq": 0,
        "documents": [state, shared],
    }
    answer = await client.post("/v1/sessions/new/messages", json=body)
    assert answer.status_code == 201, answer.text
    stale = await client.post(
        "/v1/sessions/new/messages", json=body | {"documents": [state | {"value": {"a": 2}}]}
    )
    assert stale.status_code == 409
    assert (await read(client, "state", scope="session", session="new")).json()["value"] == {"a": 1}
    assert (await read(client, "state", scope="app", app="shop")).json()["value"] == {"b": None}
    refused = await client.post(
        "/v1/sessions/new/messages",
        json={
            "messages": [{"role": "user", "text": "again"}],
            "documents": [state | {"if_revision": 9}],
        },
    )
    assert refused.status_code == 412
    assert (await client.get("/v1/sessions/new")).json()["last_seq"] == 1


async def test_a_list_of_sessions_brings_a_document_of_each(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.post("/v1/sessions", json={"id": f"d{number}"})
    for name in ("d0", "d2"):
        await put(client, "state", owner={"scope": "session", "session": name}, value={"of": name})
    params: Json = {"with_documents": "state", "sort": "created_at", "limit": 3}
    first = (await client.get("/v1/sessions", params=params)).json()
    rest = await client.get("/v1/sessions", params=params | {"cursor": first["next_cursor"]})
    matches = {
        each["id"]: each["documents"].get("state", {}).get("value")
        for each in [*first["data"], *rest.json()["data"]]
    }
    assert matches == {"s": None, "d0": {"of": "d0"}, "d1": None, "d2": {"of": "d2"}}
    await put(client, "state", owner={"scope": "session", "session": "d1"}, value=1)
    again = (await client.get("/v1/sessions", params=params)).json()["data"]
    assert again[2]["documents"]["state"]["value"] == 1


async def test_what_goes_beyond_a_page_comes_on_the_next(client: httpx.AsyncClient) -> None:
    for number in range(3):
        owner = {"scope": "session", "session": "s"}
        await put(client, f"k{number}", owner=owner, value="x" * (3 << 20))
    page = await client.get(
        "/v1/documents/list", params={"scope": "session", "session": "s", "bodies": True}
    )
    assert [each["key"] for each in page.json()["data"]] == ["k0", "k1"]
    assert page.json()["has_more"]
    large = await put(client, "large", value="x" * (4 << 20))
    assert (large.status_code, large.json()["code"]) == (413, "document_too_large")


async def test_a_document_past_its_time_is_gone(
    client: httpx.AsyncClient, service: Service
) -> None:
    await put(client, "k", value=1, expires_at="2020-01-01T00:00:00Z")
    assert (await read(client, "k")).status_code == 404
    assert (await client.get("/v1/documents/list?scope=workspace")).json()["data"] == []
    assert (await put(client, "k", value=2, headers={"If-None-Match": "*"})).status_code == 201
    await put(client, "old", value=1, expires_at="2020-01-01T00:00:00Z")
    await service.upkeep.run()
    assert (await client.get("/v1/documents/list?scope=workspace")).json()["data"][0]["key"] == "k"


async def test_documents_go_with_their_session_and_their_user(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    for owner in SCOPES:
        await put(client, "k", owner=owner, value=1)
    receipt = (await client.delete("/v1/users/ada")).json()
    assert receipt["counts"]["documents"] == 2
    left = [(await read(client, "k", **owner)).status_code for owner in SCOPES]
    assert left == [404, 404, 404, 200, 200]
    assert not await service.store.read(verify.counters, principal.workspace_id)


@pytest.mark.parametrize(
    ("owner", "param"),
    [
        ({"scope": "session"}, "session"),
        ({"scope": "workspace", "user": "ada"}, "user"),
        ({"scope": "user"}, "user"),
        ({"scope": "app"}, "app"),
        ({"scope": "app", "app": "shop", "session": "s"}, "session"),
        ({"scope": "user", "user": "ada", "session": "s"}, "session"),
    ],
)
async def test_an_owner_that_makes_no_sense_is_named(
    client: httpx.AsyncClient, owner: Json, param: str
) -> None:
    answer = await put(client, "k", owner=owner, value=1)
    assert (answer.status_code, answer.json()["param"]) == (400, param)


async def test_a_narrowed_key_reaches_its_own_owners_alone(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await client.post("/v1/sessions", json={"id": "bobs", "user": "bob"})
    text, _ = await service.keys.create(principal, "ada's", ALL_SCOPES, user_id="ada")
    async with client_of(service, text) as ada:
        assert (await put(ada, "k", owner={"scope": "user"}, value=1)).status_code == 201
        for owner, status in (
            ({"scope": "user", "user": "bob"}, 403),
            ({"scope": "app", "app": "shop"}, 403),
            ({"scope": "workspace"}, 403),
            ({"scope": "session", "session": "bobs"}, 404),
            ({"scope": "session", "session": "s"}, 201),
        ):
            assert (await put(ada, "k", owner=owner, value=1)).status_code == status
        listed = (await ada.get("/v1/documents/list?scope=user")).json()["data"]
        assert [each["user"] for each in listed] == ["ada"]


async def test_documents_and_checkpoints_survive_an_export_and_an_import(
    client: httpx.AsyncClient, service: Service
) -> None:
    await put(client, "state", owner=SCOPES[0], value={"a": None})
    await put(client, "raw", owner=SCOPES[0], base64="AP8=", expires_at="2100-01-01T00:00:00Z")
    path = "/v1/sessions/s/checkpoints"
    blob = {"channel": "a", "version": "1", "type": "raw", "data": "AP8="}
    for number in range(2):
        body = {"id": f"c{number}", "type": "raw", "data": "AA==", "facts": {"n": number}}
        await client.post(path, json=body | {"blobs": [blob]})
    write = {"idx": -1, "channel": "a", "type": "raw", "data": "AQ=="}
    await client.post(f"{path}/writes", json={"checkpoint": "c1", "task": "t", "writes": [write]})
    other = await service.workspaces.create(f"other-{next(NUMBERS)}")
    operator = service.workspaces.operator(other)
    text, _ = await service.keys.create(operator, "tests", ALL_SCOPES)
    async with client_of(service, text) as there:
        for outcome in ("new", "updated", "same"):
            exported = await client.get("/v1/export")
            report = (await there.post("/v1/import", content=exported.content)).json()
            assert report[outcome] == 1, report
            assert (await there.get("/v1/export")).content == exported.content
            if outcome == "new":
                await put(client, "state", owner=SCOPES[0], value={"a": 2})
        for shown in (path, "/v1/documents/list?scope=session&session=s&bodies=true"):
            assert (await there.get(shown)).content == (await client.get(shown)).content
