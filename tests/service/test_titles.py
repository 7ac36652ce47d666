"""Titles from elsewhere: asked for once, beside everything, and never over a person's word."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import msgspec
import pytest

from hansard.access import Principal
from hansard.background import answer_of, titling
from hansard.model import MessageDraft, Session, SessionDraft, SessionPatch
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.service.titles import Titles, Words


async def talk(
    service: Service, principal: Principal, name: str, *texts: str, title: str | None = None
) -> str:
    session, _ = await service.sessions.start(principal, SessionDraft(id=name, title=title))
    drafts = [
        MessageDraft(role="assistant" if index % 2 else "user", parts=text_part(text), text=text)
        for index, text in enumerate(texts)
    ]
    await service.messages.append(principal, name, drafts)
    return session.id


class Model:
    """A model that titles by counting, and notes what it was asked."""

    def __init__(self, answer: str | None = " A  better\ntitle ") -> None:
        self.requests: list[tuple[str, list[Words]]] = []
        self._answer = answer

    async def ask(self, session: Session, words: list[Words]) -> str | None:
        self.requests.append((session.name, words))
        if self._answer == "raise":
            raise ValueError("no model today")
        return self._answer


async def title(service: Service, principal: Principal, name: str) -> tuple[str | None, str | None]:
    session = await service.sessions.read(principal, name)
    return session.title, session.title_by


async def test_a_session_is_asked_about_once_after_its_first_answer(
    service: Service, principal: Principal
) -> None:
    model = Model()
    titles = Titles(service, model.ask)
    await talk(service, principal, "before", "hello", "hi")
    await titles.look()
    await talk(service, principal, "waits", "only a question")
    await talk(service, principal, "ripe", "my parcel", "which parcel?")
    await titles.look()
    await talk(service, principal, "ripe", "again")
    await titles.look()
    assert [name for name, _ in model.requests] == ["ripe"]
    assert model.requests[0][1] == [Words("user", "my parcel"), Words("assistant", "which parcel?")]
    assert await title(service, principal, "ripe") == ("A better title", "agent")
    assert await title(service, principal, "before") == ("hello", "auto")


async def test_a_persons_title_stays(service: Service, principal: Principal) -> None:
    model = Model()
    titles = Titles(service, model.ask)
    await titles.look()
    await talk(service, principal, "named", "q", "a", title="Mine")
    await titles.look()
    assert await title(service, principal, "named") == ("Mine", "user")
    assert model.requests == []
    await service.sessions.update(
        principal, "named", SessionPatch(title="theirs", title_by="agent")
    )
    assert await title(service, principal, "named") == ("Mine", "user")


@pytest.mark.parametrize("answer", ["raise", None, ""])
async def test_a_model_that_fails_changes_nothing(
    service: Service, principal: Principal, answer: str | None
) -> None:
    titles = Titles(service, Model(answer).ask)
    await titles.look()
    await talk(service, principal, "s", "q", "a")
    assert await titles.look() == 0
    assert await title(service, principal, "s") == ("q", "auto")


class Answering(BaseHTTPRequestHandler):
    """An endpoint that gives titles."""

    seen: ClassVar[list[dict[str, object]]] = []

    def do_POST(self) -> None:
        self.seen.append(msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"title": "From elsewhere"}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/title"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_title_comes_over_http(
    service: Service, principal: Principal, endpoint: str
) -> None:
    task = asyncio.create_task(titling(service, endpoint))
    titled: list[int] = []
    for number in range(200):  # what was said before its first look is not asked about
        await talk(service, principal, f"far-{number}", "q", "a")
        await asyncio.sleep(0.05)
        if titled := [
            item
            for item in range(number + 1)
            if await title(service, principal, f"far-{item}") == ("From elsewhere", "agent")
        ]:
            break
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert titled
    messages = [{"role": "user", "text": "q"}, {"role": "assistant", "text": "a"}]
    assert {"session_id": f"far-{titled[0]}", "messages": messages} in Answering.seen


class Endless(httpx.AsyncByteStream):
    """An answer without an end, and how many bytes of it were read."""

    def __init__(self) -> None:
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.read += 4096
            yield b" " * 4096


async def test_an_answer_with_a_title_is_read_no_further_than_a_title_is_long() -> None:
    endless = Endless()
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, stream=endless)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(ValueError, match="at most 65536 bytes"):
            await answer_of(client, "http://titles.test/", {})
    assert endless.read <= 128 * 1024
    assert requests[0].headers["accept-encoding"] == "identity", "nothing that unpacks to more"
