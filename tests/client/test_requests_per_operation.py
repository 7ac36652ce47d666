"""How many requests one operation of a framework's adapter takes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hansard.client import Hansard, NewMessage, NotFound
from tests.support.serving import Served


class Counting(httpx.HTTPTransport):
    """A real transport that counts what goes through it."""

    def __init__(self) -> None:
        super().__init__()
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        return super().handle_request(request)


@pytest.fixture
def transport() -> Counting:
    return Counting()


@pytest.fixture
def client(served: Served, transport: Counting) -> Iterator[Hansard]:
    with Hansard(served.url, served.key, transport=transport) as each:
        yield each


@pytest.fixture
def name() -> str:
    return f"op-{uuid.uuid4()}"


def item(data: Any) -> NewMessage:
    return {"role": "user", "text": "hello", "item": {"format": "x", "data": data}}


def test_items_are_added_to_a_new_session_in_one_request_and_popped_in_one(
    client: Hansard, transport: Counting, name: str
) -> None:
    client.messages.append(name, item(1), item(2), start={"channel": "openai-agents"})
    assert transport.requests == 1
    (popped,) = client.messages.rewind(name, count=1).removed
    assert popped.item is not None
    assert popped.item.data == 2
    assert transport.requests == 2


def test_an_event_with_state_in_three_scopes_is_one_request(
    client: Hansard, transport: Counting, name: str
) -> None:
    client.sessions.start(name, user="ada", app=name, if_exists="refuse")
    before = transport.requests
    owners: list[Any] = [
        {"scope": "session"},
        {"scope": "user", "user": "ada", "app": name},
        {"scope": "app", "app": name},
    ]
    state = {"key": "state", "value": {"a": None}, "merge": True}
    documents: Any = [owner | state for owner in owners]
    client.messages.append(
        name,
        item({"event": 1}),
        expected_seq=0,
        documents=documents,
    )
    assert transport.requests - before == 1


def test_two_hundred_sessions_with_their_merged_state_are_three_requests(
    client: Hansard, transport: Counting, name: str
) -> None:
    state: Any = {"scope": "session", "key": "state", "value": {"a": 1}}
    for number in range(200):
        client.messages.append(
            f"{name}-{number}", item(number), start={"app": name, "user": "ada"}, documents=[state]
        )
    client.documents.put("state", {"b": 1}, scope="app", app=name)
    client.documents.put("state", {"c": 1}, scope="user", user="ada", app=name)
    before = transport.requests
    sessions = list(client.sessions.list(app=name, with_documents="state", page_size=200))
    shared = client.documents.read("state", scope="app", app=name).value
    users = {each.user: each.value for each in client.documents.list(scope="user", app=name)}
    assert transport.requests - before == 3
    assert len(sessions) == 200
    merged = [
        each.documents["state"].value | shared | users[each.user]
        for each in sessions
        if each.user is not None
    ]
    assert merged == [{"a": 1, "b": 1, "c": 1}] * 200


def test_an_append_with_a_summary_is_one_request(
    client: Hansard, transport: Counting, name: str
) -> None:
    entry: NewMessage = {
        "role": "assistant",
        "text": "done",
        "item": {"format": "claude.entry", "base64": b'{"uuid": "\\ud800"}'},
    }
    summary: Any = {"scope": "session", "key": "summary", "value": {"mtime": 1}}
    client.messages.append(name, entry, start={}, documents=[summary])
    assert transport.requests == 1


def test_a_checkpoint_of_a_new_thread_is_one_request_and_the_latest_one(
    client: Hansard, transport: Counting, name: str
) -> None:
    client.checkpoints.put(
        name,
        "c1",
        data=b"\x00",
        type="msgpack",
        start={"channel": "langgraph"},
        messages=[{"role": "user", "text": "hello"}],
    )
    assert transport.requests == 1
    (latest,) = client.checkpoints.list(name, ns="", page_size=1).first(1)
    assert (latest.id, transport.requests) == ("c1", 2)


def test_a_conversation_is_saved_in_two_requests(
    client: Hansard, transport: Counting, name: str
) -> None:
    with pytest.raises(NotFound):
        client.documents.read("record", session=name)
    record: Any = {"scope": "session", "key": "record", "value": {"head": "e1"}, "if_revision": 0}
    client.messages.append(name, {**item(1), "client_id": "e1"}, start={}, documents=[record])
    assert transport.requests == 2
