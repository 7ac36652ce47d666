"""PocketPaw's websocket: what the dashboard sends is answered as it expects."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from hansard.dialects.pocketpaw import socket as module
from hansard.errors import DriverFailure
from hansard.http.application import Application
from tests.dialects.conftest import Connect
from tests.dialects.filling import say, start
from tests.dialects.socketing import Closed, Socket


async def history(api: httpx.AsyncClient, name: str) -> list[tuple[str, str]]:
    return [
        (item["role"], item["content"])
        for item in (await api.get("/api/memory/session", params={"id": name})).json()
    ]


@pytest.mark.parametrize("path", ["/ws", "/api/v1/ws"])
async def test_the_first_word_is_the_servers(connect: Connect, path: str) -> None:
    async with connect(path=path) as socket:
        hello = await socket.hear()
        assert (hello["type"], hello["content"], hello["id"][:10]) == (
            "connection_info",
            "Connected to Hansard",
            "websocket_",
        )


async def test_a_chat_is_stored_and_acknowledged(connect: Connect, api: httpx.AsyncClient) -> None:
    async with connect() as socket:
        name = (await socket.hear())["id"]
        assert (await api.get("/api/sessions")).json()["total"] == 0
        for text in ("Hello", "And more"):
            socket.act("chat", message=text)
            assert [await socket.hear(), await socket.hear()] == [
                {"type": "stream_start"},
                {"type": "stream_end"},
            ]
    assert await history(api, name) == [("user", "Hello"), ("user", "And more")]
    (listed,) = (await api.get("/api/sessions")).json()["sessions"]
    assert (listed["id"], listed["channel"], listed["title"]) == (name, "websocket", "Hello")


@pytest.mark.parametrize("failing", ["sessions.record", "keys.authenticate"])
async def test_the_stores_troubles_are_told_without_hosts_and_paths(
    connect: Connect, app: Application, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise DriverFailure("cannot write /srv/secret/store.db on db7.internal", code="store_full")

    async with connect() as socket:
        await socket.hear()
        noun, verb = failing.split(".")
        monkeypatch.setattr(getattr(app.service, noun), verb, fail)
        monkeypatch.setattr(app.service.keys, "known", lambda _: None)
        socket.act("chat", message="Hello")
        event = await socket.hear()
        if event["type"] == "stream_start":
            event = await socket.hear()
        assert event == {
            "type": "error",
            "content": "the store's disk is full: nothing was written",
        }
        monkeypatch.undo()
        socket.act("stop")
        assert await socket.hear() == {"type": "stream_end"}


async def test_attached_media_are_kept_beside_the_text(
    connect: Connect, api: httpx.AsyncClient
) -> None:
    async with connect() as socket:
        name = (await socket.hear())["id"]
        socket.act(
            "chat",
            message="See",
            media=[{"data": "aGk=", "name": "a.png", "mime_type": "image/png"}, {"data": ""}, "x"],
        )
        await socket.hear()
        await socket.hear()
    message = (await api.get(f"/v1/sessions/{name}/messages")).json()["data"][0]
    assert message["parts"] == [
        {"type": "text", "content": "See"},
        {
            "type": "blob",
            "modality": "image",
            "mime_type": "image/png",
            "content": "aGk=",
            "name": "a.png",
        },
    ]


async def test_a_chat_may_hold_any_character(connect: Connect, api: httpx.AsyncClient) -> None:
    async with connect() as socket:
        name = (await socket.hear())["id"]
        socket.act("chat", message="nul \x00 und 🙏 \u202e")
        assert [await socket.hear(), await socket.hear()] == [
            {"type": "stream_start"},
            {"type": "stream_end"},
        ]
    assert await history(api, name) == [("user", "nul \x00 und 🙏 \u202e")]


async def test_an_empty_chat_is_acknowledged_and_nothing_stored(
    connect: Connect, api: httpx.AsyncClient
) -> None:
    async with connect() as socket:
        await socket.hear()
        socket.act("chat", message="  ")
        assert [await socket.hear(), await socket.hear()] == [
            {"type": "stream_start"},
            {"type": "stream_end"},
        ]
    assert (await api.get("/api/sessions")).json()["total"] == 0


async def test_switching_brings_the_history_and_the_next_chat_goes_there(
    connect: Connect, api: httpx.AsyncClient
) -> None:
    await start(api, id="telegram:42")
    for begin in (0, 60):
        await say(
            api,
            "telegram:42",
            *(
                ("assistant" if number % 2 else "user", f"m{number}")
                for number in range(begin, begin + 60)
            ),
        )
    async with connect() as socket:
        await socket.hear()
        socket.act("switch_session", session_id="telegram_42")
        switched = await socket.hear()
        assert (switched["type"], switched["session_id"], len(switched["messages"])) == (
            "session_history",
            "telegram_42",
            100,
        )
        assert switched["messages"][-1] == {"role": "assistant", "content": "m119"}
        socket.act("chat", message="Here")
        await socket.hear()
        await socket.hear()
    assert (await history(api, "telegram_42"))[-1] == ("user", "Here")


async def test_switching_to_an_unknown_session_gives_an_empty_history_and_stays(
    connect: Connect,
) -> None:
    async with connect() as socket:
        await socket.hear()
        for name in ("websocket_nope", "../../etc/passwd", ""):
            socket.act("switch_session", session_id=name)
            assert await socket.hear() == {
                "type": "session_history",
                "session_id": name,
                "messages": [],
            }


async def test_a_new_session_is_another_one(connect: Connect, api: httpx.AsyncClient) -> None:
    async with connect() as socket:
        first = (await socket.hear())["id"]
        socket.act("new_session")
        new = await socket.hear()
        assert (new["type"], new["id"] != first) == ("new_session", True)
        socket.act("chat", message="Hi")
        await socket.hear()
        await socket.hear()
    assert await history(api, new["id"]) == [("user", "Hi")]


async def test_a_dashboard_that_comes_back_finds_its_session(
    connect: Connect, api: httpx.AsyncClient
) -> None:
    await start(api, id="websocket_abc")
    await say(api, "websocket_abc", ("user", "Hello"))
    async with connect("&resume_session=websocket_abc") as socket:
        assert (await socket.hear())["id"] == "websocket_abc"
        assert (await socket.hear())["messages"] == [{"role": "user", "content": "Hello"}]
    async with connect("&resume_session=websocket_gone") as socket:
        assert (await socket.hear())["id"] != "websocket_gone"


async def test_stop_ends_the_stream_and_what_nobody_knows_is_passed_over(connect: Connect) -> None:
    async with connect() as socket:
        await socket.hear()
        for action in ("authenticate", "get_settings", "toggle_agent"):
            socket.act(action, token="x")
        socket.send('{"no": "action"}')
        socket.act("stop")
        assert await socket.hear() == {"type": "stream_end"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not an object"),
        ('{"action": "chat", "message": "\\ud800"}', "not valid JSON"),
        ("[1]", "not an object"),
        (json.dumps({"action": "chat", "message": "x", "media": [{"data": "%%%"}]}), "not base64"),
        (json.dumps({"action": "chat", "media": [{}] * 5002}), "attach fewer files"),
    ],
)
async def test_what_cannot_be_read_is_said_and_the_conversation_goes_on(
    connect: Connect, text: str, expected: str
) -> None:
    async with connect() as socket:
        await socket.hear()
        socket.send(text)
        error = await socket.hear()
        assert error["type"] == "error"
        assert expected in error["content"]
        socket.act("stop")
        assert await socket.hear() == {"type": "stream_end"}


async def test_a_message_that_is_too_large_is_refused(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    async with connect() as socket:
        await socket.hear()
        socket.act("chat", message="x" * 200)
        assert await socket.hear() == {"type": "error", "content": "the message is too large"}


async def test_a_fault_in_an_action_is_not_taken_for_a_frame_of_bytes(
    app: Application, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise KeyError("session")

    monkeypatch.setattr(app.service.transcripts, "spoken", fail)

    async with Socket(app, "/ws", f"token={key}") as socket:
        await socket.hear()
        socket.act("switch_session", session_id="websocket_1")
        with pytest.raises(Closed) as closed:
            await socket.hear()
    assert closed.value.code == 1011


async def test_a_frame_of_bytes_ends_the_conversation(connect: Connect) -> None:
    async with connect() as socket:
        await socket.hear()
        socket.send_bytes(b"x")
        with pytest.raises(Closed) as closed:
            await socket.hear()
    assert closed.value.code == 1003


async def test_many_conversations_at_once_keep_apart(
    connect: Connect, api: httpx.AsyncClient
) -> None:
    async def chat(number: int) -> tuple[str, Any]:
        async with connect() as socket:
            name = (await socket.hear())["id"]
            for index in range(5):
                socket.act("chat", message=f"{number}.{index}")
                await socket.hear()
                await socket.hear()
        return name, await history(api, name)

    for number, (_, spoken) in enumerate(await asyncio.gather(*map(chat, range(10)))):
        assert spoken == [("user", f"{number}.{index}") for index in range(5)]
