"""Notes, scores and assignees.

They are written, listed, filtered, replaced, and deleted with what they are about.
"""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from hansard.access import Principal
from hansard.errors import Conflict
from hansard.model import SessionDraft
from hansard.model.note import Note
from hansard.model.transfer import Snapshot
from hansard.service import Service

SESSION = "/v1/sessions/s"


async def listed_of(client: httpx.AsyncClient, what: str) -> list[dict[str, Any]]:
    return list((await client.get(f"{SESSION}/{what}")).json()["data"])


async def listed(client: httpx.AsyncClient, **where: Any) -> list[str]:
    answer = await client.get("/v1/sessions", params={"sort": "created_at", **where})
    return [session["id"] for session in answer.json()["data"]]


async def test_a_note_is_written_listed_and_deleted(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    before = (await client.get(SESSION)).json()
    first = await client.post(f"{SESSION}/notes", json={"text": " Look at this. "})
    assert first.status_code == 201
    written = first.json()
    assert (written["text"], written["seq"]) == ("Look at this.", None)
    assert written["author"]
    assert written["created_by"]
    about = {"text": "Rude", "message": transcript[3]["id"], "author": "grace"}
    second = (await client.post(f"{SESSION}/notes", json=about)).json()
    assert (second["seq"], second["author"]) == (4, "grace")
    assert await listed_of(client, "notes") == [written, second]
    after = (await client.get(SESSION)).json()
    assert after["version"] == before["version"] + 2
    assert after["last_message_at"] == before["last_message_at"]
    gone = await client.delete(f"{SESSION}/notes/{written['id']}")
    assert gone.json() == {"id": written["id"], "deleted": True}
    assert await listed_of(client, "notes") == [second]
    missing = await client.delete(f"{SESSION}/notes/{written['id']}")
    assert (missing.status_code, missing.json()["code"]) == (404, "note_not_found")


async def test_a_note_needs_words_and_a_message_that_is_there(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    for body, status in (
        ({"text": "  "}, 400),
        ({"text": "x" * 8001}, 400),
        ({"text": "x\x00"}, 400),
        ({"text": "x", "message": "nope"}, 400),
        ({"text": "x", "message": 0}, 400),
        ({"text": "x", "message": 11}, 404),
    ):
        answer = await client.post(f"{SESSION}/notes", json=body)
        assert answer.status_code == status, body
    assert (await client.post("/v1/sessions/none/notes", json={"text": "x"})).status_code == 404
    assert await listed_of(client, "notes") == []


async def test_a_repeated_note_is_written_once_and_its_answer_goes_with_it(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    once = {"Idempotency-Key": "n-1"}
    answers = [
        await client.post(f"{SESSION}/notes", json={"text": "Twice?"}, headers=once)
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(await listed_of(client, "notes")) == 1
    await client.delete(f"{SESSION}/notes/{answers[0].json()['id']}")
    again = await client.post(f"{SESSION}/notes", json={"text": "Twice?"}, headers=once)
    assert (again.status_code, again.json()["code"]) == (404, "deleted_since")


async def test_a_score_replaces_the_authors_last_one_of_its_name(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    async def give(**body: Any) -> httpx.Response:
        return await client.post(f"{SESSION}/scores", json={"name": "helpful", **body})

    assert (await give(value=0)).status_code == 201
    again = await give(value=1, comment="found it")
    assert again.status_code == 200
    assert (await give(value=1, message=2)).status_code == 201
    assert (await give(label="yes", author="judge")).status_code == 201
    scores = await listed_of(client, "scores")
    assert [(score["seq"], score["value"], score["label"]) for score in scores] == [
        (None, 1.0, None),
        (2, 1.0, None),
        (None, None, "yes"),
    ]
    assert (await client.get("/v1/scores")).json()["data"] == ["helpful"]
    assert (await client.delete(f"{SESSION}/scores/{again.json()['id']}")).status_code == 200
    assert (await client.delete(f"{SESSION}/scores/{again.json()['id']}")).status_code == 404
    for body in ({}, {"value": "high"}, {"label": "", "value": None}, {"value": 1, "name": " "}):
        assert (await give(**body)).status_code == 400, body


async def test_sessions_are_filtered_by_who_looks_after_them_and_what_was_said_of_them(
    client: httpx.AsyncClient,
) -> None:
    for name in ("a", "b", "c"):
        await client.post("/v1/sessions", json={"id": name})
    await client.patch("/v1/sessions/a", json={"assignee": "grace"})
    await client.post("/v1/sessions/b/notes", json={"text": "hm"})
    await client.post("/v1/sessions/c/scores", json={"name": "tone", "value": 0.4})
    assert (await client.get("/v1/sessions/a")).json()["assignee"] == "grace"
    assert await listed(client, assignee="grace") == ["a"]
    assert await listed(client, assigned="false") == ["b", "c"]
    assert await listed(client, noted="true") == ["b"]
    assert await listed(client, scored="false") == ["a", "b"]
    assert await listed(client, score="tone") == ["c"]
    assert await listed(client, score="helpful") == []
    assert await listed(client, score="tone", sort="-active_at", channel="web") == []
    await client.patch("/v1/sessions/a", json={"assignee": None})
    assert await listed(client, assigned="true") == []


async def test_what_was_said_of_a_deleted_message_goes_with_it(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    for message in (2, 3):
        await client.post(f"{SESSION}/notes", json={"text": "quoted", "message": message})
        score = {"name": "tone", "value": 1, "message": message}
        await client.post(f"{SESSION}/scores", json=score)
    await client.delete(f"{SESSION}/messages/{transcript[1]['id']}")
    assert [note["seq"] for note in await listed_of(client, "notes")] == [3]
    assert [score["seq"] for score in await listed_of(client, "scores")] == [3]


async def test_events_tell_of_notes_and_scores(
    client: httpx.AsyncClient, transcript: list[dict[str, Any]]
) -> None:
    since = (await client.get("/v1/changes")).json()["next"]
    note = (await client.post(f"{SESSION}/notes", json={"text": "x", "message": 2})).json()
    await client.post(f"{SESSION}/scores", json={"name": "tone", "value": 1})
    await client.delete(f"{SESSION}/notes/{note['id']}")
    events = (await client.get("/v1/changes", params={"since": since})).json()["data"]
    assert [(event["type"], event["seq"]) for event in events] == [
        ("note.created", 2),
        ("score.created", None),
        ("note.deleted", 2),
    ]


async def test_a_session_has_a_bounded_number_of_notes(
    service: Service, principal: Principal
) -> None:
    session, _ = await service.sessions.start(principal, SessionDraft(id="s"))
    note = Note("note_0", session.id, 0, "x", "grace", "k", 1)
    notes = [msgspec.structs.replace(note, id=f"note_{number}") for number in range(501)]
    newer = msgspec.structs.replace(session, version=session.version + 1)
    verdicts = [
        (await service.transfers.restore(principal, [Snapshot(newer, [], [], some)]))[0]
        for some in (notes, notes[:500])
    ]
    assert [(verdict.outcome, verdict.reason) for verdict in verdicts] == [
        ("bad", "notes: there are more than 500"),
        ("updated", None),
    ]
    assert len(await service.notes.list(principal, "s")) == 500
    with pytest.raises(Conflict, match="500 notes"):
        await service.notes.add(principal, "s", "one more")


async def test_a_narrowed_key_writes_on_its_own_sessions_alone(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    for name, user in (("a", "ann"), ("b", "bob")):
        await client.post("/v1/sessions", json={"id": name, "user": user})
    await client.post("/v1/sessions/b/scores", json={"name": "tone", "value": 1})
    scopes = ["sessions:read", "sessions:write"]
    secret, _ = await service.keys.create(principal, "ann", scopes=scopes, user_id="ann")
    headers = {"Authorization": f"Bearer {secret}"}
    for name, status in (("a", 201), ("b", 404)):
        answer = await client.post(
            f"/v1/sessions/{name}/notes", json={"text": "x"}, headers=headers
        )
        assert answer.status_code == status
    assert (await client.get("/v1/sessions/b/notes", headers=headers)).status_code == 404
    assert (await client.get("/v1/scores", headers=headers)).json()["data"] == []
