"""assistant-ui's cloud: threads, and the tree of their messages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.dialects.assistant_threads import (
    ADA,
    THREADS,
    Json,
    append,
    failed,
    listed,
    sent,
    thread,
)
from tests.dialects.filling import UNKNOWN, Clock, say, start

# Threads.


async def test_a_thread_is_a_session_of_the_workspace_and_the_user(api: httpx.AsyncClient) -> None:
    fields = {"external_id": "order-17", "title": "Late", "metadata": {"topic": "parcel"}}
    body = fields | {"last_message_at": "2026-02-01T00:00:00.000Z"}
    await sent(api, "POST", "", json=body, headers=ADA)
    session = (await api.get("/v1/sessions/order-17")).json()
    assert (session["app"], session["user"], session["channel"]) == ("acme", "ada", "assistant-ui")
    shown = (await sent(api, "GET", "/order-17"))["thread"]
    assert {name: shown[name] for name in fields} == fields
    assert (shown["workspace_id"], shown["is_archived"]) == ("acme", False)
    assert shown["last_message_at"] == "2026-03-01T12:00:00.000Z", "the time of the last message"


async def test_an_external_id_is_taken_once_unless_it_is_an_upsert(api: httpx.AsyncClient) -> None:
    assert await thread(api, external_id="one") == "one"
    assert await thread(api, external_id="one", upsert=True) == "one"
    again = await api.post(THREADS, json={"external_id": "one"})
    assert failed(again) == (409, "thread_exists")


async def test_threads_are_listed_by_their_newest_message(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    for name in ("one", "two", "three"):
        clock.move(1)
        await thread(api, external_id=name)
    clock.move(1)
    await append(api, "one")
    await sent(api, "PUT", "/two", 204, json={"is_archived": True})

    async def names(**params: Any) -> list[str]:
        threads = (await sent(api, "GET", "", params=params))["threads"]
        return [each["id"] for each in threads]

    assert await names() == ["one", "three", "two"]
    assert await names(limit=1, after="one") == ["three"]
    assert await names(after="two") == []
    assert await names(is_archived="false", after="one") == ["three"]
    assert await names(is_archived="true") == ["two"]
    absent = await api.get(THREADS, params={"after": UNKNOWN})
    assert absent.status_code == 400
    assert absent.json()["param"] == "after"


async def test_a_thread_is_changed_and_deleted(api: httpx.AsyncClient) -> None:
    await thread(api, external_id="one", metadata={"a": 1, "b": 2}, title="Old")
    await sent(api, "PUT", "/one", 204, json={"title": "New", "metadata": {"a": None, "c": 3}})
    shown = (await sent(api, "GET", "/one"))["thread"]
    assert (shown["title"], shown["metadata"]) == ("New", {"b": 2, "c": 3})
    await sent(api, "PUT", "/one", 204, json={"is_archived": True})
    assert (await sent(api, "GET", "/one"))["thread"]["is_archived"]
    await sent(api, "PUT", "/one", 204, json={"is_archived": False})
    assert not (await sent(api, "GET", "/one"))["thread"]["is_archived"]
    await sent(api, "DELETE", "/one", 204)
    gone = await api.get(f"{THREADS}/one")
    assert failed(gone) == (404, "thread_not_found")
    assert gone.json()["message"].startswith("no thread 'one'")


# Messages.


async def test_a_content_comes_back_as_it_came(api: httpx.AsyncClient) -> None:
    await thread(api, external_id="one")
    content = '{"role":"user","parts":[{"type":"text","text":"hi"}],"n":1.50,"\\u00e9":[]}'
    await sent(
        api,
        "POST",
        "/one/messages",
        content=f'{{"parent_id":null,"format":"ai-sdk/v6","content":{content},"external_id":"m"}}',
        headers={"Content-Type": "application/json"},
    )
    answer = await api.get(f"{THREADS}/one/messages")
    assert content in answer.text
    (message,) = answer.json()["messages"]
    assert (message["external_id"], message["format"]) == ("m", "ai-sdk/v6")
    assert (message["parent_id"], message["height"]) == (None, 0)
    assert "run" not in message


async def test_messages_make_a_tree_and_are_listed_with_the_newest_first(
    api: httpx.AsyncClient,
) -> None:
    await thread(api, external_id="one")
    root = (await append(api, "one", "root", external_id="m-root"))["message_id"]
    left = (await append(api, "one", "left", parent_id=root))["message_id"]
    right = (await append(api, "one", "right", parent_id="m-root"))["message_id"]
    leaf = (await append(api, "one", "leaf", parent_external_id="m-root"))["message_id"]
    messages = await listed(api, "one")
    assert [each["id"] for each in messages] == [leaf, right, left, root]
    assert [each["parent_id"] for each in messages] == [root, root, root, None]
    assert [each["height"] for each in messages] == [1, 1, 1, 0]
    assert [each["id"] for each in await listed(api, "one", limit=2, after=right)] == [left, root]
    absent = await api.post(
        f"{THREADS}/one/messages",
        json={"parent_id": "nothing", "format": "aui/v0", "content": {}},
    )
    assert failed(absent) == (404, "message_not_found")


async def test_a_page_is_full_unless_the_thread_is_at_its_end(api: httpx.AsyncClient) -> None:
    """The client takes a page that is shorter than 200 for the last one."""
    await start(api, id="one")
    texts = [("user", f"{number}") for number in range(205)]
    for first in range(0, 205, 100):
        await say(api, "one", *texts[first : first + 100])
    page = await listed(api, "one", limit=200)
    assert [each["content"]["content"][0]["text"] for each in page] == [
        f"{number}" for number in range(204, 4, -1)
    ]
    assert [each["parent_id"] for each in page[:-1]] == [each["id"] for each in page[1:]]
    rest = await listed(api, "one", limit=200, after=page[-1]["id"])
    assert page[-1]["parent_id"] == rest[0]["id"]
    assert [len(rest), rest[-1]["parent_id"]] == [5, None]


async def test_a_message_with_an_external_id_is_stored_once(api: httpx.AsyncClient) -> None:
    await thread(api, external_id="one")
    first = await append(api, "one", external_id="m-1")
    assert await append(api, "one", external_id="m-1") == first
    assert len(await listed(api, "one")) == 1


async def test_only_the_format_that_was_asked_for_is_listed(api: httpx.AsyncClient) -> None:
    await thread(api, external_id="one")
    await append(api, "one")
    await append(api, "one", format="ai-sdk/v6", content={"role": "user", "parts": []})
    await append(api, "one", format="custom", content={"any": "thing"})
    for wanted in ("aui/v0", "ai-sdk/v6", "custom"):
        assert [each["format"] for each in await listed(api, "one", format=wanted)] == [wanted]
    assert len(await listed(api, "one")) == 3


async def test_people_read_the_parts_of_either_runtime(api: httpx.AsyncClient) -> None:
    await thread(api, external_id="one")
    call = {"toolCallId": "c-1", "toolName": "track", "result": {"city": "Oslo"}}
    aui = [
        {"type": "reasoning", "text": "Look."},
        {"type": "tool-call", **call, "args": {"id": 17}, "argsText": '{"id":17}'},
        {"type": "text", "text": "In Oslo."},
    ]
    sdk = [
        {"type": "step-start"},
        {
            "type": "tool-track",
            "toolCallId": "c-1",
            "state": "output-available",
            "input": {"id": 17},
            "output": {"city": "Oslo"},
        },
        {"type": "text", "text": "In Oslo."},
    ]
    await append(api, "one", content={"role": "assistant", "content": aui})
    await append(api, "one", format="ai-sdk/v6", content={"role": "assistant", "parts": sdk})
    await append(api, "one", format="custom", content={"nothing": "known"})
    messages = (await api.get("/v1/sessions/one/messages")).json()["data"]
    assert [[part["type"] for part in each["parts"]] for each in messages] == [
        ["reasoning", "tool_call", "tool_call_response", "text"],
        ["tool_call", "tool_call_response", "text"],
        ["text"],
    ]
    assert messages[0]["parts"][1]["arguments"] == {"id": 17}
    assert [each["role"] for each in messages] == ["assistant"] * 3


async def test_a_content_is_replaced_in_place(api: httpx.AsyncClient, clock: Clock) -> None:
    await thread(api, external_id="one")
    root = (await append(api, "one", "root"))["message_id"]
    ident = (await append(api, "one", "draft", parent_id=root, external_id="m-1"))["message_id"]
    clock.move(1)
    content = {"role": "assistant", "content": [{"type": "text", "text": "final"}]}
    await sent(api, "PUT", f"/one/messages/{ident}", 204, json={"content": content})
    message = (await listed(api, "one"))[0]
    assert (message["id"], message["parent_id"], message["height"]) == (ident, root, 1)
    assert (message["content"], message["external_id"]) == (content, "m-1")
    assert message["updated_at"] > message["created_at"]
    words = (await api.get(f"/v1/sessions/one/messages/{ident}")).json()
    assert (words["role"], words["parts"][0]["content"]) == ("assistant", "final")


@pytest.mark.parametrize(
    ("wanted", "field", "answer"),
    [
        (
            "aui/v0",
            "content",
            {
                "type": "tool-call",
                "toolCallId": "c-1",
                "toolName": "track",
                "argsText": "{}",
                "result": "Oslo",
            },
        ),
        (
            "ai-sdk/v6",
            "parts",
            {
                "type": "dynamic-tool",
                "toolCallId": "c-1",
                "toolName": "track",
                "state": "output-available",
                "input": {},
                "output": "Oslo",
            },
        ),
    ],
)
async def test_messages_of_other_apis_are_shown_in_the_wanted_format(
    api: httpx.AsyncClient, wanted: str, field: str, answer: Json
) -> None:
    await start(api, id="one")
    response = {"type": "tool_call_response", "id": "c-1", "name": "track", "response": "Oslo"}
    await say(api, "one", ("user", "where?"), {"role": "tool", "parts": [response]})
    messages = await listed(api, "one", format=wanted)
    assert [each["content"]["role"] for each in messages] == ["assistant", "user"]
    assert messages[0]["content"][field] == [answer]
    assert messages[1]["content"][field] == [{"type": "text", "text": "where?"}]
    assert messages[0]["parent_id"] == messages[1]["id"]
    assert await listed(api, "one", format="custom") == []
    changed = {"role": "user", field: [{"type": "text", "text": "here"}]}
    ident = messages[0]["id"]
    await sent(api, "PUT", f"/one/messages/{ident}", 204, json={"content": changed})
    now = await listed(api, "one", format=wanted)
    assert (now[0]["content"], now[0]["parent_id"]) == (changed, messages[1]["id"])


async def test_what_hung_under_a_deleted_message_hangs_under_the_one_before(
    api: httpx.AsyncClient,
) -> None:
    """A parent that is not there would break the client's tree."""
    await thread(api, external_id="one")
    names: list[str] = []
    for text in ("a", "b", "c", "d"):
        parent = names[-1] if names else None
        names.append((await append(api, "one", text, parent_id=parent))["message_id"])
    await sent(api, "DELETE", "/one/messages", 204, json={"message_ids": names[1:3]})
    assert [(each["id"], each["parent_id"]) for each in await listed(api, "one")] == [
        (names[3], names[0]),
        (names[0], None),
    ]
    (alone,) = await listed(api, "one", limit=1)
    assert alone["parent_id"] == names[0]
    gone = await api.request("DELETE", f"{THREADS}/one/messages", json={"message_ids": names[1:2]})
    assert failed(gone) == (404, "message_not_found")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"format": "aui/v0", "content": []}, "content"),
        ({"format": "", "content": {}}, "format"),
        ({"content": {}}, "format"),
        ({"format": "aui/v0", "content": {}, "external_id": "a/b"}, "client_id"),
    ],
)
async def test_a_message_that_cannot_be_kept_is_refused(
    api: httpx.AsyncClient, body: Json, param: str
) -> None:
    await thread(api, external_id="one")
    answer = await api.post(f"{THREADS}/one/messages", json={"parent_id": None, **body})
    assert answer.status_code == 400
    assert param in answer.json()["param"]
