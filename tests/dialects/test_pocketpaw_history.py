"""PocketPaw's history, exports and errors."""

from __future__ import annotations

import httpx
import pytest

from hansard.app import application
from hansard.service import Service
from hansard.settings import Settings
from tests.dialects.conftest import MakeKey
from tests.dialects.filling import UNKNOWN, Clock, say, start
from tests.dialects.test_pocketpaw import URL, get


async def test_a_deleted_session_is_gone(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    await say(api, "s", ("user", "Hello"))
    assert (await api.delete(f"{URL}/s")).json() == {"status": "ok"}
    answer = await api.delete(f"{URL}/s")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Session not found"})
    assert await get(api, "/api/memory/session", id="s") == []
    assert (await get(api))["total"] == 0


class TestHistory:
    async def test_the_last_messages_come_in_order(
        self, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        await start(api, id="s")
        for number in range(60):
            clock.move(1)
            await say(api, "s", ("assistant" if number % 2 else "user", f"m{number}"))
        history = await get(api, "/api/memory/session", id="s")
        assert [item["content"] for item in history] == [f"m{number}" for number in range(10, 60)]
        assert history[-1] == {
            "role": "assistant",
            "content": "m59",
            "timestamp": "2026-03-01T12:01:00Z",
        }
        assert [
            item["content"] for item in await get(api, "/api/memory/session", id="s", limit=2)
        ] == ["m58", "m59"]
        assert len(await get(api, "/api/memory/session", id="s", limit=1000)) == 60

    async def test_only_words_are_shown_and_the_limit_counts_them(
        self, api: httpx.AsyncClient
    ) -> None:
        await start(api, id="s")
        call = {"type": "tool_call", "id": "c", "name": "find", "arguments": {}}
        await say(
            api,
            "s",
            ("system", "Be kind."),
            ("user", "Where?"),
            {"role": "assistant", "parts": [call]},
        )
        await say(
            api,
            "s",
            {
                "role": "tool",
                "parts": [{"type": "tool_call_response", "id": "c", "response": "Oslo"}],
            },
            ("assistant", "Oslo."),
        )
        history = await get(api, "/api/memory/session", id="s", limit=2)
        assert [(item["role"], item["content"]) for item in history] == [
            ("user", "Where?"),
            ("assistant", "Oslo."),
        ]
        assert len(await get(api, "/api/memory/session", id="s")) == 3

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"id": ""},
            {"id": "nope"},
            {"id": UNKNOWN},
            {"id": "s", "limit": "0"},
            {"id": "s", "limit": "-5"},
        ],
    )
    async def test_nothing_asked_for_is_nothing(
        self, api: httpx.AsyncClient, params: dict[str, str]
    ) -> None:
        await start(api, id="s")
        await say(api, "s", ("user", "Hello"))
        assert await get(api, "/api/memory/session", **params) == []


class TestExport:
    async def test_json_holds_everything(self, api: httpx.AsyncClient) -> None:
        await start(api, id="websocket:abc")
        picture = {"type": "uri", "modality": "image", "uri": "https://example.org/a.png"}
        draft = {
            "role": "user",
            "parts": [{"type": "text", "content": "Größe"}, picture],
            "client_id": "e1",
            "metadata": {"mood": "good"},
        }
        await say(api, "websocket:abc", draft)
        answer = await api.get("/api/memory/session/export", params={"id": "websocket_abc"})
        assert (
            answer.headers["content-disposition"]
            == 'attachment; filename="pocketpaw-session-websocket_abc.json"'
        )
        assert answer.text.startswith('{\n  "export_version": "1.0"')
        assert answer.json() == {
            "export_version": "1.0",
            "exported_at": "2026-03-01T12:00:00Z",
            "session_id": "websocket_abc",
            "message_count": 1,
            "messages": [
                {
                    "id": "e1",
                    "role": "user",
                    "content": "Größe",
                    "timestamp": "2026-03-01T12:00:00Z",
                    "metadata": {
                        "mood": "good",
                        "parts": [{"type": "text", "content": "Größe"}, picture],
                    },
                }
            ],
        }

    async def test_markdown_reads_like_the_products(self, api: httpx.AsyncClient) -> None:
        await start(api, id="s")
        await say(api, "s", ("user", "Hello"), ("assistant", "Hi."))
        answer = await api.get("/api/memory/session/export", params={"id": "s", "format": "md"})
        assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
        assert answer.text == (
            "# Conversation Export\n**Session**: `s` | **Messages**: 2 | **Exported**: 2026-03-01 "
            "12:00\n\n---\n"
            "\n**User** (12:00):\nHello\n\n---\n\n**Assistant** (12:00):\nHi.\n\n---"
        )

    @pytest.mark.parametrize(
        ("params", "status", "detail"),
        [
            ({}, 400, "Missing required parameter: id"),
            ({"id": "s", "format": "pdf"}, 400, "Format must be 'json' or 'md'"),
            ({"id": "nope"}, 404, "Session not found: nope"),
        ],
    )
    async def test_what_cannot_be_exported_says_why(
        self, api: httpx.AsyncClient, params: dict[str, str], status: int, detail: str
    ) -> None:
        answer = await api.get("/api/memory/session/export", params=params)
        assert (answer.status_code, answer.json()) == (status, {"detail": detail})

    async def test_a_name_cannot_break_out_of_the_header(self, api: httpx.AsyncClient) -> None:
        await start(api, id='a"b;c é')
        answer = await api.get("/api/memory/session/export", params={"id": 'a"b;c é'})
        assert (
            answer.headers["content-disposition"]
            == 'attachment; filename="pocketpaw-session-a_b_c__.json"'
        )


