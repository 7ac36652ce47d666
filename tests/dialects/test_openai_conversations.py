"""OpenAI's Conversations API, with the published client against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.support.serving import Served, serving

Json = dict[str, Any]
ITEMS: list[Any] = [
    {"type": "message", "role": "user", "content": "Where is my order?"},
    {
        "type": "message",
        "role": "developer",
        "content": [{"type": "input_text", "text": "be brief"}],
    },
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"},
    {"type": "function_call", "call_id": "c1", "name": "find", "arguments": '{"n": 1}'},
    {"type": "function_call_output", "call_id": "c1", "output": "shipped"},
    {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "It is on its way.", "annotations": []}],
    },
    {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    },
    {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "x", "tools": []},
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("openai")) as each:
        yield each


@pytest.fixture
def client(served: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{served.url}/openai/v1",
        api_key=served.key,
        _strict_response_validation=True,
        max_retries=0,
    ) as each:
        yield each


@pytest.fixture
def native(served: Served) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {served.key}"}
    with httpx.Client(base_url=served.url, headers=headers) as each:
        yield each


def test_items_of_every_kind_come_back_as_they_came(client: openai.OpenAI) -> None:
    conversation = client.conversations.create(metadata={"topic": "parcel"})
    assert conversation.id.startswith("conv_")
    assert conversation.metadata == {"topic": "parcel"}
    created = client.conversations.items.create(conversation.id, items=ITEMS)
    assert [item.type for item in created.data] == [item["type"] for item in ITEMS]
    listed: list[Json] = [
        item.to_dict() for item in client.conversations.items.list(conversation.id, order="asc")
    ]
    for came, item in zip(listed, ITEMS, strict=True):
        same = {
            key: value for key, value in item.items() if key != "content" or isinstance(value, list)
        }
        assert {key: came[key] for key in same} == same
    assert listed[0]["content"][0] == {"type": "input_text", "text": "Where is my order?"}
    assert len({item["id"] for item in listed}) == len(ITEMS)
    for item in listed:
        each = client.conversations.items.retrieve(item["id"], conversation_id=conversation.id)
        assert each.to_dict() == item


def test_items_are_listed_newest_first_in_pages(client: openai.OpenAI) -> None:
    conversation = client.conversations.create(items=ITEMS[:1])
    for number in range(3):
        message = {"type": "message", "role": "user", "content": str(number)}
        client.conversations.items.create(conversation.id, items=[message] * 10)  # type: ignore[list-item]  # a message
    page = client.conversations.items.list(conversation.id)
    assert (len(page.data), page.has_more) == (20, True)
    whole = list(client.conversations.items.list(conversation.id, limit=7))
    assert len(whole) == 31
    forwards = list(client.conversations.items.list(conversation.id, limit=7, order="asc"))
    assert [item.id for item in forwards] == [item.id for item in reversed(whole)]


def test_an_update_replaces_the_texts_and_a_deletion_answers_the_conversation(
    client: openai.OpenAI,
) -> None:
    conversation = client.conversations.create(items=ITEMS[:2], metadata={"a": "1", "b": "2"})
    updated = client.conversations.update(conversation.id, metadata={"b": "3"})
    assert updated.metadata == {"b": "3"}
    first = client.conversations.items.list(conversation.id).data[0]
    answer = client.conversations.items.delete(first.id or "", conversation_id=conversation.id)
    assert answer.id == conversation.id
    assert len(client.conversations.items.list(conversation.id).data) == 1
    assert client.conversations.delete(conversation.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def test_errors_have_the_shape_of_openai(client: openai.OpenAI, served: Served) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.conversations.retrieve("conv_none")
    assert missing.value.code == "session_not_found"
    assert missing.value.type == "invalid_request_error"
    with pytest.raises(openai.APIStatusError) as no_model:
        client.responses.create(model="gpt-5", input="hello")
    assert no_model.value.status_code == 501
    assert "runs no model" in no_model.value.message
    many = {str(number): "x" for number in range(17)}
    with pytest.raises(openai.BadRequestError, match="at most 16"):
        client.conversations.create(metadata=many)
    conversation = client.conversations.create()
    with pytest.raises(openai.BadRequestError, match="1-20 items"):
        client.conversations.items.create(conversation.id, items=ITEMS[:1] * 21)
    robot: Any = {"role": "robot", "content": ""}
    with pytest.raises(openai.BadRequestError) as odd:
        client.conversations.items.create(conversation.id, items=[robot])
    assert odd.value.param == "items[0].role"
    other = openai.OpenAI(base_url=f"{served.url}/openai/v1", api_key="wrong", max_retries=0)
    with other, pytest.raises(openai.AuthenticationError):
        other.conversations.create()


def test_a_conflict_says_not_to_try_again(native: httpx.Client) -> None:
    parts = [{"type": "text", "content": "a"}, {"type": "tool_call", "id": "c", "name": "n"}]
    body = {"messages": [{"role": "assistant", "parts": parts}], "session": {}}
    native.post("/v1/sessions/mixed/messages", json=body)
    items = native.get("/openai/v1/conversations/mixed/items?order=asc").json()["data"]
    assert [item["type"] for item in items] == ["message", "function_call"]
    each = native.get(f"/openai/v1/conversations/mixed/items/{items[1]['id']}")
    assert each.json() == items[1]
    refused = native.delete(f"/openai/v1/conversations/mixed/items/{items[1]['id']}")
    assert (refused.status_code, refused.headers["x-should-retry"]) == (409, "false")
    for order, wanted in (("asc", items[1:]), ("desc", items[:0])):
        page = native.get(
            "/openai/v1/conversations/mixed/items",
            params={"order": order, "after": items[0]["id"]},
        )
        assert page.json()["data"] == wanted


def test_a_request_that_the_client_repeats_is_stored_once(native: httpx.Client) -> None:
    native.post("/v1/sessions", json={"id": "repeated"})
    path = "/openai/v1/conversations/repeated/items"
    body = {"items": [{"type": "message", "role": "user", "content": "once"}]}
    first = native.post(path, json=body).json()
    again = native.post(path, json=body, headers={"x-stainless-retry-count": "1"})
    assert again.json() == first
    another = native.post(path, json=body, headers={"x-stainless-retry-count": "0"})
    assert another.json()["first_id"] != first["first_id"]
    assert native.get("/v1/sessions/repeated").json()["message_count"] == 2


def test_the_same_session_through_the_other_apis(
    client: openai.OpenAI, native: httpx.Client
) -> None:
    conversation = client.conversations.create(items=ITEMS)
    session = native.get(f"/v1/sessions/{conversation.id}").json()
    assert (session["title"], session["message_count"]) == ("Where is my order?", len(ITEMS))
    messages = native.get(f"/v1/sessions/{conversation.id}/messages?items=true").json()["data"]
    assert [each["role"] for each in messages][:5] == [
        "user",
        "developer",
        "assistant",
        "assistant",
        "tool",
    ]
    assert [each["item"]["data"] for each in messages] == ITEMS
    assert messages[3]["parts"][0]["name"] == "find"
    matches = native.get("/v1/search", params={"q": "on its way"}).json()["data"]
    assert session["uid"] in {each["session"]["uid"] for each in matches}
    uuid = session["uid"].removeprefix("ses_")
    for path in (
        f"/v1/sessions/{uuid}/context?format=openai",
        f"/v1/sessions/{uuid}/context?format=anthropic",
        f"/api/v0/sessions/asset_{uuid}",
        "/ai-sessions?messages=true",
        f"/api/v1/sessions/websocket_{uuid}",
    ):
        assert native.get(path).status_code < 500, path
    listed = native.get("/openai/v1/conversations?limit=1").json()
    assert listed["data"][0]["id"].startswith("conv_") or listed["data"][0]["id"]
    rest = native.get("/openai/v1/conversations", params={"after": listed["last_id"]}).json()
    assert conversation.id in {each["id"] for each in [*listed["data"], *rest["data"]]}
