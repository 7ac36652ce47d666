"""A session that is written through one API is there in every other one at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from hansard.http.application import Application
from tests.dialects.filling import Clock, say, start
from tests.dialects.socketing import Socket

UUID = "2eac78c7-ef64-49cb-82f0-7280b555f015"
Talk = tuple[Application, httpx.AsyncClient]
Write = Callable[[Talk, str | None, str], Awaitable[str]]
Read = Callable[[httpx.AsyncClient, str], Awaitable[list[str]]]


async def body(api: httpx.AsyncClient, url: str, **params: Any) -> Any:
    answer = await api.get(url, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


# How a program of each product says a text: in the session of this name, else in a new one, whose
# name it gets back.


async def write_natively(talk: Talk, name: str | None, text: str) -> str:
    session = name or (await start(talk[1]))["id"]
    await say(talk[1], session, ("user", text))
    return session


async def write_by_b3os(talk: Talk, name: str | None, text: str) -> str:
    conversation = name or "session_1234567890_abc"
    answer = await talk[1].post(
        "/v1/ai/workflow/chat/messages",
        json={"conversationId": conversation, "content": text, "role": "user"},
    )
    shown: str = answer.json()["data"]["sessionId"]
    return shown


async def write_by_pocketpaw(talk: Talk, name: str | None, text: str) -> str:
    app, api = talk
    async with Socket(
        app, "/ws", headers={"Authorization": api.headers["Authorization"]}
    ) as socket:
        shown: str = (await socket.hear())["id"]
        if name:
            socket.act("switch_session", session_id=name)
            shown = (await socket.hear())["session_id"]
        socket.act("chat", message=text)
        assert [(await socket.hear())["type"] for _ in range(2)] == ["stream_start", "stream_end"]
    return shown


async def write_for_athena(talk: Talk, name: str | None, text: str) -> str:
    """Athena documents no route that writes: the native API, with the id that Athena shows."""
    return await write_natively(
        talk, name or (await start(talk[1], id=f"asset_{UUID}"))["id"], text
    )


async def write_for_konvo(talk: Talk, name: str | None, text: str) -> str:
    """Konvo documents no route that writes: the native API, with the id that Konvo shows."""
    return await write_natively(talk, name or (await start(talk[1], id=UUID))["id"], text)


async def write_by_openai(talk: Talk, name: str | None, text: str) -> str:
    items = [{"type": "message", "role": "user", "content": text}]
    if name is None:
        answer = await talk[1].post("/openai/v1/conversations", json={"items": items})
        shown: str = answer.json()["id"]
        return shown
    await talk[1].post(f"/openai/v1/conversations/{name}/items", json={"items": items})
    return name


async def write_by_assistant_ui(talk: Talk, name: str | None, text: str) -> str:
    path = "/assistant-ui/v1/threads"
    thread = name or (await talk[1].post(path, json={})).json()["thread_id"]
    content = {"role": "user", "content": [{"type": "text", "text": text}]}
    await talk[1].post(f"{path}/{thread}/messages", json={"format": "aui/v0", "content": content})
    return str(thread)


# How each product lists the names of sessions.


async def list_natively(api: httpx.AsyncClient) -> list[str]:
    return [item["id"] for item in (await body(api, "/v1/sessions"))["data"]]


async def list_by_b3os(api: httpx.AsyncClient) -> list[str]:
    return [
        item["sessionId"]
        for item in (await body(api, "/v1/ai/workflow/chat/sessions"))["data"]["items"]
    ]


async def list_by_athena(api: httpx.AsyncClient) -> list[str]:
    return [item["id"] for item in (await body(api, "/api/v0/sessions"))["items"]]


async def list_by_pocketpaw(api: httpx.AsyncClient) -> list[str]:
    return [item["id"] for item in (await body(api, "/api/sessions"))["sessions"]]


async def list_by_konvo(api: httpx.AsyncClient) -> list[str]:
    return [item["id"] for item in (await body(api, "/ai-sessions"))["result"]]


async def list_by_openai(api: httpx.AsyncClient) -> list[str]:
    return [each["id"] for each in (await body(api, "/openai/v1/conversations"))["data"]]


async def list_by_assistant_ui(api: httpx.AsyncClient) -> list[str]:
    return [each["id"] for each in (await body(api, "/assistant-ui/v1/threads"))["threads"]]


# How each product reads what was said in the session of a name.


async def read_natively(api: httpx.AsyncClient, name: str) -> list[str]:
    return [
        item["parts"][0]["content"]
        for item in (await body(api, f"/v1/sessions/{name}/messages"))["data"]
    ]


async def read_by_b3os(api: httpx.AsyncClient, name: str) -> list[str]:
    return [
        item["content"]
        for item in (await body(api, "/v1/ai/workflow/chat/history", sessionId=name))["data"]
    ]


async def read_by_athena(api: httpx.AsyncClient, name: str) -> list[str]:
    return [
        item["content"]
        for item in (
            await body(api, f"/api/v0/sessions/{name}/download", export_format="messages")
        )["messages"]
    ]


async def read_by_pocketpaw(api: httpx.AsyncClient, name: str) -> list[str]:
    return [item["content"] for item in await body(api, "/api/memory/session", id=name)]


async def read_by_konvo(api: httpx.AsyncClient, _name: str) -> list[str]:
    """Konvo reads no single session: what its list holds."""
    return [
        message["message"]
        for item in (await body(api, "/ai-sessions", messages="true"))["result"]
        for message in item["messages"]
    ]


async def read_by_openai(api: httpx.AsyncClient, name: str) -> list[str]:
    items = await body(api, f"/openai/v1/conversations/{name}/items", order="asc")
    return [each["content"][0]["text"] for each in items["data"]]


async def read_by_assistant_ui(api: httpx.AsyncClient, name: str) -> list[str]:
    messages = (await body(api, f"/assistant-ui/v1/threads/{name}/messages"))["messages"]
    return [each["content"]["content"][0]["text"] for each in reversed(messages)]


WRITERS: dict[str, Write] = {
    "native": write_natively,
    "b3os": write_by_b3os,
    "athena": write_for_athena,
    "pocketpaw": write_by_pocketpaw,
    "konvo": write_for_konvo,
    "openai": write_by_openai,
    "assistant-ui": write_by_assistant_ui,
}
LISTS = {
    "native": list_natively,
    "b3os": list_by_b3os,
    "athena": list_by_athena,
    "pocketpaw": list_by_pocketpaw,
    "konvo": list_by_konvo,
    "openai": list_by_openai,
    "assistant-ui": list_by_assistant_ui,
}
READERS: dict[str, Read] = {
    "native": read_natively,
    "b3os": read_by_b3os,
    "athena": read_by_athena,
    "pocketpaw": read_by_pocketpaw,
    "konvo": read_by_konvo,
    "openai": read_by_openai,
    "assistant-ui": read_by_assistant_ui,
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("reader", READERS)
async def test_written_through_one_read_through_the_other(
    app: Application, api: httpx.AsyncClient, writer: str, reader: str
) -> None:
    """Read by the name that the writer knows, and by the one that the reader's own list shows."""
    name = await WRITERS[writer]((app, api), None, "Bonjour à tous")
    assert await READERS[reader](api, name) == ["Bonjour à tous"]
    (shown,) = await LISTS[reader](api)
    assert await READERS[reader](api, shown) == ["Bonjour à tous"]


