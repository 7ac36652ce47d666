"""Items: the foreign original of a message is kept byte for byte."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from hansard.store import steps
from hansard.store.steps import Steps
from hansard.store.verbs import verify
from tests.conftest import NUMBERS, client_of

ODD = b'{"type":"reasoning",  "summary":[], "n":1.0, "b":null,\n"a":"\\u00e9"}'
SURROGATE = b'{"text":"\\ud800", "a":1, "a":2}'


def body(*messages: str, more: str = "") -> bytes:
    return f'{{"messages":[{",".join(messages)}]{more}}}'.encode()


def itemed(item: bytes, role: str = "assistant") -> str:
    return f'{{"role":"{role}","text":"words","item":{{"format":"x.y","data":{item.decode()}}}}}'


async def append(client: httpx.AsyncClient, content: bytes, session: str = "s") -> httpx.Response:
    return await client.post(f"/v1/sessions/{session}/messages", content=content)


async def test_an_item_comes_back_byte_for_byte(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await append(client, body(itemed(ODD)))
    assert answer.status_code == 201, answer.text
    assert "item" not in answer.json()["data"][0]
    plain = await client.get("/v1/sessions/s/messages")
    assert "item" not in plain.json()["data"][0]
    for path in ("messages?items=true", "messages/1?items=true"):
        shown = await client.get(
            f"/v1/sessions/s/{path.replace('/1', '/' + answer.json()['data'][0]['id'])}"
        )
        assert b'"item":{"format":"x.y","data":' + ODD + b"}" in shown.content


async def test_bytes_that_no_json_holds_come_back(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    item = {"format": "claude.entry", "base64": b64encode(SURROGATE).decode()}
    await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": "a", "client_id": "c1", "item": item}]},
    )
    shown = (await client.get("/v1/sessions/s/messages/c1?items=true")).json()
    assert shown["item"] == item


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "user", "text": "a", "item": {"format": "x"}}, "messages[0].item.data"),
        (
            {"role": "user", "text": "a", "item": {"format": "x", "data": 1, "base64": "QQ=="}},
            "messages[0].item.data",
        ),
        (
            {"role": "user", "text": "a", "item": {"format": "", "data": 1}},
            "messages[0].item.format",
        ),
        ({"role": "usr", "text": "a"}, "messages[0].role"),
        ({"role": "User", "text": "a", "item": {"format": "x", "data": 1}}, "messages[0].role"),
    ],
)
async def test_what_is_wrong_with_an_item_is_said(
    client: httpx.AsyncClient, message: dict[str, Any], param: str
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await client.post("/v1/sessions/s/messages", json={"messages": [message]})
    assert answer.status_code == 400
    assert answer.json()["param"] == param


async def test_a_foreign_role_stays_what_it_is(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await append(
        client, body('{"role":"developer","text":"be brief"}', itemed(b"1", "critic"))
    )
    assert [each["role"] for each in answer.json()["data"]] == ["developer", "critic"]
    listed = (await client.get("/v1/sessions/s/messages")).json()["data"]
    assert [each["role"] for each in listed] == ["developer", "critic"]
    for kind in ("anthropic", "gemini"):  # which know no developer: it is the system's
        context = (await client.get(f"/v1/sessions/s/context?format={kind}")).json()["request"]
        system = context.get("system") or context["systemInstruction"]
        assert "be brief" in str(system)
        assert "be brief" not in str(context.get("messages") or context["contents"])
    chat = (await client.get("/v1/sessions/s/context?format=openai")).json()["request"]["messages"]
    assert [message["role"] for message in chat] == ["developer", "assistant"]


async def test_a_page_with_items_has_a_bound_in_bytes(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    large = b'"' + b"x" * (5 << 20) + b'"'
    for _ in range(3):
        await append(client, body(itemed(large)))
    page = (await client.get("/v1/sessions/s/messages?items=true")).json()
    assert len(page["data"]) == 1
    assert page["has_more"]
    seqs = [each["seq"] for each in page["data"]]
    while page["has_more"]:
        page = (
            await client.get(
                "/v1/sessions/s/messages", params={"items": True, "cursor": page["next_cursor"]}
            )
        ).json()
        seqs += [each["seq"] for each in page["data"]]
    assert seqs == [1, 2, 3]


async def test_an_append_starts_its_session_in_the_same_call(client: httpx.AsyncClient) -> None:
    start = ', "session": {"channel": "Web", "user": "ada", "metadata": {"a": 1}}'
    first = await append(client, body('{"role":"user","text":"hello"}', more=start))
    assert first.status_code == 201, first.text
    again = await append(
        client, body('{"role":"user","text":"again"}', more=', "session": {"title": "Other"}')
    )
    assert [each["seq"] for each in again.json()["data"]] == [2]
    other = await append(
        client, body('{"role":"user","text":"mine"}', more=', "session": {"user": "bob"}')
    )
    assert (other.status_code, other.json()["code"]) == (409, "session_exists")
    session = (await client.get("/v1/sessions/s")).json()
    assert (session["channel"], session["user"], session["title"]) == ("web", "ada", "hello")
    missing = await append(client, body('{"role":"user","text":"hello"}'), session="t")
    assert missing.status_code == 404


async def test_a_refused_append_starts_no_session(client: httpx.AsyncClient) -> None:
    more = ', "session": {}, "expected_seq": 3'
    answer = await append(client, body('{"role":"user","text":"hello"}', more=more))
    assert (answer.status_code, answer.json()["code"]) == (409, "seq_mismatch")
    assert (await client.get("/v1/sessions/s")).status_code == 404


async def test_a_start_can_refuse_a_session_that_is_there(client: httpx.AsyncClient) -> None:
    refusing = {"id": "s", "if_exists": "refuse"}
    assert (await client.post("/v1/sessions", json=refusing)).status_code == 201
    answer = await client.post("/v1/sessions", json=refusing)
    assert (answer.status_code, answer.json()["code"]) == (409, "session_exists")
    assert (await client.post("/v1/sessions", json={"id": "s"})).status_code == 200


async def test_messages_are_read_by_their_client_ids(client: httpx.AsyncClient) -> None:
    for session, ids in (("s", "ab"), ("t", "bc")):
        await client.post("/v1/sessions", json={"id": session})
        for name in ids:
            message = {"role": "user", "text": name, "client_id": name}
            item = {"item": {"format": "x", "data": {"id": name}}}
            await client.post(
                f"/v1/sessions/{session}/messages", json={"messages": [message | item]}
            )
    answer = (await client.get("/v1/messages?client_id=b&client_id=c&items=true")).json()
    matches = {
        (message["session_id"], message["client_id"], message["item"]["data"]["id"])
        for message in answer["data"]
    }
    assert matches == {("s", "b", "b"), ("t", "b", "b"), ("t", "c", "c")}
    assert (await client.get("/v1/messages?client_id=z")).json()["data"] == []
    assert (await client.get("/v1/messages")).status_code == 400


async def test_a_damaged_item_is_found_by_verify(
    service: Service, principal: Principal, client: httpx.AsyncClient
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    await append(client, body(itemed(ODD)))
    session = await service.sessions.read(principal, "s")
    here = (principal.workspace_id, session.id)
    assert not (await service.store.read(verify.session, *here))[2]

    def damage() -> Steps[None]:
        workspace_id, session_id = here
        position = {"workspace_id": workspace_id, "session_id": session_id, "seq": 1}
        yield from steps.run("message_item_delete", **position)
        yield from steps.run("message_item_put", **position, encoding="json", data=b"{}")

    await service.store.write(damage)
    assert [fault.seq for fault in (await service.store.read(verify.session, *here))[2]] == [1]


async def moved(client: httpx.AsyncClient, service: Service) -> httpx.AsyncClient:
    """A client of another workspace, with what the first one exports."""
    other = await service.workspaces.create(f"other-{next(NUMBERS)}")
    operator = service.workspaces.operator(other)
    there = client_of(service, (await service.keys.create(operator, "tests", ALL_SCOPES))[0])
    await bring(client, there)
    return there


async def bring(client: httpx.AsyncClient, there: httpx.AsyncClient) -> dict[str, Any]:
    exported = await client.get("/v1/export")
    answer = await there.post("/v1/import", content=exported.content)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    assert report["bad"] == 0, answer.text
    assert (await there.get("/v1/export")).content == exported.content
    return report


async def test_items_and_edits_survive_an_export_and_an_import(
    client: httpx.AsyncClient, service: Service
) -> None:
    start = ', "session": {}'
    await append(client, body(itemed(ODD), itemed(b"1", "critic"), more=start))
    await append(
        client, b'{"messages":[{"role":"user","parts":[\n{"type":"text","content":"x"}]}]}'
    )
    item = {"format": "x", "base64": b64encode(SURROGATE).decode()}
    await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": "a", "client_id": "c", "item": item}]},
    )
    there = await moved(client, service)
    await client.put("/v1/sessions/s/messages/c", json={"role": "user", "text": "b"})
    assert (await bring(client, there))["updated"] == 1
    await append(client, body('{"role":"user","text":"on"}'))
    await client.put("/v1/sessions/s/messages/c", json={"role": "user", "text": "c"})
    await bring(client, there)
    shown = await there.get("/v1/sessions/s/messages?items=true")
    assert shown.content == (await client.get("/v1/sessions/s/messages?items=true")).content
    for each in (client, there):
        session = (await each.get("/v1/sessions/s")).json()["uid"].removeprefix("ses_")
        matches = (await each.get("/v1/workspace")).json()["id"].removeprefix("ws_")
        assert not (await service.store.read(verify.session, matches, session))[2]
    await there.aclose()


async def test_a_copy_has_the_items_and_stays_without_its_original(
    client: httpx.AsyncClient,
) -> None:
    await append(client, body(itemed(ODD), itemed(b"2"), more=', "session": {"title": "T"}'))
    answer = await client.post("/v1/sessions/s/copy", json={"id": "t"})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["parent"], answer.json()["title"]) == (None, "T")
    await client.delete("/v1/sessions/s")
    shown = await client.get("/v1/sessions/t/messages?items=true")
    assert ODD in shown.content
    assert [each["item"]["data"] for each in shown.json()["data"]][1] == 2


async def test_an_erased_person_leaves_no_item(client: httpx.AsyncClient, service: Service) -> None:
    await append(client, body(itemed(b'"secretive"'), more=', "session": {"user": "ada"}'))
    await client.delete("/v1/users/ada")

    def left() -> Steps[int]:
        return int(
            (
                yield from steps.composed(
                    "select count(*) from message_items"
                    " where cast(data as text) like '%secretive%'",
                    {},
                )
            )[0][0]
        )

    if service.store.url.startswith("sqlite"):
        assert await service.store.read(left) == 0
