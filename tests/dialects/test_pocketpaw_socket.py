"""PocketPaw's websocket: what the dashboard sends is answered as it expects."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.app import DIALECTS
from hansard.dialects.pocketpaw import socket as module
from hansard.dialects.pocketpaw.sign_ins import COOKIE, PURPOSE
from hansard.errors import DriverFailure
from hansard.http.application import Application
from hansard.http.limits import Limits
from hansard.service import Service
from tests.dialects.conftest import MakeKey
from tests.dialects.filling import Clock, say, start
from tests.dialects.socketing import Closed, Socket

Connect = Callable[..., Socket]


@pytest.fixture
def connect(app: Application, key: str) -> Connect:
    """Open a websocket that shows the key in its query, as the dashboard does."""

    def open_socket(
        query: str = "",
        *,
        path: str = "/ws",
        shown: str = key,
        headers: dict[str, str] | None = None,
    ) -> Socket:
        return Socket(app, path, f"token={shown}{query}" if shown else query, headers)

    return open_socket


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

    async def switch() -> None:
        async with Socket(app, "/ws", f"token={key}") as socket:
            await socket.hear()
            socket.act("switch_session", session_id="websocket_1")

    with pytest.raises(KeyError, match="session"):
        await switch()


async def test_a_frame_of_bytes_ends_the_conversation(connect: Connect) -> None:
    async with connect() as socket:
        await socket.hear()
        socket.send_bytes(b"x")
        with pytest.raises(Closed) as closed:
            await socket.hear()
    assert closed.value.code == 1003


async def test_a_key_or_a_sign_in_may_stand_in_a_header_or_in_the_cookie(
    connect: Connect, key: str, clocked: Service
) -> None:
    token, _ = await clocked.sign_ins.open(key, PURPOSE)
    for shown in (key, token):
        for headers in (
            {"Authorization": f"Bearer {shown}"},
            {"Cookie": f"pocketpaw_session={shown}"},
        ):
            async with connect(shown="", headers=headers) as socket:
                assert (await socket.hear())["type"] == "connection_info"


async def test_a_page_of_another_origin_opens_nothing_with_the_cookie(
    connect: Connect, key: str
) -> None:
    with pytest.raises(Closed):
        async with connect(
            shown="",
            headers={"Cookie": f"pocketpaw_session={key}", "Origin": "http://hansard.test:3000"},
        ):
            pass
    async with connect(
        shown="", headers={"Cookie": f"pocketpaw_session={key}", "Origin": "http://hansard.test"}
    ) as socket:
        assert (await socket.hear())["type"] == "connection_info"


@pytest.mark.parametrize(
    ("path", "shown"), [("/ws", ""), ("/ws", "hsd_wrong"), ("/ws/nope", "hsd_wrong")]
)
async def test_without_a_key_nobody_gets_in(connect: Connect, path: str, shown: str) -> None:
    with pytest.raises(Closed):
        async with connect(path=path, shown=shown):
            pass


async def test_a_key_that_may_only_read_cannot_chat(connect: Connect, make_key: MakeKey) -> None:
    async with connect(shown=await make_key("sessions:read")) as socket:
        await socket.hear()
        socket.act("chat", message="Hi")
        assert await socket.hear() == {
            "type": "error",
            "content": "API key missing required scope: sessions",
        }


async def test_a_key_that_may_only_write_reads_no_history(
    connect: Connect, make_key: MakeKey, api: httpx.AsyncClient
) -> None:
    await start(api, id="s")
    async with connect(shown=await make_key("sessions:write")) as socket:
        await socket.hear()
        socket.act("switch_session", session_id="s")
        assert (await socket.hear())["type"] == "error"


async def test_a_revoked_key_ends_the_conversation(
    connect: Connect, clocked: Service, principal: Principal, clock: Clock
) -> None:
    text, key = await clocked.keys.create(principal, "short")
    async with connect(shown=text) as socket:
        await socket.hear()
        await clocked.keys.revoke(principal, key.id)
        clock.move(2)
        socket.act("stop")
        with pytest.raises(Closed) as closed:
            await socket.hear()
        assert closed.value.code == 4003


async def test_signing_out_ends_the_conversation(
    connect: Connect, anonymous: httpx.AsyncClient, key: str
) -> None:
    await anonymous.post("/api/auth/login", json={"token": key})
    cookie = {"Cookie": f"{COOKIE}={anonymous.cookies[COOKIE]}"}
    async with connect(shown="", headers=cookie) as socket:
        await socket.hear()
        socket.act("stop")
        assert (await socket.hear())["type"] == "stream_end"
        await anonymous.post("/api/auth/logout")
        socket.act("stop")
        with pytest.raises(Closed) as closed:
            await socket.hear()
        assert closed.value.code == 4003


async def test_another_workspaces_session_is_not_there(
    connect: Connect, foreign_key: str, api: httpx.AsyncClient
) -> None:
    await start(api, id="s")
    await say(api, "s", ("user", "secret"))
    async with connect(shown=foreign_key) as socket:
        await socket.hear()
        socket.act("switch_session", session_id="s")
        assert (await socket.hear())["messages"] == []


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


async def test_a_websocket_is_under_the_rate_limit_with_every_message(
    service: Service, key: str
) -> None:
    app = Application(service, DIALECTS, limits=Limits(0.2))  # bursts of two
    async with Socket(app, "/ws", f"token={key}") as socket:
        await socket.hear()
        socket.act("new_session")
        assert (await socket.hear())["type"] == "new_session"
        socket.act("new_session")
        error = await socket.hear()
        assert (error["type"], error["content"]) == ("error", "Too many requests")
    for extensions, answer in (((), "4429"), (("websocket.http.response",), "429")):
        denied = Socket(app, "/ws", f"token={key}")
        denied._scope["extensions"] = {name: {} for name in extensions}
        with pytest.raises((AssertionError, Closed), match=answer):
            await denied.__aenter__()