@pytest.mark.parametrize("first", ["native", "b3os", "pocketpaw", "openai", "assistant-ui"])
@pytest.mark.parametrize("second", ["native", "b3os", "pocketpaw", "openai", "assistant-ui"])
async def test_begun_through_one_carried_on_through_the_other(
    app: Application, api: httpx.AsyncClient, clock: Clock, first: str, second: str
) -> None:
    """The second dialect writes to the session under the name in its own list.

    All read one conversation.
    """
    await WRITERS[first]((app, api), None, "one")
    clock.move(1)
    (shown,) = await LISTS[second](api)
    await WRITERS[second]((app, api), shown, "two")
    for reader, read in READERS.items():
        (name,) = await LISTS[reader](api)
        assert await read(api, name) == ["one", "two"]


async def test_every_list_shows_the_forms_of_one_id(api: httpx.AsyncClient) -> None:
    uuid = (await start(api))["uid"].removeprefix("ses_")
    await say(api, f"ses_{uuid}", ("user", "hi"))
    shown = {name: (await read_list(api))[0] for name, read_list in LISTS.items()}
    assert shown == {
        "native": f"ses_{uuid}",
        "b3os": f"session_{uuid}",
        "athena": f"asset_{uuid}",
        "pocketpaw": f"websocket_{uuid}",
        "konvo": uuid,
        "openai": f"conv_{uuid.replace('-', '')}",
        "assistant-ui": f"ses_{uuid}",
    }


async def test_what_is_deleted_through_one_is_gone_in_all(api: httpx.AsyncClient) -> None:
    await start(api, id="telegram:42")
    await say(api, "telegram:42", ("user", "hi"))
    assert (await api.delete("/api/sessions/telegram_42")).status_code == 200
    for read_list in LISTS.values():
        assert await read_list(api) == []
