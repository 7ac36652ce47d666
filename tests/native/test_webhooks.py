"""Webhooks are told what happens: signed, tried again, replayed, and never on a private network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook as Verifier

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from hansard.service.webhook_sender import Sender, is_public
from hansard.service.webhooks import PAUSES, Webhooks
from hansard.store.steps import Steps
from tests.conftest import client_of

Json = dict[str, Any]
PUBLIC = "93.184.216.34"


@dataclass
class Receiver:
    """What an address got, and what it answers."""

    status: int = 204
    got: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        return httpx.Response(self.status, headers={"location": "http://127.0.0.1/"})

    @property
    def types(self) -> list[str]:
        return [json.loads(request.content)["type"] for request in self.got]


@dataclass
class Clock:
    """The store's clock, moved by hand."""

    now: int = 1_790_000_000_000_000

    def __call__(self) -> Steps[int]:
        yield from ()
        return self.now


@dataclass
class Post:
    """Delivers to a receiver as the background task does, at times of the test's choice."""

    webhooks: Webhooks
    receiver: Receiver
    sender: Sender
    clock: Clock

    async def run(self) -> None:
        """Work until there is nothing to do at this time."""
        while await self.webhooks.work(self.sender):
            pass


@pytest.fixture
async def post(lone_service: Service) -> AsyncIterator[Post]:
    receiver, clock = Receiver(), Clock()
    service = lone_service
    service.webhooks = Webhooks(
        service.store, service.secret, service.ids, service.clock, clock, lambda: 0
    )

    async def resolve(host: str, _port: int) -> list[str]:
        return ["10.0.0.1"] if host == "inside.test" else [PUBLIC]

    sender = Sender(resolve=resolve, transport=httpx.MockTransport(receiver.answer))
    yield Post(service.webhooks, receiver, sender, clock)
    await sender.close()


@pytest.fixture
async def api(lone_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    workspace = await lone_service.workspaces.create("acme")
    operator = lone_service.workspaces.operator(workspace)
    key, _ = await lone_service.keys.create(operator, "tests", ALL_SCOPES)
    async with client_of(lone_service, key) as client:
        yield client


async def create(api: httpx.AsyncClient, **fields: Any) -> Json:
    body = {"url": "https://example.test:8443/hook?a=1"} | fields
    answer = await api.post("/v1/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def deliveries(api: httpx.AsyncClient, webhook: Json) -> list[Json]:
    return list((await api.get(f"/v1/webhooks/{webhook['id']}/deliveries")).json()["data"])


async def test_an_address_gets_the_events_it_wants_signed(
    api: httpx.AsyncClient, post: Post
) -> None:
    await api.post("/v1/sessions", json={"id": "before"})
    webhook = await create(api, types=["session.created", "message.appended"])
    await api.post("/v1/sessions", json={"id": "s"})
    await api.post("/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "Hi"}]})
    await api.patch("/v1/sessions/s", json={"title": "Not wanted"})
    await post.run()
    assert sorted(post.receiver.types) == ["message.appended", "session.created"]
    request = post.receiver.got[0]
    assert (request.url.host, request.headers["host"]) == (PUBLIC, "example.test:8443")
    assert request.extensions["sni_hostname"] == "example.test"
    assert request.url.query == b"a=1"
    assert b"Hi" not in b"".join(client.content for client in post.receiver.got)
    stamp = {**request.headers}
    verifier = Verifier(webhook["secret"])
    signature = verifier.sign(stamp["webhook-id"], _at(stamp), request.content.decode())
    assert stamp["webhook-signature"] == signature
    assert {client["state"] for client in await deliveries(api, webhook)} == {"delivered"}


def _at(headers: dict[str, str]) -> Any:
    return datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)


async def test_a_failure_is_tried_again_until_it_is_dead_and_can_be_replayed(
    api: httpx.AsyncClient, post: Post
) -> None:
    webhook = await create(api, types=["session.created"])
    post.receiver.status = 503
    await api.post("/v1/sessions", json={"id": "s"})
    await post.run()
    for pause in PAUSES:
        (delivery,) = await deliveries(api, webhook)
        assert (delivery["state"], delivery["status"]) == ("pending", 503)
        await post.run()
        post.clock.now += pause * 1_000_000
        await post.run()
    (delivery,) = await deliveries(api, webhook)
    assert (delivery["state"], delivery["attempts"]) == ("dead", len(PAUSES) + 1)
    assert len(post.receiver.got) == len(PAUSES) + 1
    assert len({request.headers["webhook-id"] for request in post.receiver.got}) == 1
    post.receiver.status = 200
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{delivery['id']}/replay"
    assert (await api.post(path)).status_code == 202
    await post.run()
    (delivery,) = await deliveries(api, webhook)
    assert delivery["state"] == "delivered"


async def test_nothing_goes_to_a_private_network_nor_behind_a_redirect(
    api: httpx.AsyncClient, post: Post
) -> None:
    inside = await create(api, url="http://inside.test/")
    await api.post(f"/v1/webhooks/{inside['id']}/test")
    await post.run()
    assert post.receiver.got == []
    (delivery,) = await deliveries(api, inside)
    assert delivery["state"] == "pending"
    assert "private address" in delivery["error"]
    outside = await create(api)
    post.receiver.status = 302
    await api.post(f"/v1/webhooks/{outside['id']}/test")
    await post.run()
    assert len(post.receiver.got) == 1
    assert (await deliveries(api, outside))[0]["state"] == "pending"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::5db8:d822",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "fec0::1",
    ],
)
def test_an_address_inside_is_private(address: str) -> None:
    assert not is_public(address)
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
    assert is_public("64:ff9b::93.184.216.34")
    assert is_public("2002:5db8:d822::")


