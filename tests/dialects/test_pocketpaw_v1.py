"""PocketPaw's versioned routes: the same answers, with limits that are checked."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.dialects.filling import say, start

URL = "/api/v1/sessions"


async def get(api: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_created_session_is_there_at_once(api: httpx.AsyncClient) -> None:
    answer = await api.post(URL)
    assert answer.status_code == 200
    assert re.fullmatch(r"websocket_[0-9a-f]{12}", answer.json()["id"])
    assert answer.json()["title"] == "New Chat"
    listed = (await get(api, URL))["sessions"]
    assert [(item["id"], item["channel"], item["message_count"]) for item in listed] == [
        (answer.json()["id"], "websocket", 0)
    ]


async def test_the_lists_are_those_of_the_unversioned_routes(api: httpx.AsyncClient) -> None:
    for number in range(3):
        await start(api, id=f"s-{number}")
        await say(api, f"s-{number}", ("user", "needle"))
    assert await get(api, URL, limit=2) == await get(api, "/api/sessions", limit=2)
    assert await get(api, f"{URL}/search", q="needle") == await get(
        api, "/api/sessions/search", q="needle"
    )
    assert await get(api, f"{URL}/s-1/history") == await get(api, "/api/memory/session", id="s-1")
    assert (await get(api, f"{URL}/s-1/export"))["session_id"] == "s-1"
    assert await get(api, f"{URL}/nope/history") == []


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x"])
@pytest.mark.parametrize("path", [URL, f"{URL}/s/history", f"{URL}/search"])
async def test_a_limit_out_of_bounds_is_422_with_its_place(
    api: httpx.AsyncClient, path: str, limit: str
) -> None:
    answer = await api.get(path, params={"limit": limit})
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert (problem["loc"], set(problem)) == (["query", "limit"], {"loc", "msg", "type"})


@pytest.mark.parametrize(
    ("path", "most"), [(URL, 500), (f"{URL}/s/history", 500), (f"{URL}/search", 200)]
)
async def test_the_bounds_themselves_are_good(api: httpx.AsyncClient, path: str, most: int) -> None:
    await get(api, path, limit=1)
    await get(api, path, limit=most)
    assert (await api.get(path, params={"limit": most + 1})).status_code == 422


async def test_a_title_has_1_to_200_characters(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    assert (await api.post(f"{URL}/s/title", json={"title": "x" * 200})).json() == {"status": "ok"}
    for body in ({"title": ""}, {"title": " "}, {"title": "x" * 201}, {"title": None}, {}):
        answer = await api.post(f"{URL}/s/title", json=body)
        assert answer.status_code == 422, body
        assert isinstance(answer.json()["detail"], list)
    answer = await api.post(f"{URL}/nope/title", json={"title": "x"})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Session not found"})


async def test_a_deleted_session_is_gone(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    assert (await api.delete(f"{URL}/s")).json() == {"status": "ok"}
    assert (await api.delete(f"{URL}/s")).status_code == 404


@pytest.mark.parametrize(("name", "form", "status"), [("s", "pdf", 400), ("nope", "json", 404)])
async def test_what_cannot_be_exported_says_why(
    api: httpx.AsyncClient, name: str, form: str, status: int
) -> None:
    await start(api, id="s")
    answer = await api.get(f"{URL}/{name}/export", params={"format": form})
    assert (answer.status_code, list(answer.json())) == (status, ["detail"])
