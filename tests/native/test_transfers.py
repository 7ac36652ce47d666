"""``/v1/export`` and ``/v1/import``: what goes out comes back, and bad files say why."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from hansard.access import Principal
from hansard.native import transfers
from hansard.service import Service
from tests.support.serving import serving

TALK = [{"role": "user", "content": "Where is A-7?"}, {"role": "assistant", "content": "In Oslo."}]


async def imported(client: httpx.AsyncClient, body: bytes, **params: Any) -> dict[str, Any]:
    answer = await client.post("/v1/import", content=body, params=params)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def key_of(service: Service, workspace: str, **narrowed: str) -> str:
    """A key of a workspace that is made when it is not there yet."""
    principal = service.workspaces.operator(await service.workspaces.create(workspace))
    return (
        await service.keys.create(
            principal,
            "other",
            ("sessions:read", "sessions:write", "export"),
            **narrowed,  # type: ignore[arg-type]  # the cases name user_id or app
        )
    )[0]


async def test_an_export_comes_back_in_another_workspace(
    client: httpx.AsyncClient, service: Service
) -> None:
    for number in range(25):
        await client.post(
            "/v1/sessions", json={"id": f"s-{number}", "channel": "web" if number % 2 else "api"}
        )
        await client.post(
            f"/v1/sessions/s-{number}/messages",
            json={"messages": [{"role": "user", "text": f"m{number}"}]},
        )
    answer = await client.get("/v1/export", params={"channel": "web"})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = answer.content.splitlines()
    assert [json.loads(line)["session"]["own_id"] for line in lines] == [
        f"s-{number}" for number in range(1, 25, 2)
    ]
    client.headers["Authorization"] = f"Bearer {await key_of(service, 'elsewhere')}"
    assert (await imported(client, answer.content))["new"] == 12
    assert (await client.get("/v1/export")).content == answer.content


OWNERS: list[dict[str, str]] = [
    {"scope": "user", "user": "ada"},
    {"scope": "user", "user": "ada", "app": "shop"},
    {"scope": "app", "app": "shop"},
    {"scope": "workspace"},
]


async def test_documents_that_belong_to_no_session_come_back_as_they_were(
    client: httpx.AsyncClient, service: Service
) -> None:
    for owner in OWNERS:
        for value in (1, {"b": None, "a": owner}):
            params = owner | {"key": "state/žluť"}
            await client.put("/v1/documents", params=params, json={"value": value})
    blob = {"base64": "AP8=", "type": "image/png", "expires_at": "2999-01-01T00:00:00Z"}
    await client.put("/v1/documents", params=OWNERS[0] | {"key": "b"}, json=blob)
    await client.post("/v1/sessions", json={"id": "s"})
    whole = (await client.get("/v1/export")).content
    assert len(whole.splitlines()) == 1 + 5
    assert len((await client.get("/v1/export", params={"channel": "web"})).content) == 0
    client.headers["Authorization"] = f"Bearer {await key_of(service, 'documents elsewhere')}"
    reports = [await imported(client, whole) for _ in range(2)]
    assert [(each["new"], each["documents"], each["bad"]) for each in reports] == [
        (1, 5, 0), (0, 0, 0),
    ]  # fmt: skip
    assert (await client.get("/v1/export")).content == whole
    alone = b"\n".join(line for line in whole.splitlines() if b'"document"' in line)
    assert (await imported(client, alone))["documents"] == 0


async def test_a_document_without_its_owner_is_bad(client: httpx.AsyncClient) -> None:
    document = {"key": "k", "revision": 1, "created_at": "2026-01-01T00:00:00Z", "text": "1"}
    document |= {"updated_at": document["created_at"], "scope": "app", "app": "shop"}
    lines = [
        {"hansard": 1, "document": document | change}
        for change in ({}, {"scope": "user"}, {"scope": "workspace", "user": "ada"}, {"text": "{"})
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    report = await imported(client, body)
    assert (report["documents"], report["bad"]) == (1, 3)


async def test_an_empty_export_is_empty(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/export")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_a_file_is_imported_once_however_often_it_is_sent(client: httpx.AsyncClient) -> None:
    body = gzip.compress(
        json.dumps([{"id": "a", "messages": TALK}, {"id": "b", "messages": TALK}]).encode()
    )
    assert await imported(client, body, channel="phone") == {
        "new": 2,
        "same": 0,
        "updated": 0,
        "bad": 0,
        "messages": 4,
        "documents": 0,
        "problems": [],
    }
    assert (await imported(client, body))["same"] == 2
    assert (await client.get("/v1/sessions/a")).json()["channel"] == "phone"


async def test_a_dry_run_writes_nothing(client: httpx.AsyncClient) -> None:
    assert (
        await imported(client, json.dumps([{"id": "a", "messages": TALK}]).encode(), dry_run="true")
    )["new"] == 1
    assert (await client.get("/v1/sessions/a")).status_code == 404


async def test_bad_records_are_told_with_their_reasons(client: httpx.AsyncClient) -> None:
    done = await imported(client, json.dumps([{"id": "a", "messages": TALK}, {"no": 1}]).encode())
    assert (done["new"], done["bad"]) == (1, 1)
    assert [(item["record"], item["reason"][:19]) for item in done["problems"]] == [
        (2, "no list of messages")
    ]


async def test_times_without_an_offset_are_of_the_zone_that_is_named(
    client: httpx.AsyncClient,
) -> None:
    body = json.dumps([{"id": "a", "created_at": "2026-07-01T12:00:00", "messages": TALK}]).encode()
    await imported(client, body, tz="Europe/Berlin")
    assert (await client.get("/v1/sessions/a")).json()["created_at"] == "2026-07-01T10:00:00Z"


@pytest.mark.parametrize(
    ("body", "params"),
    [(b" [ ]\n", {}), (b"[]", {"format": "hansard"}), (b"", {"format": "hansard"})],
)
async def test_an_export_without_sessions_comes_back(
    client: httpx.AsyncClient, body: bytes, params: dict[str, str]
) -> None:
    assert await imported(client, body, **params) == {
        "new": 0,
        "same": 0,
        "updated": 0,
        "bad": 0,
        "messages": 0,
        "documents": 0,
        "problems": [],
    }


@pytest.mark.parametrize(
    ("body", "params", "words"),
    [
        (b"hello", {}, "of no known format"),
        (b"", {}, "the body is empty: there is nothing to import"),
        (b" [ \n", {}, "the body is of no known format"),
        (gzip.compress(b"", mtime=0), {}, "the body is empty: there is nothing to import"),
        (gzip.compress(b"[]", mtime=0)[:-9], {}, "of no known format"),
        (b"[]", {"format": "word"}, "unknown format 'word'"),
        (b"[]", {"tz": "Mars/Base"}, "unknown time zone"),
        (b"[]", {"dry_run": "perhaps"}, "dry_run"),
    ],
)
async def test_what_cannot_be_imported_is_400(
    client: httpx.AsyncClient, body: bytes, params: dict[str, str], words: str
) -> None:
    answer = await client.post("/v1/import", content=body, params=params)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


async def test_a_form_is_415_and_told_what_to_send(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/import", files={"file": ("a.json", b"[]")})
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (
        415,
        "unsupported_media_type",
        "Content-Type",
    )
    assert "--data-binary @FILE" in answer.json()["detail"]


async def test_a_body_that_is_too_large_is_413(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/import", content=b" " * (transfers.BODY + 1))).status_code == 413


async def test_what_unpacks_to_too_much_is_cut_and_said(client: httpx.AsyncClient) -> None:
    record = {"messages": TALK, "note": "x" * 100_000}
    records = [record | {"id": f"s-{number}"} for number in range(200)]
    done = await imported(client, gzip.compress(json.dumps(records).encode()))
    assert 150 < done["new"] < 200
    assert done["problems"][-1]["reason"] == (
        "it unpacks to more than 200 times its size, as no export does; the rest of it is not read"
    )


async def test_both_need_their_scopes_and_a_key_for_everybody(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    client.headers["Authorization"] = (
        f"Bearer {(await service.keys.create(principal, 'reads', ('sessions:read',)))[0]}"
    )
    assert (await client.get("/v1/export")).status_code == 403
    assert (await client.post("/v1/import", content=b"[]")).status_code == 403
    client.headers["Authorization"] = f"Bearer {await key_of(service, 'narrow', user_id='ann')}"
    body = json.dumps([{"id": "a", "messages": TALK}]).encode()
    assert (await client.post("/v1/import", content=body)).json()["code"] == "narrowed_key"


async def test_both_are_in_the_audit_log(client: httpx.AsyncClient) -> None:
    await imported(client, json.dumps([{"id": "a", "messages": TALK}]).encode())
    await client.get("/v1/export")
    noted = (await client.get("/v1/audit")).json()["data"]
    assert {"sessions.imported", "sessions.exported"} <= {item["action"] for item in noted}


def line_of(**fields: Any) -> bytes:
    """A line of our own format with these fields of the session, or runs and messages."""
    times = dict.fromkeys(("created_at", "updated_at", "active_at"), "2024-01-01T00:00:00Z")
    runs = [
        {"created_at": times["created_at"], "updated_at": times["updated_at"]} | run
        for run in fields.pop("runs", [])
    ]
    session = {"id": HERE, "version": 3, "kind": "session", "resolution": "open"} | times | fields
    return json.dumps({"hansard": 1, "session": session, "runs": runs}).encode()


HERE = "0190163d-8694-739b-aea5-966c26f8ad91"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "running"}, "no run of it is"),
        (
            {"state": "running", "run_id": "r", "runs": [{"id": "r", "state": "completed"}]},
            "no run of it is",
        ),
        ({"state": "odd"}, "session.state is 'odd'"),
        ({"message_count": 7}, "message_count is 7"),
        ({"version": 2**63 - 1}, "session.version must be from 0 to"),
        ({"input_tokens": -1}, "session.input_tokens must be from 0 to"),
        ({"user_id": "a\x00b"}, "session: user_id contains a NUL character"),
        ({"parent_id": HERE}, "session.parent_id is the session itself"),
    ],
)
async def test_a_line_that_no_store_could_have_written_is_set_aside(
    client: httpx.AsyncClient, fields: dict[str, Any], words: str
) -> None:
    """Such as a session that is running without a run: nobody would ever end it."""
    result = await imported(client, line_of(**fields) + b"\n" + line_of(id=HERE.replace("0", "1")))
    assert (result["new"], result["bad"]) == (1, 1)
    assert words in result["problems"][0]["reason"]


async def test_a_session_that_is_its_own_parent_is_deleted(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    """No API makes one, and a store that has one from elsewhere gets rid of it."""
    created = (await client.post("/v1/sessions", json={"id": "loop"})).json()
    ident = created["uid"].removeprefix("ses_")
    (snapshot,) = await service.transfers.take(principal, [ident])
    await client.delete("/v1/sessions/loop")
    looped = msgspec.structs.replace(
        snapshot, session=msgspec.structs.replace(snapshot.session, parent_id=ident)
    )
    await service.transfers.restore(principal, [looped])
    assert (await client.get("/v1/sessions/loop")).json()["parent"] == created["uid"]
    assert (await client.delete("/v1/sessions/loop")).status_code == 200
    assert (await client.get("/v1/sessions/loop")).status_code == 404


def test_an_export_breaks_off_when_its_key_is_revoked(tmp_path: Path) -> None:
    """It must not look complete: the connection ends in the middle of the answer."""
    text = "x" * 400_000
    with (
        serving(tmp_path) as served,
        httpx.Client(
            base_url=served.url, headers={"Authorization": f"Bearer {served.key}"}
        ) as http_client,
    ):
        for number in range(60):  # far more than the buffers between the two hold
            message = {"messages": [{"role": "user", "text": text}]}
            http_client.post("/v1/sessions", json={"id": f"s-{number}"}).raise_for_status()
            http_client.post(f"/v1/sessions/s-{number}/messages", json=message).raise_for_status()
        created = http_client.post("/v1/keys", json={"name": "out", "scopes": ["export"]}).json()
        headers = {
            "Authorization": f"Bearer {created['key']}",
            "Accept-Encoding": "identity",  # packed, all of it would be in the buffers
        }
        with http_client.stream("GET", "/v1/export", headers=headers) as answer:
            chunks = answer.iter_bytes()
            received = [next(chunks)]
            http_client.delete(f"/v1/keys/{created['id']}").raise_for_status()
            time.sleep(1.1)  # the key is looked at once a second
            with pytest.raises(httpx.RemoteProtocolError):
                received.extend(chunks)
        assert sum(map(len, received)) < 60 * len(text)