async def test_no_more_webhooks_are_made_at_once_than_one_may_have(api: httpx.AsyncClient) -> None:
    body = {"url": "https://example.test/hook"}
    answers = await asyncio.gather(*(api.post("/v1/webhooks", json=body) for _ in range(30)))
    created = [answer for answer in answers if answer.status_code == 201]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 400}
    assert (len(created), refused) == (20, {"too_many_webhooks"})


async def test_an_address_that_is_gone_is_disabled(api: httpx.AsyncClient, post: Post) -> None:
    webhook = await create(api)
    post.receiver.status = 410
    await api.post(f"/v1/webhooks/{webhook['id']}/test")
    await post.run()
    read = (await api.get(f"/v1/webhooks/{webhook['id']}")).json()
    assert read["disabled_at"] is not None
    await api.post("/v1/sessions", json={"id": "s"})
    await post.run()
    assert len(post.receiver.got) == 1
    await api.patch(f"/v1/webhooks/{webhook['id']}", json={"enabled": True})
    post.receiver.status = 200
    await post.run()
    assert "session.created" in post.receiver.types


async def test_two_servers_send_each_delivery_once(api: httpx.AsyncClient, post: Post) -> None:
    await create(api, types=["session.created"])
    for number in range(5):
        await api.post("/v1/sessions", json={"id": f"s{number}"})
    await asyncio.gather(post.run(), post.run(), post.run())
    assert len(post.receiver.got) == 5


async def test_what_a_webhook_must_be(api: httpx.AsyncClient, lone_service: Service) -> None:
    for fields in (
        {"url": "ftp://example.test/"},
        {"url": "https://user:secret@example.test/"},
        {"url": "nothing"},
        {"url": "https://example.test/", "types": ["session.exploded"]},
    ):
        assert (await api.post("/v1/webhooks", json=fields)).status_code == 400
    webhook = await create(api)
    listed = (await api.get("/v1/webhooks")).json()["data"]
    assert [client["id"] for client in listed] == [webhook["id"]]
    assert "secret" not in listed[0]
    changes = {"url": "https://other.test/", "types": ["run.started"]}
    changed = (await api.patch(f"/v1/webhooks/{webhook['id']}", json=changes)).json()
    assert {name: changed[name] for name in changes} == changes
    assert (await api.delete(f"/v1/webhooks/{webhook['id']}")).status_code == 200
    assert (await api.get(f"/v1/webhooks/{webhook['id']}")).status_code == 404
    workspace = await lone_service.workspaces.named("acme")
    operator: Principal = lone_service.workspaces.operator(workspace)
    narrow, _ = await lone_service.keys.create(operator, "narrow", ALL_SCOPES, app="ours")
    async with client_of(lone_service, narrow) as ours:
        assert (await ours.get("/v1/webhooks")).status_code == 403
