"""Search takes what people paste, and says what it did not understand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.model import MessageDraft, SearchQuery, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.settings import Settings
from tests.support.recorder import Recorder

DIALOGUES = {
    "docker": "docker run --rm -it ubuntu",
    "mount": "docker run -v /tmp:/tmp alpine",
    "refund": "I want a refund",
    "refused": "The refund was refused",
    "cannot": "I cannot do that",
    "unable": "I am unable to do that",
}


async def fill(client: httpx.AsyncClient) -> None:
    for name, text in DIALOGUES.items():
        body: dict[str, Any] = {"id": name, "user": f"{name}@example.com", "channel": "web"}
        await client.post("/v1/sessions", json=body | {"tags": [name]})
        messages = {"messages": [{"role": "user", "text": text}]}
        await client.post(f"/v1/sessions/{name}/messages", json=messages)
    await client.post("/v1/sessions/refused/runs", json={"id": "r"})
    await client.post("/v1/sessions/refused/runs/r/finish", json={"state": "failed"})


async def search(client: httpx.AsyncClient, text: str, **more: Any) -> dict[str, Any]:
    answer = await client.get("/v1/search", params={"q": text, "total": True, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["total"] == len(body["data"]), text
    return body


async def found_ids(client: httpx.AsyncClient, text: str, **more: Any) -> list[str]:
    return sorted(item["session"]["id"] for item in (await search(client, text, **more))["data"])


@pytest.fixture(params=["waiting", "indexed"])
async def filled(
    client: httpx.AsyncClient, service: Service, request: pytest.FixtureRequest
) -> httpx.AsyncClient:
    await fill(client)
    if request.param == "indexed":
        await service.indexer.catch_up()
    return client


async def test_a_pasted_command_with_flags_finds_the_message_that_has_it(
    filled: httpx.AsyncClient,
) -> None:
    assert await found_ids(filled, "docker run --rm -it ubuntu") == ["docker"]
    assert await found_ids(filled, '"run --rm -it"') == ["docker"]
    assert await found_ids(filled, "docker -ubuntu") == ["mount"]
    assert await found_ids(filled, "docker run -v /tmp:/tmp") == ["mount"]
    assert await found_ids(filled, "docker AND ubuntu") == ["docker"]


async def test_or_and_parentheses(filled: httpx.AsyncClient) -> None:
    assert await found_ids(filled, "cannot OR unable") == ["cannot", "unable"]
    assert await found_ids(filled, "refund (refused OR denied)") == ["refused"]
    assert await found_ids(filled, "(refund refused) OR cannot") == ["cannot", "refused"]
    assert await found_ids(filled, "docker -(ubuntu OR alpine)") == []
    assert await found_ids(filled, "do OR want -cannot") == ["refund", "unable"]
    assert await found_ids(filled, "state:failed OR tag:docker") == ["docker", "refused"]


async def test_every_filter_is_a_qualifier_that_can_be_negated(filled: httpx.AsyncClient) -> None:
    assert await found_ids(filled, "state:failed") == ["refused"]
    assert await found_ids(filled, "refund -state:failed") == ["refund"]
    assert await found_ids(filled, "-state:failed -tag:docker -tag:mount") == [
        "cannot", "refund", "unable",
    ]  # fmt: skip
    assert await found_ids(filled, "-state:completed -has:messages") == []
    assert await found_ids(filled, "resolution:open docker messages:>0") == ["docker", "mount"]
    assert await found_ids(filled, "docker messages:>1") == []
    assert await found_ids(filled, "after:7d refund") == ["refund", "refused"]
    assert await found_ids(filled, "before:yesterday") == []
    assert await found_ids(filled, "created:today cannot after:yesterday") == ["cannot"]
    assert await found_ids(filled, "-unread:false docker") == ["docker", "mount"]


@pytest.mark.parametrize(
    ("text", "typed", "suggestion"),
    [
        ("state:fialed", "state:fialed", "state:failed"),
        ("-state:fialed", "state:fialed", "state:failed"),
        ("has:tol", "has:tol", "has:tool"),
        ("after:tusday", "after:tusday", None),
        ("stat:failed", "stat:failed", "state:failed"),
        ("channel:wbe", "channel:wbe", "channel:web"),
        ("resolved:yes", "resolved:yes", "is:resolved"),
        ("id:docker", "id:docker", None),
    ],
)
async def test_what_is_not_understood_is_in_the_notes(
    client: httpx.AsyncClient, text: str, typed: str, suggestion: str | None
) -> None:
    await fill(client)
    (note,) = (await search(client, text))["notes"]
    assert note["text"] == typed
    if suggestion is not None:
        assert note["suggestion"] == suggestion
        assert f"did you mean {suggestion}?" in note["message"]


async def test_an_understood_search_has_no_notes(client: httpx.AsyncClient) -> None:
    await fill(client)
    for text in ("refund", "state:failed", "https://example.com/x", "channel:web -tag:x", ""):
        assert (await search(client, text))["notes"] == [], text


async def test_an_id_that_is_pasted_leads_there(filled: httpx.AsyncClient) -> None:
    body = await search(filled, "refund@example.com")
    assert body["jump"] == {"session_id": None, "message_id": None, "user": "refund@example.com"}
    assert [item["session"]["id"] for item in body["data"]] == ["refund"]
    started = (await filled.post("/v1/sessions", json={"title": "No words"})).json()
    for pasted in (started["id"], started["id"].removeprefix("ses_"), f" {started['id']} "):
        body = await search(filled, pasted)
        assert body["jump"] == {"session_id": started["id"], "message_id": None, "user": None}
        assert [item["session"]["id"] for item in body["data"]] == [started["id"]]
    body = await search(filled, "refund")
    assert body["jump"]["session_id"] == "refund"
    assert [item["session"]["id"] for item in body["data"]] == ["refused", "refund"]
    assert (await search(filled, "nobody@example.com"))["jump"] is None


async def test_a_message_id_that_is_pasted_leads_to_the_message(filled: httpx.AsyncClient) -> None:
    """In every form that an API gives it: ours, a plain UUID, with a part, the client's own."""
    draft = {"role": "user", "text": "Nothing to be found by", "client_id": "mail-88"}
    answer = await filled.post("/v1/sessions/unable/messages", json={"messages": [draft]})
    (message,) = answer.json()["data"]
    bare = message["id"].removeprefix("msg_")
    for pasted in (message["id"], bare, bare.upper(), f"{message['id']}.0", "mail-88"):
        led = await search(filled, f" {pasted} ")
        assert led["jump"] == {"session_id": "unable", "message_id": message["id"], "user": None}
        (hit,) = led["data"]
        assert (hit["session"]["id"], hit["message_id"]) == ("unable", message["id"]), pasted
        assert hit["snippets"][0]["text"] == "Nothing to be found by"
    await filled.delete(f"/v1/sessions/unable/messages/{message['id']}")
    assert (await search(filled, message["id"]))["jump"] is None