@pytest.mark.parametrize(
    "path", ["/api", "/api/nope", "/api/sessions/s/nope", "/api/v1/nope", "/ws", "/ws/nope"]
)
async def test_an_unknown_route_fails_in_this_shape(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_a_wrong_method_fails_in_this_shape(api: httpx.AsyncClient) -> None:
    answer = await api.patch(URL)
    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["allow"] == "GET"


async def test_a_key_without_the_scope_is_told_which(
    anonymous: httpx.AsyncClient, make_key: MakeKey
) -> None:
    anonymous.headers["Authorization"] = f"Bearer {await make_key('sessions:read')}"
    for method, path, body in (
        ("DELETE", f"{URL}/s", None),
        ("POST", f"{URL}/s/title", {"title": "x"}),
        ("POST", "/api/v1/sessions", None),
    ):
        answer = await anonymous.request(method, path, json=body)
        assert (answer.status_code, answer.json()) == (
            403,
            {"detail": "API key missing required scope: sessions"},
        )


async def test_the_rate_limit_is_told_in_the_products_headers(clocked: Service, key: str) -> None:
    app = application(clocked, Settings(store=clocked.store.url, rate_limit=0.2))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://hansard.test", params={"token": key}
    ) as api:
        answers = [await api.get(URL) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"2"}
    assert (
        int(answers[2].headers["x-ratelimit-reset"]) == int(answers[2].headers["retry-after"]) == 5
    )
    assert answers[2].json() == {"detail": "Too many requests"}


async def test_another_workspace_sees_nothing(api: httpx.AsyncClient, foreign_key: str) -> None:
    await start(api, id="s")
    await say(api, "s", ("user", "secret"))
    api.headers["Authorization"] = f"Bearer {foreign_key}"
    assert await get(api) == {"sessions": [], "total": 0}
    assert await get(api, "/api/memory/session", id="s") == []
    assert await get(api, f"{URL}/search", q="secret") == {"sessions": []}
    assert (await api.delete(f"{URL}/s")).status_code == 404


@pytest.mark.parametrize(
    "value",
    [
        "%00",
        "%ff%fe",
        "a" * 5000,
        "%F0%9F%99%8F",
        "..%2F..%2Fetc",
        "%27%20or%201=1--",
        "%25",
        "%0a",
        "-1",
        "NaN",
        "%ED%A0%80",
    ],
)
async def test_no_value_of_any_parameter_breaks_the_server(
    api: httpx.AsyncClient, value: str
) -> None:
    await start(api, id="s")
    await say(api, "s", ("user", "Hello"))
    v1 = "/api/v1/sessions"
    paths = [
        f"{URL}?limit={value}",
        f"{URL}/recent?limit={value}",
        f"{URL}/search?q={value}&limit=5",
        f"{URL}/search?q=x&limit={value}",
        f"/api/memory/session?id={value}",
        f"/api/memory/session?id=s&limit={value}",
        f"/api/memory/sessions?limit={value}",
        f"/api/memory/session/export?id={value}",
        f"/api/memory/session/export?id=s&format={value}",
        f"{v1}?limit={value}",
        f"{v1}/search?q={value}",
        f"{v1}/{value}/history",
        f"{v1}/{value}/export",
        f"{v1}/s/export?format={value}",
    ]
    for path in paths:
        answer = await api.get(path)
        assert answer.status_code in {200, 400, 404, 422}, (path, answer.text)
        if answer.status_code != 200:
            assert list(answer.json()) == ["detail"], path
    for path in (f"{URL}/{value}/title", f"{v1}/{value}/title"):
        assert (await api.post(path, json={"title": "x"})).status_code in {400, 404, 422}, path
    assert (await api.delete(f"{URL}/{value}")).status_code in {404, 422}
