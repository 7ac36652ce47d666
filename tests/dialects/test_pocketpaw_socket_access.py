"""Who may open PocketPaw's websocket, and how long it stays open."""

from __future__ import annotations

import httpx
import pytest

from hansard.access import Principal
from hansard.app import DIALECTS
from hansard.dialects.pocketpaw.sign_ins import COOKIE, PURPOSE
from hansard.http.application import Application
from hansard.http.limits import Limits
from hansard.service import Service
from tests.dialects.conftest import Connect, MakeKey
from tests.dialects.filling import Clock, say, start
from tests.dialects.socketing import Closed, Socket


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
