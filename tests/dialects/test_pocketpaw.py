"""PocketPaw's unversioned routes do what the document promises and the dashboard reads.

Where both are silent, they do what we decided.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.dialects.filling import Clock, say, start, uuid_of

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
    return [item["id"] for item in (await get(api, **params))["sessions"]]


async def test_the_documents_example(api: httpx.AsyncClient) -> None:
    """The two sessions of the example before 40 older ones.

    Also what the dashboard reads beside it.
    """
    for number in range(40):
        await start(api, id=f"older-{number}", created_at="2024-01-01T00:00:00Z")
    expected = json.loads(json.dumps(EXAMPLE))
    for session in expected["sessions"]:
        await start(
            api,
            id=session["id"],
            title=session["title"],
            channel=session["channel"],
            created_at=session["created_at"],
        )
        times = [session["created_at"]] * (session["message_count"] - 1) + [session["updated_at"]]
        await say(
            api,
            session["id"],
            *(
                {"role": "user", "text": f"word {index}", "created_at": at}
                for index, at in enumerate(times, 1)
            ),
        )
        session.update(
            created=session["created_at"],
            last_activity=session["updated_at"],
            preview=f"word {session['message_count']}",
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
        assert [item["content"] for item in await get(api, "/api/memory/session", id=form)] == [
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
        assert [item["content"] for item in await get(api, "/api/memory/session", id=name)] == [
            name
        ]


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
