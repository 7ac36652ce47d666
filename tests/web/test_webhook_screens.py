"""A webhook is tested from the page, by a form: what was sent is shown, and what was answered."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator

import pytest

from hansard.access import Principal
from hansard.service import Service
from hansard.service.webhook_sender import Sender
from tests.web.conftest import Reader


class Receiver:
    """An address that keeps what comes and answers with one status."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.url = ""
        self.requests: list[bytes] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        self.requests.append(head + await reader.readexactly(int(length[1]) if length else 0))
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()
        await writer.wait_closed()


@pytest.fixture(params=["204 No Content", "500 Internal Server Error"])
async def receiver(request: pytest.FixtureRequest) -> AsyncIterator[Receiver]:
    receiving = Receiver(request.param)
    listening = await asyncio.start_server(receiving.answer, "127.0.0.1", 0)
    receiving.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook"
    yield receiving
    listening.close()
    await listening.wait_closed()


async def test_a_test_shows_what_was_sent_and_what_was_answered(
    reader: Reader, service: Service, principal: Principal, receiver: Receiver
) -> None:
    webhook = await service.webhooks.create(principal, receiver.url, ["run.finished"])
    settings = (await reader.get("/ui/settings")).text
    assert f'action="/ui/webhooks/{webhook.id}/test"' in settings
    assert receiver.url in settings
    sender = Sender(allow_private=True)

    async def deliver() -> None:
        while not receiver.requests:
            await service.webhooks.work(sender)
            await asyncio.sleep(0.01)

    answer, _ = await asyncio.gather(reader.post(f"/ui/webhooks/{webhook.id}/test"), deliver())
    await sender.close()
    assert (answer.status_code, answer.headers["location"]) == (303, f"/ui/webhooks/{webhook.id}")
    page = (await reader.get(answer.headers["location"])).text
    (request,) = receiver.requests
    head, _, body = request.decode().partition("\r\n\r\n")
    assert body in html.unescape(page)
    sent_id = re.search(r"webhook-id: (\S+)", head)
    assert sent_id is not None
    assert f"webhook-id: {sent_id[1]}" in page
    assert f"HTTP {receiver.status[:3]}" in page


async def test_only_who_manages_webhooks_sees_them(
    reader: Reader, service: Service, principal: Principal
) -> None:
    webhook = await service.webhooks.create(principal, "https://example.com/hook", [])
    text, _ = await service.keys.create(principal, "reader", ["sessions:read"])
    await reader.sign_in(text)
    assert "example.com" not in (await reader.get("/ui/settings")).text
    assert (await reader.get(f"/ui/webhooks/{webhook.id}")).status_code == 403
    assert (await reader.post(f"/ui/webhooks/{webhook.id}/test")).status_code == 403
    narrow, _ = await service.keys.create(
        principal, "narrow", ["sessions:read", "keys:admin"], app="acme"
    )
    await reader.sign_in(narrow)
    assert "example.com" not in (await reader.get("/ui/settings")).text
    assert (await reader.get(f"/ui/webhooks/{webhook.id}")).status_code == 403


async def test_an_unknown_webhook_is_not_there(reader: Reader) -> None:
    assert (await reader.get("/ui/webhooks/wh_none")).status_code == 404
    assert (await reader.post("/ui/webhooks/wh_none/test")).status_code == 404
