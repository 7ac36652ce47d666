"""Every scene is sound: it can be read, cast and told in the service's words."""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Any

import pytest

from hansard.demo import pictures
from hansard.demo.filling import plays
from hansard.demo.scenes import FILLING, LIVE, Scene, scenes
from hansard.demo.script import entries, opening
from hansard.model.run import OPEN_STATES, STATES
from hansard.model.session import KINDS, RESOLUTIONS

EVERY = scenes(FILLING + LIVE)


@pytest.mark.parametrize("scene", EVERY, ids=lambda scene: scene.id)
def test_a_scene_is_sound(scene: Scene) -> None:
    for copy in range(scene.copies + 1):
        play = scene.cast(copy)
        parts = [json.loads(bytes(entry.draft.parts)) for entry in entries(play, Random(1))]
        text = json.dumps([play.heading, parts], ensure_ascii=False)
        assert not [name for name in scene.values if f"{{{name}}}" in text], (
            "every variable has its value"
        )
        opened = opening(play, 1_700_000_000_000_000)
        assert opened.kind in KINDS
        assert play.heading["state"] in STATES
        assert play.heading["resolution"] in RESOLUTIONS


@pytest.mark.parametrize("scene", EVERY, ids=lambda scene: scene.id)
def test_each_result_answers_a_call_that_was_made_before_it(scene: Scene) -> None:
    called: list[str] = []
    answered: list[str] = []
    for entry in entries(scene.cast(0), Random(1)):
        for part in json.loads(bytes(entry.draft.parts)):
            if part["type"] == "tool_call":
                assert entry.draft.role == "assistant"
                called.append(part["id"])
            if part["type"] == "tool_call_response":
                assert entry.draft.role == "tool"
                assert part["id"] in called
                answered.append(part["id"])
    is_open = scene.heading["state"] in {*OPEN_STATES, "interrupted"}
    assert answered == called or (is_open and answered == called[: len(answered)])


def test_ids_are_unique_and_parents_come_first() -> None:
    seen: set[str] = set()
    for scene in EVERY:
        assert scene.id not in seen
        parent = scene.heading.get("parent")
        assert parent is None or parent in seen
        seen.add(scene.id)


def test_the_demo_has_everything_that_it_promises() -> None:
    every_play = plays()
    parts: list[dict[str, Any]] = [
        part
        for play in every_play
        for entry in entries(play, Random(1))
        for part in json.loads(bytes(entry.draft.parts))
    ]
    assert {play.heading["state"] for play in every_play} == set(STATES)
    assert {play.heading.get("kind", "session") for play in every_play} == set(KINDS) - {"branch"}
    assert {play.heading["resolution"] for play in every_play} == set(RESOLUTIONS)
    assert {play.heading.get("language", "en") for play in every_play} == {
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "zh",
        "ja",
        "ko",
        "ar",
    }
    assert {part["type"] for part in parts} >= {
        "text",
        "reasoning",
        "tool_call",
        "tool_call_response",
        "blob",
    }
    assert any(part.get("is_error") for part in parts)
    assert any(line.kind == "operator" for play in every_play for line in play.lines)
    assert any("parent" in play.heading for play in every_play)
    assert any("archived" in play.heading for play in every_play)


@pytest.mark.parametrize("count", [1, 50, 120, 500])
def test_as_many_plays_as_are_asked_for_each_under_its_own_id(count: int) -> None:
    chosen = plays(count)
    assert len({play.id for play in chosen}) == count


@pytest.mark.parametrize("name", ["parcel", "chart", "screen"])
def test_pictures_are_small_pngs(name: str) -> None:
    data = base64.b64decode(pictures.picture(name))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data.endswith(b"IEND\xaeB`\x82")
    assert len(data) < 2_000


def test_a_line_that_is_none_is_refused() -> None:
    from hansard.demo.scenes import _scene  # noqa: PLC0415 - one test's own

    with pytest.raises(ValueError, match="no line of a scene: 'shout: hi'"):
        _scene("id: x\ncopies: 1\nuser: a\n---\nshout: hi")
