"""Search finds what agents did, the forms of words, and emoji."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from hansard import byte_cache
from hansard.access import Principal
from hansard.model import MessageDraft, SearchQuery, SessionDraft, parts
from hansard.service import Service
from hansard.store.steps import run
from hansard.store.tokenizer import words
from tests.support.recounting import recount_due

CALL = {
    "type": "tool_call",
    "id": "c1",
    "name": "cancel-reservation",
    "arguments": {"reservation": "ZFA04Y", "reason": "weather"},
}
ARGUMENTS_AS_TEXT = CALL | {"id": "c2", "name": "lookup", "arguments": '{"order": "A-17"}'}
REFUSAL = {
    "type": "tool_call_response",
    "id": "c1",
    "response": "Error: the refund was refused",
}
ANSWER = {"type": "tool_call_response", "id": "c2", "response": {"status": "found", "n": 4711}}
MESSAGES: dict[str, list[dict[str, Any]]] = {
    "called": [
        {"role": "user", "text": "Cancel it"},
        {"role": "assistant", "parts": [{"type": "text", "content": "I try"}, CALL]},
        {"role": "tool", "parts": [REFUSAL]},
    ],
    "asked": [
        {"role": "assistant", "parts": [ARGUMENTS_AS_TEXT]},
        {"role": "tool", "parts": [ANSWER]},
        {"role": "tool", "text": "plain words of a tool"},
    ],
    "spoken": [
        {"role": "user", "text": "Was the refund refused? \U0001f6eb\ufe0f \U0001f44d\U0001f3fd"}
    ],
    "forms": [{"role": "user", "text": "Refunding takes days; refunds, refunded"}],
    "flag": [{"role": "user", "text": "I fly to \U0001f1e9\U0001f1ea"}],
}


@pytest.fixture(params=["waiting", "indexed"])
async def filled(
    client: httpx.AsyncClient, service: Service, request: pytest.FixtureRequest
) -> httpx.AsyncClient:
    for name, messages in MESSAGES.items():
        await client.post("/v1/sessions", json={"id": name, "title": name})
        answer = await client.post(f"/v1/sessions/{name}/messages", json={"messages": messages})
        assert answer.status_code == 201, answer.text
    if request.param == "indexed":
        await service.indexer.catch_up()
    return client


async def hits(client: httpx.AsyncClient, text: str, **more: Any) -> list[str]:
    answer = await client.get("/v1/search", params={"q": text, "total": True, **more})
    body = answer.json()
    assert body["total"] == len(body["data"]), text
    return sorted(hit["session"]["id"] for hit in body["data"])


PEOPLE = {"system": False, "tools": False}


async def test_arguments_and_answers_of_tools_are_found(filled: httpx.AsyncClient) -> None:
    for text, expected in {
        "ZFA04Y": ["called"],
        "role:assistant zfa04y": ["called"],
        "role:tool refused": ["called"],
        '"refund was refused"': ["called"],
        "role:tool found 4711": ["asked"],
        "A-17": ["asked"],
        "role:tool plain": ["asked"],
        "tool:cancel-reservation": ["called"],
        "tool:cancel_reservation weather": ["called"],
        "tool:cancel*": ["called"],
        "tool:lookup,cancel-reservation": ["asked", "called"],
        "tool:nothing": [],
        "-tool:lookup has:tool": ["asked", "called"],
        "has:failed-call": ["called"],
        "has:failed-call role:tool": ["called"],
        "has:failed-call lookup": [],
    }.items():
        assert await hits(filled, text) == expected, text


async def test_people_are_not_shown_what_tools_said_unless_they_ask(
    filled: httpx.AsyncClient,
) -> None:
    for text, expected in {
        "ZFA04Y": [],
        "refused": ["spoken"],
        "plain": [],
        "role:tool refused": ["called"],
        "tool:lookup A-17": ["asked"],
        "has:tool weather": ["called"],
        "has:failed-call refused": ["called"],
    }.items():
        assert await hits(filled, text, **PEOPLE) == expected, text


async def test_a_hit_in_a_tool_call_is_shown_with_its_marks(filled: httpx.AsyncClient) -> None:
    answer = await filled.get("/v1/search", params={"q": "role:tool refused"})
    (match,) = answer.json()["data"]
    (snippet,) = match["snippets"]
    assert snippet["role"] == "tool"
    assert [snippet["text"][start:end] for start, end in snippet["highlights"]] == ["refused"]
    answer = await filled.get("/v1/search", params={"q": "weather"})
    (snippet,) = answer.json()["data"][0]["snippets"]
    assert [snippet["text"][start:end] for start, end in snippet["highlights"]] == ["weather"]


async def test_forms_of_a_word_are_found_and_a_phrase_is_exact(filled: httpx.AsyncClient) -> None:
    for text, expected in {
        "refund": ["forms", "spoken"],
        "refunds": ["forms", "spoken"],
        "refunded": ["forms", "spoken"],
        '"refunded"': ["forms"],
        '"refund"': ["spoken"],
        "refus*": ["spoken"],
        "refund -refusing": ["forms"],
        "days -refund": [],
        "day": ["forms"],
    }.items():
        assert await hits(filled, text, **PEOPLE) == expected, text


async def test_exact_words_rank_before_other_forms(
    service: Service, client: httpx.AsyncClient, principal: Principal
) -> None:
    for name, text in (("exact", "one refund" + " and more" * 40), ("forms", "refunds refunded")):
        await client.post("/v1/sessions", json={"id": name, "title": name})
        body = {"messages": [{"role": "user", "text": text}]}
        await client.post(f"/v1/sessions/{name}/messages", json=body)
    for query, expected in (("refund", ["exact", "forms"]), ("refunds", ["forms", "exact"])):
        results = await service.search.find(principal, SearchQuery(text=query, sort="relevance"))
        assert [item.session.name for item in results.items] == expected, query


async def test_forms_are_marked(filled: httpx.AsyncClient) -> None:
    answer = await filled.get("/v1/search", params={"q": "refund", **PEOPLE})
    marked = {
        hit["session"]["id"]: [
            hit["snippets"][0]["text"][start:end] for start, end in hit["snippets"][0]["highlights"]
        ]
        for hit in answer.json()["data"]
    }
    assert marked == {"spoken": ["refund"], "forms": ["Refunding", "refunds", "refunded"]}


async def test_emoji_are_found(filled: httpx.AsyncClient) -> None:
    for text, expected in {
        "\U0001f6eb": ["spoken"],
        "\U0001f6eb\ufe0f": ["spoken"],
        "\U0001f44d": ["spoken"],
        "\U0001f44d\U0001f3ff": ["spoken"],
        "\U0001f1e9\U0001f1ea": ["flag"],
        "\U0001f1eb\U0001f1f7": [],
        "-\U0001f6eb role:user refund": ["forms"],
    }.items():
        assert await hits(filled, text) == expected, text


def test_an_emoji_is_a_word_and_a_flag_is_one() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert words(f"a{family}b \U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7") == [
        "a", "\U0001f468", "\U0001f469", "\U0001f467", "b",
        "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7",
    ]  # fmt: skip


async def test_an_index_that_is_made_anew_has_everything_again(lone_service: Service) -> None:
    """As a migration leaves it: nothing is indexed, and the events are gone."""
    service = lone_service
    principal = service.workspaces.operator(await service.workspaces.create("acme"))
    for number in range(5):
        await service.sessions.start(principal, SessionDraft(id=f"s{number}", title="A title"))
        drafts: Sequence[MessageDraft] = [
            MessageDraft(role="user", parts=parts.text_part(text), text=text)
            for text in (f"word{number}", "shared")
        ]
        await service.messages.append(principal, f"s{number}", drafts)
    await service.indexer.catch_up()

    async def total(text: str) -> int | None:
        query = SearchQuery(text=text, with_total=True)
        return (await service.search.find(principal, query)).total

    assert await total("shared") == 5
    await service.store.write(_unindexed, principal.workspace_id)
    await service.store.write(recount_due, principal.workspace_id)
    byte_cache.clear()  # a migration comes before any search of the process
    assert await total("shared") == 0
    assert await service.recount.run() == 5
    assert (await total("shared"), await total("word3"), await total("title")) == (5, 1, 5)


def _unindexed(workspace_id: str) -> Any:
    yield from run("workspace_purge_search_index", workspace_id=workspace_id)
    yield from run("workspace_purge_search_sessions", workspace_id=workspace_id)