async def test_a_client_id_leads_to_the_original_and_not_to_its_forks(
    client: httpx.AsyncClient,
) -> None:
    await fill(client)
    draft = {"role": "user", "text": "Hello", "client_id": "mail-88"}
    await client.post("/v1/sessions/refused/messages", json={"messages": [draft]})
    await client.post("/v1/sessions/refused/fork", json={"id": "fork"})
    copied = (await client.get("/v1/sessions/fork/messages")).json()["data"][-1]
    assert copied["client_id"] == "mail-88"
    assert (await search(client, "mail-88"))["jump"]["session_id"] == "refused"
    assert (await search(client, copied["id"]))["jump"]["session_id"] == "fork"


async def test_a_search_looks_an_id_up_once_and_no_word_that_can_be_none(
    store_url: str, tmp_path: Path
) -> None:
    seen = Recorder()
    async with opened(Settings(store=store_url), seen) as service:
        principal = service.workspaces.operator(await service.workspaces.create("w"))
        await service.sessions.start(principal, SessionDraft(id="refund", user_id="ada"))
        ways = {
            "nothing": 1,
            "mail-88": 1,
            "msg_0190163d-8694-739b-aea5-966c00000001": 1,
            "two words": 0,
            '"refund"': 0,
            "refun*": 0,
            "-refund": 0,
            "(refund": 0,
            "": 0,
        }
        for text, times in ways.items():
            seen.statements.clear()
            await service.search.find(principal, SearchQuery(text=text))
            assert seen.statements.count("id_named") == times, text
            others = {"session_get", "session_id_by_own_id", "session_id_by_safe_id"}
            assert others.isdisjoint(seen.statements), text


async def test_the_sessions_of_a_pasted_user_are_walked_page_by_page(
    client: httpx.AsyncClient,
) -> None:
    for number in range(5):
        await client.post("/v1/sessions", json={"id": f"s{number}", "user": "u-4711"})
    shown: list[str] = []
    params: dict[str, Any] = {"q": "u-4711", "limit": 2}
    while True:
        body = (await client.get("/v1/search", params=params)).json()
        shown += [item["session"]["id"] for item in body["data"]]
        if not body["has_more"]:
            break
        params["cursor"] = body["next_cursor"]
    assert sorted(shown) == [f"s{number}" for number in range(5)]


async def test_a_key_for_one_user_is_led_to_nobody_else(
    service: Service, principal: Principal, client: httpx.AsyncClient
) -> None:
    await fill(client)
    narrowed = msgspec.structs.replace(principal, user_id="refund@example.com")
    (message,) = (await client.get("/v1/sessions/docker/messages")).json()["data"]
    for text in (
        "docker",
        "docker@example.com",
        message["id"],
        "channel:wbe",
        "-state:failed docker",
    ):
        results = await service.search.find(narrowed, SearchQuery(text=text))
        assert (results.items, results.jump) == ([], None), text
        assert all("did you mean" not in note.message for note in results.notes), text


async def test_metadata_is_a_qualifier(service: Service, principal: Principal) -> None:
    for plan in ("pro", "free"):
        draft = SessionDraft(id=plan, metadata={"plan": plan, "seats": 3})
        await service.sessions.start(principal, draft)
        message = MessageDraft(role="user", parts=text_part("hello"), text="hello")
        await service.messages.append(principal, plan, [message])
    for text, expected in {
        "metadata.plan:pro": ["pro"],
        "hello metadata.plan:pro,free": ["free", "pro"],
        "hello -metadata.plan:pro": ["free"],
        "metadata.seats:3 metadata.plan:free": ["free"],
        "metadata.plan:none": [],
    }.items():
        results = await service.search.find(principal, SearchQuery(text=text))
        assert sorted(item.session.name for item in results.items) == expected, text
