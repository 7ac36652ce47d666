"""Appends that arrive together are written together.

Each gets the answer it would get alone.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.app import application
from hansard.model import MessageDraft, MessageQuery, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service, appends
from hansard.settings import Settings
from hansard.store.steps import Steps
from hansard.store.verbs.append_batch import append_many


def draft(text: str, client_id: str | None = None) -> MessageDraft:
    return MessageDraft(role="user", parts=text_part(text), text=text, client_id=client_id)


async def test_a_crowd_gets_what_each_would_get_alone(
    service: Service, principal: Principal
) -> None:
    """Several sessions by several names, a missing one, a stale seq, ids that come twice.

    One transaction, many answers.
    """
    for name in ("a", "b", "telegram:1"):
        await service.sessions.start(principal, SessionDraft(id=name))
    uid = (await service.sessions.read(principal, "b")).id
    append = service.messages.append
    answers = await asyncio.gather(
        append(principal, "a", [draft("first")]),
        append(principal, "a", [draft("second"), draft("third")]),
        append(principal, f"asset_{uid}", [draft("by uuid")]),
        append(principal, "b", [draft("by name")]),
        append(principal, "telegram%3A1", [draft("by another spelling")]),
        append(principal, "nowhere", [draft("lost")]),
        append(principal, "a", [draft("stale")], expected_seq=1),
        append(principal, "a", [draft("fitting")], expected_seq=3),
        append(principal, "b", [draft("once", "same")]),
        append(principal, "b", [draft("once", "same")]),
        append(principal, "a\x00", [draft("odd")]),
        return_exceptions=True,
    )
    seqs = [
        [message.seq for message in answer[1]]
        if isinstance(answer, tuple)
        else getattr(answer, "code", answer)
        for answer in answers
    ]
    assert seqs == [
        [1],
        [2, 3],
        [1],
        [2],
        [1],
        "session_not_found",
        "seq_mismatch",
        [4],
        [3],
        [3],
        "session_not_found",
    ]
    session, messages, _ = await service.messages.list(principal, "a", MessageQuery())
    assert (session.title, session.message_count, session.last_preview) == ("first", 4, "fitting")
    assert [message.seq for message in messages] == [1, 2, 3, 4]


async def test_keys_in_a_crowd_are_each_answered_once(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})

    async def send(key: str, text: str) -> httpx.Response:
        return await client.post(
            "/v1/sessions/s/messages",
            json={"messages": [{"role": "user", "text": text}]},
            headers={"Idempotency-Key": key},
        )

    answers = await asyncio.gather(
        *[send(f"k{number % 10}", f"t{number % 10}") for number in range(40)]
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    again = [await send(f"k{number}", f"t{number}") for number in range(10)]
    assert {answer.status_code for answer in again} == {201}
    assert (await client.get("/v1/sessions/s")).json()["message_count"] == 10
    assert (await send("k0", "other")).status_code == 422


async def test_a_refused_append_gives_its_key_back(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    body = {"messages": [{"role": "user", "text": "x"}], "expected_seq": 5}
    refused = await asyncio.gather(
        *[
            client.post(
                "/v1/sessions/s/messages", json=body, headers={"Idempotency-Key": f"k{number}"}
            )
            for number in range(5)
        ]
    )
    assert [answer.status_code for answer in refused] == [409] * 5
    for number in range(5):
        await client.post(
            "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": str(number)}]}
        )
    assert (
        await client.post("/v1/sessions/s/messages", json=body, headers={"Idempotency-Key": "k1"})
    ).status_code == 201


async def test_none_waits_for_ever_behind_a_group_that_fails(
    client: httpx.AsyncClient, service: Service, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that nobody foresaw ends the appends of its group.

    Those behind it are written, and their keys are free again.
    """
    await client.post("/v1/sessions", json={"id": "s"})
    calls = 0

    def faulty(*args: Any) -> Steps[Any]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("unforeseen")
        return (yield from append_many(*args))

    monkeypatch.setattr(appends, "append_many", faulty)
    monkeypatch.setattr(appends, "_TOGETHER", 4)
    transport = httpx.ASGITransport(
        application(service, Settings(store=service.store.url)), raise_app_exceptions=False
    )
    quiet = httpx.AsyncClient(
        transport=transport, base_url=client.base_url, headers={"Authorization": f"Bearer {key}"}
    )

    async def send(number: int) -> int:
        body = {"messages": [{"role": "user", "text": str(number)}]}
        return (
            await quiet.post(
                "/v1/sessions/s/messages", json=body, headers={"Idempotency-Key": f"k{number}"}
            )
        ).status_code

    async with asyncio.timeout(20), quiet:
        first = await asyncio.gather(*map(send, range(20)))
        again = [await send(number) for number in range(20)]
    assert first.count(500) == 4
    assert first.count(201) == 16
    assert set(again) == {201}
    assert (await client.get("/v1/sessions/s")).json()["message_count"] == 20
