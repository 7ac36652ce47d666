"""Sessions are found by the words of their notes, for as long as the notes are there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.model import SessionFilter, SessionQuery
from hansard.service import Service
from hansard.store.steps import Steps, run
from tests.support.recounting import recount_due

NOTES = {
    "a": "The refund was refused; café closed",
    "b": "Refunded twice!",
    "c": "Überweisung an 山田さん",
    "d": "nothing of that",
}


@pytest.fixture
async def noted(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """The note of each session."""
    written = {}
    for name, text in NOTES.items():
        await client.post("/v1/sessions", json={"id": name})
        message = {"messages": [{"role": "user", "text": "hello"}]}
        await client.post(f"/v1/sessions/{name}/messages", json=message)
        answer = await client.post(f"/v1/sessions/{name}/notes", json={"text": text})
        written[name] = answer.json()
    return written


async def listed(client: httpx.AsyncClient, note: str, **more: Any) -> list[str]:
    params = {"sort": "created_at", "note": note, "total": "true", **more}
    page = (await client.get("/v1/sessions", params=params)).json()
    assert page["total"] == len(page["data"])
    return [session["id"] for session in page["data"]]


async def searched(client: httpx.AsyncClient, text: str) -> set[str]:
    answer = await client.get("/v1/search", params={"q": text})
    return {hit["session"]["id"] for hit in answer.json()["data"]}


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("refund", ["a", "b"]),
        ("REFUND refused", ["a"]),
        ("refused twice", []),
        ("cafe", ["a"]),
        ("uberweis", ["c"]),
        ("山田", ["c"]),
        ("efund", []),
        ("%", []),
        ("!!!", []),
    ],
)
async def test_every_word_begins_one_of_the_notes(
    client: httpx.AsyncClient, noted: dict[str, Any], note: str, expected: list[str]
) -> None:
    assert await listed(client, note) == expected
    assert await listed(client, note, messages_from=1) == expected, "beside another filter"


async def test_a_search_takes_it_as_a_qualifier(
    client: httpx.AsyncClient, noted: dict[str, Any]
) -> None:
    assert await searched(client, "note:refund") == {"a", "b"}
    assert await searched(client, 'note:"refund refused"') == {"a"}
    assert await searched(client, "hello -note:refund") == {"c", "d"}
    assert await searched(client, "note:twice OR note:nothing") == {"b", "d"}


async def test_a_note_that_is_gone_finds_nothing(
    client: httpx.AsyncClient, noted: dict[str, Any]
) -> None:
    again = {"text": "Refund promised"}
    await client.post("/v1/sessions/a/notes", json=again)
    await client.delete(f"/v1/sessions/a/notes/{noted['a']['id']}")
    assert await listed(client, "refund") == ["a", "b"], "another note of it has the word"
    assert await listed(client, "refused") == []
    await client.delete("/v1/sessions/b")
    assert await listed(client, "refund") == ["a"]


async def test_a_note_goes_with_its_message(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    body = {"messages": [{"role": "user", "text": text} for text in ("one", "two")]}
    sent = (await client.post("/v1/sessions/s/messages", json=body)).json()["data"]
    for message in (1, 2):
        about = {"text": f"rude{message}", "message": message}
        await client.post("/v1/sessions/s/notes", json=about)
    assert await listed(client, "rude") == ["s"]
    assert (await client.delete(f"/v1/sessions/s/messages/{sent[1]['id']}")).status_code == 200
    assert await listed(client, "rude2") == []
    assert await listed(client, "rude1") == ["s"]


async def test_an_import_brings_the_words_of_its_notes(
    client: httpx.AsyncClient, noted: dict[str, Any]
) -> None:
    lines = (await client.get("/v1/export")).content
    for name in NOTES:
        await client.delete(f"/v1/sessions/{name}")
    assert await listed(client, "refund") == []
    report = await client.post("/v1/import", content=lines)
    assert report.json()["new"] == len(NOTES)
    assert await listed(client, "refund") == ["a", "b"]


async def test_notes_from_before_are_found_once_they_are_walked(
    client: httpx.AsyncClient, noted: dict[str, Any], service: Service, principal: Principal
) -> None:
    def before(workspace_id: str) -> Steps[None]:
        yield from run("workspace_purge_note_words", workspace_id=workspace_id)
        yield from recount_due(workspace_id)

    await service.store.write(before, principal.workspace_id)
    query = SessionQuery(filter=SessionFilter(note="refund"))
    assert not (await service.sessions.list(principal, query)).items
    await service.recount.run()
    assert len((await service.sessions.list(principal, query)).items) == 2
