"""The client's verbs for items, rewinding and editing, blocking and async."""

from __future__ import annotations

import uuid

import pytest

from hansard.client import AsyncHansard, Conflict, Hansard, NewMessage, NotFound


@pytest.fixture
def name() -> str:
    return f"items {uuid.uuid4()}"


def message(text: str, number: int) -> NewMessage:
    item = {"format": "x", "base64": b"\xff%d" % number}
    return {"role": "user", "text": text, "client_id": f"{text}-{number}", "item": item}  # type: ignore[typeddict-item]  # a dictionary of the right shape


def test_an_append_starts_its_session_and_keeps_items(hansard: Hansard, name: str) -> None:
    with pytest.raises(NotFound):
        hansard.messages.append(name, message("a", 1))
    hansard.messages.append(name, message("a", 1), message("b", 2), start={"user": "ada"})
    assert hansard.sessions.read(name).user == "ada"
    listed = list(hansard.messages.list(name, items=True))
    assert [each.item and each.item.base64 for each in listed] == [b"\xff1", b"\xff2"]
    assert hansard.messages.list(name).first(1)[0].item is None
    item = hansard.messages.read(name, "b-2", items=True).item
    assert item is not None
    assert (item.format, item.data, item.base64) == ("x", None, b"\xff2")


def test_a_start_says_whether_it_made_the_session(hansard: Hansard, name: str) -> None:
    assert hansard.sessions.start(name).created is True
    assert hansard.sessions.start(name).created is False
    assert hansard.sessions.read(name).created is None
    with pytest.raises(Conflict) as refused:
        hansard.sessions.start(name, if_exists="refuse")
    assert refused.value.code == "session_exists"


def test_messages_are_rewound_edited_and_found_by_name(hansard: Hansard, name: str) -> None:
    key = uuid.uuid4().hex
    hansard.messages.append(name, message(key, 1), message(key, 2), message(key, 3), start={})
    rewound = hansard.messages.rewind(name, {"role": "assistant", "text": "new"}, after=f"{key}-2")
    assert [each.item and each.item.base64 for each in rewound.removed] == [b"\xff3"]
    assert [each.text for each in rewound.data] == ["new"]
    edited = hansard.messages.edit(name, f"{key}-1", {"role": "user", "text": "other"})
    assert edited.edited_at is not None
    matches = hansard.messages.named(f"{key}-1", f"{key}-2", f"{key}-3", items=True)
    assert [(each.session_id, each.text) for each in matches] == [(name, "other"), (name, key)]
    copy = hansard.sessions.copy(name, message=f"{key}-1")
    hansard.sessions.delete(name)
    assert [each.text for each in hansard.messages.list(copy.id)] == ["other"]


async def test_the_async_client_has_the_same_verbs(ahansard: AsyncHansard, name: str) -> None:
    await ahansard.messages.append(name, message("a", 1), start={})
    assert (await ahansard.sessions.start(name)).created is False
    popped = await ahansard.messages.rewind(name, count=1)
    assert [each.text for each in popped.removed] == ["a"]
    assert await ahansard.messages.named("none of these") == []
