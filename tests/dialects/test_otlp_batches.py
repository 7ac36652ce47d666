"""Many traces in one request, and many requests at once: every call is taken once."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

import httpx

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from tests.conftest import client_of
from tests.dialects.otlp_spans import SECOND, START, Message, Record, genai, request

SESSIONS = [f"thread-{number}" for number in range(8)]


def spans(turn: int) -> list[Record]:
    """A call of its own trace for each session, in another order in each turn."""
    order = SESSIONS[turn % len(SESSIONS) :] + SESSIONS[: turn % len(SESSIONS)]
    return [
        Record(
            trace=f"{turn * 1000 + SESSIONS.index(name) + 1:032x}",
            span=f"{turn * 1000 + SESSIONS.index(name) + 1:016x}",
            start=START + turn * 10 * SECOND,
            end=START + turn * 10 * SECOND + SECOND,
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.conversation.id": name,
                "user.id": "ada",
                "gen_ai.input.messages": json.dumps([genai(Message("user", f"ask {turn}"))]),
                "gen_ai.output.messages": json.dumps([genai(Message("assistant", f"say {turn}"))]),
            },
        )
        for name in order
    ]


async def texts(client: httpx.AsyncClient, name: str) -> list[str]:
    listed = await client.get(f"/v1/sessions/{name}/messages?limit=200")
    return [message["parts"][0]["content"] for message in listed.json()["data"]]


async def test_a_request_of_many_traces_is_counted_and_told_as_if_they_came_alone(
    service: Service,
) -> None:
    """Counts and events, which a group of traces writes at its end."""
    outcomes: list[Any] = []
    for number, groups in enumerate(([spans(0)], [[record] for record in spans(0)])):
        workspace = await service.workspaces.create(f"batch {number} {secrets.token_hex(4)}")
        operator = service.workspaces.operator(workspace)
        key, _ = await service.keys.create(operator, "exporter", ALL_SCOPES)
        async with client_of(service, key) as client:
            for records in groups:
                path, body = request(records)
                assert (await client.post(path, json=body)).status_code == 200
            listed = (await client.get("/v1/sessions?user=ada&total=true")).json()
            changes = (await client.get("/v1/changes?since=0&limit=200")).json()["data"]
        heard = sorted((each["type"], each["seq"] or 0) for each in changes)
        outcomes.append((listed["total"], heard))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] == len(SESSIONS)


async def test_requests_at_once_and_appends_between_them_take_everything_once(
    client: httpx.AsyncClient,
) -> None:
    turns = range(12)

    async def export(turn: int) -> None:
        path, body = request(spans(turn))
        answer = await client.post(path, json=body)
        assert answer.json() == {}, answer.text

    async def append(name: str) -> None:
        body = {"messages": [{"role": "user", "text": "and this"}], "session": {}}
        answer = await client.post(f"/v1/sessions/{name}/messages", json=body)
        assert answer.status_code == 201, answer.text

    await asyncio.gather(*map(export, turns), *map(append, SESSIONS))
    expected = sorted(
        ["and this", *(f"{verb} {turn}" for verb in ("ask", "say") for turn in turns)]
    )
    for name in SESSIONS:
        assert sorted(await texts(client, name)) == expected


async def test_one_refused_trace_takes_none_of_the_others_with_it(
    service: Service, principal: Principal, client: httpx.AsyncClient
) -> None:
    await client.post("/v1/sessions", json={"id": SESSIONS[3], "user": "bob"})
    key, _ = await service.keys.create(principal, "hers", ("sessions:write",), user_id="ada")
    async with client_of(service, key) as hers:
        path, body = request(spans(0))
        answer = await hers.post(path, json=body)
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
    for name in SESSIONS:
        expected = [] if name == SESSIONS[3] else ["ask 0", "say 0"]
        assert await texts(client, name) == expected


async def test_what_a_call_answered_and_the_next_one_sends_is_there_once(
    client: httpx.AsyncClient,
) -> None:
    for turn in range(2):
        record = spans(turn)[0]
        sent = [genai(Message("user", "ask 0"))]
        if turn:
            sent += [genai(Message("assistant", "say 0")), genai(Message("user", "ask 1"))]
        record.attributes["gen_ai.conversation.id"] = "both"
        record.attributes["gen_ai.input.messages"] = json.dumps(sent)
        path, body = request([record])
        assert (await client.post(path, json=body)).status_code == 200
    assert await texts(client, "both") == ["ask 0", "say 0", "ask 1", "say 1"]
