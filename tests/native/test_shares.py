"""Links to one session for whoever has them: off by default, read-only, ending."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hansard.access import Principal
from hansard.errors import NotFound
from hansard.model import SessionPatch
from hansard.model.times import rfc3339
from hansard.service import Service
from hansard.service.shares import Shares
from tests.conftest import client_of

SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def share(
    client: httpx.AsyncClient, expires_at: str = SOON, session: str = "a"
) -> httpx.Response:
    return await client.post(f"/v1/sessions/{session}/shares", json={"expires_at": expires_at})


@pytest.fixture
async def session(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "a", "title": "Shown"})


async def test_sharing_is_off_until_the_workspace_says_so(
    client: httpx.AsyncClient, session: None
) -> None:
    refused = (await share(client)).json()
    assert refused["code"] == "sharing_off"
    assert 'PATCH /v1/workspace with {"settings": {"sharing": true}}' in refused["detail"]


async def test_a_link_shows_one_session_until_it_is_revoked(
    client: httpx.AsyncClient, session: None, service: Service
) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    created = (await share(client)).json()
    page = await client.get(created["path"], headers={"Authorization": ""})
    assert page.status_code == 200
    assert "Shown" in page.text
    listed = (await client.get("/v1/sessions/a/shares")).json()["data"]
    assert [item["id"] for item in listed] == [created["id"]]
    assert "path" not in listed[0]
    assert (await client.delete(f"/v1/sessions/a/shares/{created['id']}")).json()["revoked"] is True
    assert (await client.get(created["path"])).status_code == 404
    assert (await client.delete("/v1/sessions/a/shares/none")).status_code == 404


async def test_a_link_ends_with_its_time_its_setting_and_its_session(
    client: httpx.AsyncClient, session: None, service: Service, principal: Principal
) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    name = (await share(client)).json()["path"].removeprefix("/s/")
    assert (await service.shares.open(name))[1].title == "Shown"
    for wrong in (
        "",
        "x",
        name[:-1] + ("a" if name[-1] != "a" else "b"),
        name.replace(".", ".0", 1),
        "0" * 32 + name[32:],
        "ü",
    ):
        with pytest.raises(NotFound):
            await service.shares.open(wrong)
    await client.patch("/v1/workspace", json={"settings": {"sharing": False}})
    with pytest.raises(NotFound):
        await service.shares.open(name)
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    await client.delete("/v1/sessions/a")
    with pytest.raises(NotFound):
        await service.shares.open(name)


@pytest.fixture
async def shared(client: httpx.AsyncClient, session: None) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})


SHARING = ("sessions:read", "sessions:write")


async def test_a_link_ends_with_the_key_that_made_it(
    client: httpx.AsyncClient, shared: None, service: Service, principal: Principal
) -> None:
    text, key = await service.keys.create(principal, "sharing", SHARING)
    async with client_of(service, text) as maker:
        path = (await share(maker)).json()["path"]
    assert (await client.get(path)).status_code == 200
    await service.keys.revoke(principal, key.id)
    assert (await client.get(path)).status_code == 404
    listed = (await client.get("/v1/sessions/a/shares")).json()["data"]
    assert [item["created_by"] for item in listed if item["revoked_at"]] == [key.id]


async def test_a_link_lasts_no_longer_than_its_key(
    client: httpx.AsyncClient, shared: None, service: Service, principal: Principal
) -> None:
    ends = service.clock() + 3_600_000_000
    text, _ = await service.keys.create(principal, "brief", SHARING, expires_at=ends)
    async with client_of(service, text) as maker:
        created = (await share(maker)).json()
    assert created["expires_at"] == rfc3339(ends)
    assert (await client.get("/v1/sessions/a/shares")).json()["data"][0]["expires_at"] == rfc3339(
        ends
    )
    name = created["path"].removeprefix("/s/")
    later = Shares(service.store, service.secret, lambda: ends)
    before = Shares(service.store, service.secret, lambda: ends - 1)
    assert (await before.open(name))[2].id == created["id"]
    with pytest.raises(NotFound):
        await later.open(name)


async def test_a_link_of_a_narrowed_key_shows_no_more_than_the_key(
    client: httpx.AsyncClient, shared: None, service: Service, principal: Principal
) -> None:
    await client.post("/v1/sessions", json={"id": "hers", "user": "ann"})
    text, key = await service.keys.create(principal, "narrow", SHARING, user_id="ann")
    async with client_of(service, text) as maker:
        assert (await share(maker)).status_code == 404
        path = (await share(maker, session="hers")).json()["path"]
    reader, session, _ = await service.shares.open(path.removeprefix("/s/"))
    assert (reader.user_id, session.own_id) == ("ann", "hers")
    assert (await client.get(path)).status_code == 200
    for user_id, status in (("bob", 404), ("ann", 200)):
        await service.sessions.update(principal, "hers", SessionPatch(user_id=user_id))
        assert (await client.get(path)).status_code == status
    await service.keys.revoke(principal, key.id)
    assert (await client.get(path)).status_code == 404


async def test_a_key_that_may_not_read_makes_no_link_to_read_by(
    shared: None, service: Service, principal: Principal
) -> None:
    text, _ = await service.keys.create(principal, "writing", ("sessions:write",))
    async with client_of(service, text) as maker:
        refused = await share(maker)
    assert (refused.status_code, refused.json()["scope"]) == (403, "sessions:read")


async def test_those_who_run_the_store_make_links_without_a_key(
    shared: None, service: Service, principal: Principal
) -> None:
    name, _ = await service.shares.create(
        principal, "a", expires_at=service.clock() + 3_600_000_000
    )
    assert (await service.shares.open(name))[1].title == "Shown"


@pytest.mark.parametrize("expires_at", ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
async def test_a_link_must_end_within_a_year(
    client: httpx.AsyncClient, session: None, expires_at: str
) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    assert (await share(client, expires_at)).status_code == 400


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAA"
    "AABJRU5ErkJggg=="
)
SECRETS = {
    "user": "ann@example.com",
    "model": "gpt-secret",
    "cost": "$12.50",
    "tools": "A-17",
    "images": "<img",
}


@pytest.fixture
async def whole(client: httpx.AsyncClient) -> None:
    """A session with all that a link can leave out."""
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    await client.post("/v1/sessions", json={"id": "a", "user": SECRETS["user"]})
    parts = [
        {"type": "text", "content": "Here it is"},
        {"type": "tool_call", "id": "c", "name": "look", "arguments": {"order": SECRETS["tools"]}},
        {"type": "blob", "content": PIXEL, "mime_type": "image/png", "modality": "image"},
    ]
    message = {
        "role": "assistant",
        "parts": parts,
        "model": SECRETS["model"],
        "usage": {"cost_usd": 12.5, "output_tokens": 7},
    }
    answer = await client.post("/v1/sessions/a/messages", json={"messages": [message]})
    assert answer.status_code == 201


async def test_a_link_leaves_out_what_its_maker_chose(
    client: httpx.AsyncClient, whole: None
) -> None:
    body = {"expires_at": SOON}
    for hidden in ([], *([name] for name in SECRETS), [*SECRETS]):
        created = (await client.post("/v1/sessions/a/shares", json=body | {"hides": hidden})).json()
        assert created["hides"] == sorted(hidden)
        page = (await client.get(created["path"], headers={"Authorization": ""})).text
        assert "Here it is" in page
        assert {name for name, text in SECRETS.items() if text not in page} == set(hidden)
    refused = await client.post("/v1/sessions/a/shares", json=body | {"hides": ["title"]})
    assert refused.status_code == 400


async def test_a_picture_comes_with_the_link_unless_it_is_left_out(
    client: httpx.AsyncClient, whole: None
) -> None:
    nobody = {"Authorization": ""}
    message = (await client.get("/v1/sessions/a/messages")).json()["data"][0]["id"]
    for hidden, status in (([], 200), (["images"], 404)):
        body = {"expires_at": SOON, "hides": hidden}
        path = (await client.post("/v1/sessions/a/shares", json=body)).json()["path"]
        picture = await client.get(f"{path}/{message}/2", headers=nobody)
        assert picture.status_code == status
        assert (await client.get(f"{path}x/{message}/2", headers=nobody)).status_code == 404


HIDDEN_BY_NOBODY = {
    "run error": "psycopg: password=hunter2",
    "unknown part": "card-4711",
    "file id": "file-4711",
    "metadata": "meta-4711",
    "trail": "trail-4711",
    "own id": "+49170",
    "assignee": "clerk-4711",
}


async def test_a_link_shows_nothing_that_nobody_can_hide(client: httpx.AsyncClient) -> None:
    secrets = HIDDEN_BY_NOBODY
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    body = {
        "id": secrets["own id"],
        "title": "Shown",
        "metadata": {"key": secrets["metadata"]},
        "trail": [{"intent": secrets["trail"]}],
        "assignee": secrets["assignee"],
    }
    name = (await client.post("/v1/sessions", json=body)).json()["uid"]
    parts = [
        {"type": "text", "content": "Here it is"},
        {"type": "card", "value": secrets["unknown part"]},
        {"type": "file", "file_id": secrets["file id"], "name": "bill.pdf"},
    ]
    messages = [{"role": "assistant", "parts": parts}]
    await client.post(f"/v1/sessions/{name}/messages", json={"messages": messages})
    await client.post(f"/v1/sessions/{name}/runs", json={"id": "r"})
    ended = {"state": "failed", "error": secrets["run error"]}
    finished = await client.post(f"/v1/sessions/{name}/runs/r/finish", json=ended)
    assert finished.status_code == 200
    path = (await share(client, session=name)).json()["path"]
    page = (await client.get(path, headers={"Authorization": ""})).text
    assert all(text in page for text in ("Shown", "Here it is", "bill.pdf"))
    assert [what for what, text in secrets.items() if text in page] == []


async def test_hidden_images_take_links_to_images_along(client: httpx.AsyncClient) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    await client.post("/v1/sessions", json={"id": "a"})
    uri = {"type": "uri", "uri": "https://host.test/1"}
    parts = [
        uri | {"name": "a picture", "modality": "image"},
        uri | {"name": "by its type", "mime_type": "image/png"},
        uri | {"name": "who knows"},
        uri | {"name": "a recording", "modality": "audio"},
    ]
    messages = [{"role": "user", "parts": parts}]
    await client.post("/v1/sessions/a/messages", json={"messages": messages})
    names = [part["name"] for part in parts]
    for hidden, expected in (([], names), (["images"], ["a recording"])):
        body = {"expires_at": SOON, "hides": hidden}
        path = (await client.post("/v1/sessions/a/shares", json=body)).json()["path"]
        page = (await client.get(path, headers={"Authorization": ""})).text
        assert [name for name in names if name in page] == expected


async def test_what_a_tool_said_in_words_or_pictures_is_hidden_with_the_tools(
    client: httpx.AsyncClient,
) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    await client.post("/v1/sessions", json={"id": "a"})
    picture = {"type": "blob", "content": PIXEL, "mime_type": "image/png", "modality": "image"}
    parts = [{"type": "text", "content": "order A-17"}, picture]
    messages = [{"role": "tool", "parts": parts}]
    await client.post("/v1/sessions/a/messages", json={"messages": messages})
    message = (await client.get("/v1/sessions/a/messages")).json()["data"][0]["id"]
    for hidden, status in (([], 200), (["tools"], 404)):
        body = {"expires_at": SOON, "hides": hidden}
        path = (await client.post("/v1/sessions/a/shares", json=body)).json()["path"]
        page = (await client.get(path, headers={"Authorization": ""})).text
        assert ("A-17" in page, "<img" in page) == (status == 200, status == 200)
        image = await client.get(f"{path}/{message}/1", headers={"Authorization": ""})
        assert image.status_code == status


async def test_a_link_leads_to_every_message_of_a_long_session(
    client: httpx.AsyncClient, session: None
) -> None:
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    for begin in range(1, 502, 100):
        texts = [f"text {number}." for number in range(begin, min(begin + 100, 502))]
        messages = [{"role": "user", "text": text} for text in texts]
        await client.post("/v1/sessions/a/messages", json={"messages": messages})
    path = (await share(client)).json()["path"]
    query, seqs = "", list[int]()
    for _ in range(3):
        page = (await client.get(path + query, headers={"Authorization": ""})).text
        seqs = [int(seq) for seq in re.findall(r'id="m(\d+)"', page)] + seqs
        earlier = re.search(r'href="(\?before=\d+)"', page)
        query = earlier[1] if earlier else ""
    assert query == ""
    assert seqs == list(range(1, 502))
    first = (await client.get(f"{path}?after=0", headers={"Authorization": ""})).text
    assert 'href="?after=200"' in first
