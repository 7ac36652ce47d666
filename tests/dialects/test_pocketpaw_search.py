"""PocketPaw's search: a text anywhere in what was said, one hit a session."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.dialects.filling import Clock, say, start

URL = "/api/sessions"


async def get(api: httpx.AsyncClient, path: str = URL, **params: Any) -> Any:
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_session_is_found_once_with_what_was_said(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    await start(api, id="telegram:1", channel="telegram", title="Tokyo")
    await say(
        api, "telegram:1", ("user", "About PRIME numbers"), ("assistant", "A prime is odd, or 2.")
    )
    clock.move(1)
    await start(api, id="s-2")
    await say(api, "s-2", ("user", "Hi"), ("assistant", "Prime time"))
    await start(api, id="s-3")
    await say(api, "s-3", ("user", "composite"))
    assert await get(api, f"{URL}/search", q="prime") == {
        "sessions": [
            {
                "id": "s-2",
                "title": "Hi",
                "channel": "unknown",
                "match": "Prime time",
                "match_role": "assistant",
                "last_activity": "2026-03-01T12:00:01Z",
            },
            {
                "id": "telegram_1",
                "title": "Tokyo",
                "channel": "telegram",
                "match": "About PRIME numbers",
                "match_role": "user",
                "last_activity": "2026-03-01T12:00:00Z",
            },
        ]
    }


@pytest.mark.parametrize("query", ["", "   ", "%", "_", "absent"])
async def test_blank_and_absent_words_find_nothing(api: httpx.AsyncClient, query: str) -> None:
    await start(api, id="s")
    await say(api, "s", ("user", "something"))
    assert await get(api, f"{URL}/search", q=query) == {"sessions": []}


async def test_the_match_is_cut_around_the_hit(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    await say(api, "s", ("user", f"{'a' * 400} needle {'b' * 400}"))
    match = (await get(api, f"{URL}/search", q="NEEDLE"))["sessions"][0]["match"]
    assert len(match) == 200
    assert match.index("needle") in range(90, 110)


async def test_letters_that_fold_to_two_do_not_move_the_cut(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    await say(api, "s", ("user", "ß" * 300 + "needle" + "x" * 300))
    match = (await get(api, f"{URL}/search", q="NEEDLE"))["sessions"][0]["match"]
    assert (len(match), match.index("needle")) == (200, 97)


async def test_words_in_other_scripts_and_in_the_middle_of_words_are_found(
    api: httpx.AsyncClient,
) -> None:
    await start(api, id="s")
    await say(api, "s", ("user", "東京の天気は? Straßenbahn 100%"))
    for query in ("天気", "ßenb", "STRASSEN", "ss", "00%"):
        assert len((await get(api, f"{URL}/search", q=query))["sessions"]) == 1, query


async def test_limit_bounds_the_sessions(api: httpx.AsyncClient) -> None:
    for number in range(25):
        await start(api, id=f"s-{number}")
        await say(api, f"s-{number}", ("user", "same"))
    assert len((await get(api, f"{URL}/search", q="same"))["sessions"]) == 20
    assert len((await get(api, f"{URL}/search", q="same", limit=3))["sessions"]) == 3
    assert (await get(api, f"{URL}/search", q="same", limit=0))["sessions"] == []
