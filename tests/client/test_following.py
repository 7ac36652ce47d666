"""What is followed resumes by itself."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from contextlib import aclosing
from pathlib import Path

import pytest

from hansard.client import (
    AsyncHansard,
    Hansard,
    HansardError,
    Message,
    NewMessage,
    NotFound,
    Unauthenticated,
    Unreachable,
)
from hansard.client.events import Reader, ReconnectPolicy
from hansard.client.requests import RetryPolicy
from tests.support.serving import Served, serving


@pytest.fixture
def name(hansard: Hansard) -> str:
    return hansard.sessions.start(str(uuid.uuid4())).id


def say(client: Hansard, session: str, *texts: str) -> None:
    messages: list[NewMessage] = [{"role": "user", "text": text} for text in texts]
    client.messages.append(session, *messages)


def test_a_tail_yields_what_is_there_and_then_what_comes(hansard: Hansard, name: str) -> None:
    say(hansard, name, "one", "two")
    tail = hansard.sessions.tail(name, after=1)
    assert next(tail).text == "two"
    say(hansard, name, "three")
    assert next(tail).text == "three"
    say(hansard, name, "four", "five")
    assert [next(tail).seq, next(tail).seq] == [4, 5]


def test_a_tail_without_a_place_begins_now(hansard: Hansard, name: str) -> None:
    say(hansard, name, "old")
    heard: list[Message] = []
    began = threading.Event()

    def listen() -> None:
        tail = hansard.sessions.tail(name)
        began.set()
        heard.append(next(tail))

    listening = threading.Thread(target=listen)
    listening.start()
    began.wait(5)
    while listening.is_alive():
        say(hansard, name, "new")
        listening.join(0.2)
    assert heard[0].text == "new"


def test_a_tail_ends_with_its_session(hansard: Hansard, name: str) -> None:
    say(hansard, name, "one")
    tail = hansard.sessions.tail(name, after=0)
    assert next(tail).text == "one"
    hansard.sessions.delete(name)
    with pytest.raises(NotFound):
        next(tail)


async def test_an_async_tail_does_the_same(
    ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    say(hansard, name, "one", "two")
    async with aclosing(ahansard.sessions.tail(name, after=1)) as tail:
        assert (await anext(tail)).text == "two"
        await ahansard.messages.append(name, {"role": "user", "text": "three"})
        assert (await anext(tail)).text == "three"


async def test_the_events_of_the_workspace_are_told_behind_any_of_them(
    ahansard: AsyncHansard, hansard: Hansard
) -> None:
    events = hansard.events()
    session = hansard.sessions.start()
    threading.Timer(0.5, say, (hansard, session.id, "one")).start()
    first = next(event for event in events if event.session_id == session.uid)
    assert first.type == "message.appended"
    async with aclosing(ahansard.events(after=first.id - 1)) as again:
        assert await anext(again) == first


def test_what_is_followed_survives_the_death_of_the_server(tmp_path: Path) -> None:
    with serving(tmp_path) as served, Hansard(served.url, served.key) as client:
        session = client.sessions.start()
        say(client, session.id, "one")
        tail = client.sessions.tail(session.id, after=0)
        assert next(tail).text == "one"
        restarting = threading.Thread(target=_restart_and_say, args=(served, session.id))
        restarting.start()
        assert next(tail).text == "two"
        restarting.join()


async def test_a_stopping_server_does_not_wait_for_those_who_follow(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        async with (
            AsyncHansard(served.url, served.key, retries=0) as client,
            aclosing(client.events(after=0)) as events,
        ):
            session = await client.sessions.start()
            assert (await anext(events)).session_id == session.uid
            began = time.monotonic()
            await asyncio.to_thread(served.stop)
            assert time.monotonic() - began < 5


def _restart_and_say(served: Served, session: str) -> None:
    served.kill()
    served.start()
    with Hansard(served.url, served.key) as client:
        say(client, session, "two")


async def test_who_cannot_follow_is_told_so(served: Served) -> None:
    with Hansard(served.url, "hsd_wrong") as stranger, pytest.raises(Unauthenticated):
        next(stranger.events())
    async with AsyncHansard(served.url, "hsd_wrong") as stranger2:
        with pytest.raises(Unauthenticated):
            await anext(stranger2.events())
    with Hansard("http://127.0.0.1:9", "key", retries=0) as lost, pytest.raises(Unreachable):
        next(lost.events())
    async with AsyncHansard("http://127.0.0.1:9", "key", retries=0) as lost2:
        with pytest.raises(Unreachable):
            await anext(lost2.events())


def test_a_stream_that_once_began_is_never_given_up() -> None:
    reconnect = ReconnectPolicy(RetryPolicy(retries=0, chance=lambda: 1.0))
    with pytest.raises(Unreachable):
        reconnect.check(Unreachable("down"))
    reconnect.reset()
    pauses = []
    for _ in range(6):
        reconnect.check(Unreachable("down"))
        pauses.append(reconnect.pause())
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    with pytest.raises(HansardError):
        reconnect.check(HansardError("hopeless"))


def test_events_are_read_line_by_line() -> None:
    reader = Reader()
    lines = [
        "retry: 1000",
        "id: 3",
        "event: hello",
        "data: {}",
        "",
        ": still here",
        "",
        "id: 4",
        'data: {"type":"run.started","session_id":"ses_1","seq":2,"new":1}',
        "",
    ]
    events = [event for line in lines if (event := reader.feed(line))]
    assert [
        (event.id, event.type, event.session_id, event.seq, event.extra) for event in events
    ] == [
        (3, "hello", None, None, {}),
        (4, "run.started", "ses_1", 2, {"new": 1}),
    ]
