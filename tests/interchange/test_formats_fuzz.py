"""Whatever a foreign file holds, it becomes sessions and set-aside records, never an exception."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansard import ids
from hansard.interchange.records import SessionRecord
from hansard.interchange.values import Bad
from hansard.model import parts
from hansard.model.message import ROLES
from tests.interchange.reading import read_bytes
from tests.interchange.samples import SAMPLES
from tests.interchange.test_formats_chatgpt import TREE
from tests.interchange.test_formats_claude_code import TALK as CLAUDE
from tests.interchange.test_formats_openai import DIALOGUE, TRIAL
from tests.interchange.test_formats_pocketpaw import TALK as PAW

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
FILES: dict[str, bytes] = {name: sample.data for name, sample in SAMPLES.items()} | {
    "openai": json.dumps([TRIAL, DIALOGUE]).encode(),
    "chatgpt": json.dumps([TREE]).encode(),
    "pocketpaw": json.dumps(PAW).encode(),
    "claude-code": b"\n".join(json.dumps(entry).encode() for entry in CLAUDE),
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(deeper for key, item in inside for deeper in paths(item, (*path, key)))]


def with_value(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(whole)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def decoded(name: str) -> Any:
    """The file of a format: its value, or a list of the values of its lines."""
    lines = FILES[name].splitlines()
    return (
        json.loads(lines[0])
        if len(lines) == 1 and not is_lines(name)
        else list(map(json.loads, lines))
    )


def is_lines(name: str) -> bool:
    return name in SAMPLES and SAMPLES[name].file.endswith("jsonl")


def written(name: str, value: Any) -> bytes:
    if is_lines(name) and isinstance(value, list):
        return b"\n".join(json.dumps(line).encode() for line in value)
    return json.dumps(value).encode()


def check(outcomes: list[SessionRecord | Bad]) -> None:
    for item in outcomes:
        if isinstance(item, Bad):
            assert item.reason
            continue
        assert item.draft.id
        assert ids.is_own_id(item.draft.id)
        msgspec.json.encode(item.draft)
        names = [message.client_id for message in item.messages]
        assert len(set(names)) == len(names)
        for message in item.messages:
            assert message.created_at is not None
            assert message.role in ROLES
            parts.check(message.parts, "parts")
            msgspec.json.decode(message.metadata, type=dict[str, Any])


@pytest.mark.parametrize("name", list(FILES))
@settings(max_examples=60)
@given(data=st.data())
def test_any_value_in_any_place_is_read_or_set_aside(name: str, data: st.DataObject) -> None:
    whole = decoded(name)
    for _ in range(data.draw(st.integers(1, 3))):
        whole = with_value(whole, data.draw(st.sampled_from(paths(whole))), data.draw(JSON))
    check(read_bytes(written(name, whole), name="telegram_1.json", format_name=name))


@pytest.mark.parametrize("name", [*FILES, "hansard"])
@settings(max_examples=30)
@given(text=st.binary(max_size=200), data=st.data())
def test_any_bytes_are_read_or_set_aside(name: str, text: bytes, data: st.DataObject) -> None:
    sound = FILES.get(name, b'{"hansard": 1, "session": {"id": "x"}}')
    cut = data.draw(st.integers(0, len(sound)))
    for broken in (text, sound[:cut], sound[:cut] + text + sound[cut:]):
        check(read_bytes(broken, name="telegram_1.json", format_name=name))
