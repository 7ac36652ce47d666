"""Checkpoints: opaque bytes of a framework, newest first, with blobs and pending writes."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import Any

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from hansard.store.verbs import verify
from tests.conftest import client_of

Json = dict[str, Any]
PATH = "/v1/sessions/t/checkpoints"


def b64(data: bytes) -> str:
    return b64encode(data).decode()


async def put(client: httpx.AsyncClient, ident: str, **more: Any) -> httpx.Response:
    path = more.pop("path", PATH)
    body = {"id": ident, "type": "raw", "data": b64(ident.encode()), "session": {}} | more
    return await client.post(path, json=body)


async def ids(client: httpx.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["data"]]


async def write(client: httpx.AsyncClient, *writes: tuple[int, bytes], **more: Any) -> None:
    body = {"checkpoint": "c1", "task": "t", "session": {}} | more
    body["writes"] = [
        {"idx": idx, "channel": "x", "type": "raw", "data": b64(data)} for idx, data in writes
    ]
    answer = await client.post(f"{PATH}/writes", json=body)
    assert answer.status_code == 201, answer.text


async def test_a_checkpoint_brings_its_thread_and_its_transcript_in_one_call(
    client: httpx.AsyncClient,
) -> None:
    document = {"scope": "session", "key": "state", "value": 1}
    answer = await put(
        client,
        "c1",
        session={"channel": "langgraph"},
        messages=[{"role": "user", "text": "hello"}],
        documents=[document],
    )
    assert answer.status_code == 201, answer.text
    assert [each["seq"] for each in answer.json()["messages"]] == [1]
    session = (await client.get("/v1/sessions/t")).json()
    assert (session["channel"], session["title"]) == ("langgraph", "hello")
    shown = await client.get("/v1/documents?scope=session&session=t&key=state")
    assert shown.json()["value"] == 1
    assert (
        await client.post(PATH.replace("/t/", "/u/"), json={"id": "c", "type": "r", "data": ""})
    ).status_code == 404


async def test_checkpoints_come_newest_first_with_what_they_refer_to(
    client: httpx.AsyncClient,
) -> None:
    each = {"channel": "a", "version": "1", "type": "raw", "data": b64(b"\x00one")}
    two = {"channel": "b", "version": "1", "type": "raw", "data": None}
    await put(client, "c1", blobs=[each, two], facts={"step": 1}, meta=b64(b"m"), run="r")
    three = {"channel": "b", "version": "2", "type": "raw", "data": b64(b"three")}
    await put(client, "c2", parent="c1", blobs=[three], versions={"a": "1", "b": "2"})
    newest, first = (await client.get(PATH)).json()["data"]
    assert (newest["id"], newest["parent"], newest["blobs"]) == ("c2", "c1", [each, three])
    assert (first["blobs"], first["run"], b64decode(first["meta"])) == ([each, two], "r", b"m")
    assert b64decode(first["data"]) == b"c1"
    assert await ids(client, limit=1) == ["c2"]
    assert await ids(client, before="c2") == ["c1"]
    assert await ids(client, id="c1") == ["c1"]
    await put(client, "c1", data=b64(b"again"), facts={"step": 1})
    assert (
        b64decode((await client.get(PATH, params={"id": "c1"})).json()["data"][0]["data"])
        == b"again"
    )


async def test_the_first_write_of_an_index_counts_and_the_last_of_a_negative_one(
    client: httpx.AsyncClient,
) -> None:
    await write(client, (0, b"first"), (-1, b"error"), (1, b"lost"), (1, b"kept"))
    await write(client, (0, b"second"), (-1, b"other"))
    await write(client, (0, b"before"), task="s", path="a")
    await put(client, "c1")
    (checkpoint,) = (await client.get(PATH)).json()["data"]
    matches = [
        (each["path"], each["task"], each["idx"], b64decode(each["data"]))
        for each in checkpoint["writes"]
    ]
    assert matches == [
        ("", "t", -1, b"other"),
        ("", "t", 0, b"first"),
        ("", "t", 1, b"kept"),
        ("a", "s", 0, b"before"),
    ]


async def test_facts_and_namespaces_choose(client: httpx.AsyncClient) -> None:
    for number in range(6):
        facts = {"step": number % 3, "source": "loop", "last": number == 5, "none": None}
        await put(client, f"c{number}", ns="sub" if number % 2 else "", facts=facts)
    assert await ids(client, fact="step:1") == ["c4", "c1"]
    assert await ids(client, fact=["step:1", "last:false"], ns="sub") == ["c1"]
    assert await ids(client, fact="last:true") == ["c5"]
    assert await ids(client, fact="none:null", limit=1) == ["c5"]
    assert await ids(client, ns="") == ["c4", "c2", "c0"]
    assert await ids(client, fact="step:7") == []
    assert (await client.get(PATH, params={"fact": "step"})).status_code == 400
    matches: list[str] = []
    cursor: Json = {}
    while True:
        page = (await client.get(PATH, params={"limit": 2} | cursor)).json()
        matches += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert matches == [f"c{number}" for number in reversed(range(6))]


async def test_checkpoints_of_all_threads_are_one_list(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    for number in range(5):
        path = f"/v1/sessions/th{number}/checkpoints"
        user = "ada" if number % 2 else "bob"
        await put(client, f"c{number}", path=path, session={"user": user}, run=f"r{number % 2}")
    matches: list[tuple[str, str]] = []
    cursor: Json = {}
    while True:
        page = (await client.get("/v1/checkpoints", params={"limit": 2} | cursor)).json()
        matches += [(each["session_id"], each["id"]) for each in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert matches == [(f"th{number}", f"c{number}") for number in reversed(range(5))]
    text, _ = await service.keys.create(principal, "ada's", ALL_SCOPES, user_id="ada")
    async with client_of(service, text) as ada:
        mine = (await ada.get("/v1/checkpoints")).json()["data"]
        assert [each["session_id"] for each in mine] == ["th3", "th1"]
        assert (await ada.delete("/v1/checkpoints?run=r0")).json() == {"checkpoints": 0}
    assert (await client.delete("/v1/checkpoints?run=r1")).json() == {"checkpoints": 2}
    assert len((await client.get("/v1/checkpoints")).json()["data"]) == 3


async def test_pruning_keeps_the_newest_and_what_it_refers_to(client: httpx.AsyncClient) -> None:
    for number in range(4):
        blob = {"channel": "a", "version": str(number), "type": "raw", "data": b64(b"x")}
        versions = {"a": "0" if number == 3 else str(number)}
        await put(client, f"c{number}", blobs=[blob], versions=versions)
        await put(client, f"s{number}", ns="sub")
    await write(client, (0, b"gone"))
    assert (await client.post(f"{PATH}/prune", json={"keep": 1})).json() == {"checkpoints": 6}
    assert await ids(client) == ["s3", "c3"]
    (last,) = (await client.get(PATH, params={"ns": ""})).json()["data"]
    assert [each["version"] for each in last["blobs"]] == ["0"]
    await put(client, "c4", versions={"a": "1"})
    (last,) = (await client.get(PATH, params={"ns": "", "limit": 1})).json()["data"]
    assert last["blobs"] == []


async def test_six_mebibytes_go_through_and_a_page_has_a_bound(client: httpx.AsyncClient) -> None:
    data = os.urandom(6 << 20)
    for ident in ("c1", "c2"):
        assert (await put(client, ident, data=b64(data))).status_code == 201
    page = (await client.get(PATH)).json()
    assert [b64decode(each["data"]) == data for each in page["data"]] == [True]
    assert page["has_more"]
    rest = (await client.get(PATH, params={"cursor": page["next_cursor"]})).json()
    assert [each["id"] for each in rest["data"]] == ["c1"]


async def test_a_copy_has_the_checkpoints_and_a_deleted_session_none(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    blob = {"channel": "a", "version": "1", "type": "raw", "data": b64(b"x")}
    document = {"scope": "session", "key": "state", "value": {"a": 1}}
    await put(client, "c1", blobs=[blob], documents=[document])
    await write(client, (0, b"w"))
    before = (await client.get(PATH)).json()["data"]
    assert (await client.post("/v1/sessions/t/copy", json={"id": "u"})).status_code == 201
    await client.delete("/v1/sessions/t")
    after = (await client.get(PATH.replace("/t/", "/u/"))).json()["data"]
    assert [each | {"session_id": "t"} for each in after] == before
    shown = await client.get("/v1/documents?scope=session&session=u&key=state")
    assert shown.json()["value"] == {"a": 1}
    assert not await service.store.read(verify.counters, principal.workspace_id)
    await client.delete("/v1/sessions/u")
    assert (await client.get("/v1/checkpoints")).json()["data"] == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"id": "", "type": "t", "data": ""}, "id"),
        ({"id": "c", "type": "t", "data": "", "facts": {"a": "x" * 20_000}}, "facts"),
        ({"id": "c\x00", "type": "t", "data": ""}, "id"),
    ],
)
async def test_what_is_wrong_with_a_checkpoint_is_said(
    client: httpx.AsyncClient, body: Json, param: str
) -> None:
    answer = await client.post(PATH, json=body | {"session": {}})
    assert answer.status_code in {400, 413}
    assert answer.json()["param"] == param
