"""Titles are cut between what a reader sees as characters."""

from __future__ import annotations

import httpx
import pytest
import regex

from hansard.store.verbs.summaries import PREVIEW, TITLE, clip, title_of

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e9\U0001f1ea"


@pytest.mark.parametrize("sign", [FAMILY, FLAG, "\U0001f44d\U0001f3fd", "e\u0301"])
@pytest.mark.parametrize("room", range(1, 8))
def test_no_sign_is_cut_in_two(sign: str, room: int) -> None:
    text = "x" * (TITLE - room) + sign * 3
    title = title_of(text)
    assert title is not None
    assert len(title) <= TITLE
    assert title.lstrip("x") in {sign * count for count in range(4)}


def test_a_plain_text_is_cut_where_it_was() -> None:
    assert clip("a" * 300, PREVIEW) == "a" * 200
    assert clip("short", PREVIEW) == "short"
    assert clip("e" + "\u0301" * 300, PREVIEW) == "e" + "\u0301" * 199


@pytest.mark.parametrize("sign", [FAMILY, FLAG, "e\u0301"])
def test_no_sign_behind_a_blank_is_cut_in_two(sign: str) -> None:
    text = f"{sign} word {sign}{sign} " * 20
    ends = [0, *(match.end() for match in regex.finditer(r"\X", text))]
    for length in range(1, PREVIEW):
        longest = max(end for end in ends if end <= length)
        assert len(clip(text, length)) == (longest or length)


async def test_a_session_s_title_and_preview_end_with_a_whole_flag(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/v1/sessions", json={"id": "one"})
    body = {"messages": [{"role": "user", "text": "x" * 79 + FLAG}]}
    await client.post("/v1/sessions/one/messages", json=body)
    session = (await client.get("/v1/sessions/one")).json()
    assert session["title"] == "x" * 79
    assert session["preview"] == "x" * 79 + FLAG
