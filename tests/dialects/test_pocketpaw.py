"""PocketPaw's unversioned routes say what the document promises and the dashboard reads, and what we rule where both are silent."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hansard.app import application
from hansard.service import Service
from hansard.settings import Settings
from tests.dialects.conftest import MakeKey
from tests.dialects.filling import UNKNOWN, Clock, say, start, uuid_of

URL = "/api/sessions"
EXAMPLE = {
    "sessions": [
        {
            "id": "session_abc123",
            "title": "Python prime numbers",
            "created_at": "2024-01-15T10:30:00Z",
            "updated_at": "2024-01-15T11:45:00Z",
            "message_count": 12,
            "channel": "web",
        },
        {
            "id": "session_def456",
            "title": "Docker deployment help",
            "created_at": "2024-01-14T08:00:00Z",
            "updated_at": "2024-01-14T09:30:00Z",
            "message_count": 8,
            "channel": "telegram",
        },
    ],
    "total": 42,
}


async def get(api: httpx.AsyncClient, path: str = URL, **params: Any) -> Any:
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(api: httpx.AsyncClient, **params: Any) -> list[str]:
    return [one["id"] for one in (await get(api, **params))["sessions"]]


async def test_the_documents_example(api: httpx.AsyncClient) -> None:
    """The two sessions of the example, with what the dashboard reads beside it, before 40 older ones."""
    for number in range(40):
        await start(api, id=f"older-{number}", created_at="2024-01-01T00:00:00Z")
    expected = json.loads(json.dumps(EXAMPLE))
    for one in expected["sessions"]:
        await start(
            api,
            id=one["id"],
            title=one["title"],
            channel=one["channel"],
            created_at=one["created_at"],
        )
        times = [one["created_at"]] * (one["message_count"] - 1) + [one["updated_at"]]
        await say(
            api,
            one["id"],
            *(
                {"role": "user", "text": f"word {place}", "created_at": at}
                for place, at in enumerate(times, 1)
            ),
        )
        one.update(
            created=one["created_at"],
            last_activity=one["updated_at"],
            preview=f"word {one['message_count']}",
        )
    assert await get(api, limit=2) == expected


async def test_the_newest_activity_comes_first(api: httpx.AsyncClient, clock: Clock) -> None:
    for name in ("a", "b", "c"):
        clock.move(1)
        await start(api, id=name)
    clock.move(1)
    await say(api, "a", ("user", "again"))
    assert await ids(api) == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("limit", "shown"),
    [("2", 2), ("60", 55), ("100000000000", 55), ("0", 0), ("-3", 0), (None, 50)],
)
async def test_limit_has_no_maximum_and_the_total_is_true(
    api: httpx.AsyncClient, limit: str | None, shown: int
) -> None:
    for number in range(55):
        await start(api, id=f"s-{number}")
    body = await get(api, **({"limit": limit} if limit else {}))
    assert (len(body["sessions"]), body["total"]) == (shown, 55)


@pytest.mark.parametrize("limit", ["many", "1.5", ""])
async def test_a_limit_that_is_no_number_is_422(api: httpx.AsyncClient, limit: str) -> None:
    for path in (
        URL,
        f"{URL}/recent",
        f"{URL}/search",
        "/api/memory/session",
        "/api/memory/sessions",
    ):
        answer = await api.get(path, params={"limit": limit})
        assert answer.status_code == 422
        assert list(answer.json()) == ["detail"]
        assert "limit" in answer.json()["detail"]


async def test_a_title_is_the_first_thing_that_the_user_said(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    assert (await get(api))["sessions"][0]["title"] == "New Chat"
    await say(
        api,
        "s",
        ("assistant", "Hello."),
        ("user", "   "),
        ("user", f"  Two\nlines {'x' * 100} "),
        ("user", "Not this"),
    )
    assert (await get(api))["sessions"][0]["title"] == f"Two\nlines {'x' * 100}"[:80]


async def test_the_preview_is_the_last_message(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    assert (await get(api))["sessions"][0]["preview"] == ""
    await say(api, "s", ("user", "first"), ("assistant", "y" * 150))
    assert (await get(api))["sessions"][0]["preview"] == "y" * 120


async def test_a_session_without_a_channel_is_of_an_unknown_one(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    assert (await get(api))["sessions"][0]["channel"] == "unknown"


async def test_recent_is_the_list_and_the_legacy_list_is_bare(api: httpx.AsyncClient) -> None:
    for number in range(22):
        await start(api, id=f"s-{number}")
    assert await get(api, f"{URL}/recent") == await get(api)
    assert await get(api, "/api/memory/sessions") == (await get(api))["sessions"][:20]


async def test_sessions_of_every_kind_are_listed_once(api: httpx.AsyncClient) -> None:
    await start(api, id="parent")
    await start(api, id="branch", parent="parent")
    await start(api, id="task", kind="task")
    await api.post("/v1/sessions/parent/archive")
    assert sorted(await ids(api)) == ["branch", "parent", "task"]
    assert (await get(api))["total"] == 3


@pytest.mark.parametrize("name", ["telegram:42", "telegram_42", "slack:T1_C2"])
async def test_an_id_with_a_colon_and_its_safe_form_are_the_same_session(
    api: httpx.AsyncClient, name: str
) -> None:
    await start(api, id=name)
    await say(api, name, ("user", "Hello"))
    safe = name.replace(":", "_")
    assert await ids(api) == [safe]
    for form in (name, safe):
        assert [one["content"] for one in await get(api, "/api/memory/session", id=form)] == [
            "Hello"
        ]
    assert (await api.delete(f"{URL}/{safe}")).json() == {"status": "ok"}


async def test_of_two_ids_with_one_form_the_name_means_the_one_that_is_written_so(
    api: httpx.AsyncClient,
) -> None:
    for name in ("telegram:7", "telegram_7"):
        await start(api, id=name)
        await say(api, name, ("user", name))
    assert await ids(api) == ["telegram_7", "telegram_7"]
    for name in ("telegram:7", "telegram_7"):
        assert [one["content"] for one in await get(api, "/api/memory/session", id=name)] == [name]


async def test_a_session_without_an_id_of_its_callers_answers_to_every_form(
    api: httpx.AsyncClient,
) -> None:
    session = await start(api)
    await say(api, session["id"], ("user", "Hello"))
    uuid = uuid_of(session)
    assert await ids(api) == [f"websocket_{uuid}"]
    for form in (
        uuid,
        f"websocket_{uuid}",
        f"websocket:{uuid}",
        f"asset_{uuid}",
        f"session_{uuid}",
        f"ses_{uuid}",
    ):
        assert len(await get(api, "/api/memory/session", id=form)) == 1, form


class TestRename:
    @pytest.mark.parametrize("method", ["POST", "PUT"])
    async def test_a_given_title_stays(self, api: httpx.AsyncClient, method: str) -> None:
        await start(api, id="s")
        answer = await api.request(method, f"{URL}/s/title", json={"title": "  Mine "})
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        await say(api, "s", ("user", "Not this"))
        assert (await get(api))["sessions"][0]["title"] == "Mine"

    @pytest.mark.parametrize(
        "body", [{}, {"title": ""}, {"title": "  "}, {"title": None}, {"title": 7}]
    )
    async def test_a_title_is_required(
        self, api: httpx.AsyncClient, body: dict[str, object]
    ) -> None:
        await start(api, id="s")
        answer = await api.post(f"{URL}/s/title", json=body)
        assert (answer.status_code, answer.json()) == (400, {"detail": "Title is required"})

    async def test_an_unknown_session_is_404(self, api: httpx.AsyncClient) -> None:
        answer = await api.post(f"{URL}/nope/title", json={"title": "x"})
        assert (answer.status_code, answer.json()) == (404, {"detail": "Session not found"})

    async def test_a_body_that_is_no_json_is_400(self, api: httpx.AsyncClient) -> None:
        answer = await api.post(
            f"{URL}/s/title", content=b"{", headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()) == (400, {"detail": "Invalid JSON body"})

    async def test_a_title_that_is_too_long_is_422(self, api: httpx.AsyncClient) -> None:
        await start(api, id="s")
        answer = await api.post(f"{URL}/s/title", json={"title": "x" * 501})
        assert answer.status_code == 422
        assert isinstance(answer.json()["detail"], str)


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
        assert [one["content"] for one in history] == [f"m{number}" for number in range(10, 60)]
        assert history[-1] == {
            "role": "assistant",
            "content": "m59",
            "timestamp": "2026-03-01T12:01:00Z",
        }
        assert [
            one["content"] for one in await get(api, "/api/memory/session", id="s", limit=2)
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
        assert [(one["role"], one["content"]) for one in history] == [
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
        said = {
            "role": "user",
            "parts": [{"type": "text", "content": "Größe"}, picture],
            "client_id": "e1",
            "metadata": {"mood": "good"},
        }
        await say(api, "websocket:abc", said)
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
            "# Conversation Export\n**Session**: `s` | **Messages**: 2 | **Exported**: 2026-03-01 12:00\n\n---\n"
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
        assert answer.status_code in {200, 400, 401, 404, 422}, (path, answer.text)
        assert answer.status_code == 200 or list(answer.json()) == ["detail"]
    for path in (f"{URL}/{value}/title", f"{v1}/{value}/title"):
        assert (await api.post(path, json={"title": "x"})).status_code in {400, 404, 422}, path
    assert (await api.delete(f"{URL}/{value}")).status_code in {404, 422}
