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


async def test_the_traces_of_a_session_in_one_request_are_one_append_in_their_order(
    client: httpx.AsyncClient,
) -> None:
    """Whatever order they come in: nothing is appended that would have to be taken back."""
    turns = range(7)
    records = [record for turn in reversed(turns) for record in spans(turn)[:1]]
    for record in records:
        record.attributes["gen_ai.conversation.id"] = "long"
    path, body = request(records)
    assert (await client.post(path, json=body)).json() == {}
    assert await texts(client, "long") == [
        f"{verb} {turn}" for turn in turns for verb in ("ask", "say")
    ]
    changes = (await client.get("/v1/changes?since=0&limit=200")).json()["data"]
    kinds = [change["type"] for change in changes]
    assert kinds == ["session.created", "message.appended", *["run.finished"] * len(turns)]
    session = (await client.get("/v1/sessions/long")).json()
    assert (session["last_seq"], session["message_count"]) == (14, 14)
    assert session["run_id"] == records[0].trace


async def test_a_long_request_takes_nothing_back_whatever_its_traces_are_called(
    client: httpx.AsyncClient,
) -> None:
    """More calls of a session than a transaction takes, with ids that run against the time."""
    records = [record for turn in range(70) for record in spans(turn)[:1]]
    for number, record in enumerate(records):
        record.attributes["gen_ai.conversation.id"] = "long"
        record.trace = f"{len(records) - number:032x}"
    path, body = request(records)
    assert (await client.post(path, json=body)).json() == {}
    session = (await client.get("/v1/sessions/long")).json()
    assert (session["last_seq"], session["message_count"]) == (140, 140)
    assert session["run_id"] == records[-1].trace


async def test_calls_come_into_a_session_that_knows_later_ones_of_other_traces(
    client: httpx.AsyncClient,
) -> None:
    """A request that brings both what is late and what is new."""
    for turns in ([2, 3], [1, 4], [4, 0]):
        records = [record for turn in turns for record in spans(turn)[:1]]
        for record in records:
            record.attributes["gen_ai.conversation.id"] = "mixed"
        path, body = request(records)
        assert (await client.post(path, json=body)).json() == {}
    expected = [f"{verb} {turn}" for turn in range(5) for verb in ("ask", "say")]
    assert await texts(client, "mixed") == expected


async def test_the_write_of_another_goes_between_two_transactions_of_a_request(
    service: Service, client: httpx.AsyncClient
) -> None:
    other = await service.workspaces.create(f"other {secrets.token_hex(4)}")
    key, _ = await service.keys.create(service.workspaces.operator(other), "own", ALL_SCOPES)
    records = [record for turn in range(60) for record in spans(turn)]
    shares = [
        [record for record in records if record.attributes["gen_ai.conversation.id"] in names]
        for names in (SESSIONS[:4], SESSIONS[4:])
    ]
    async with client_of(service, key) as own:
        await own.post("/v1/sessions", json={"id": "mine"})
        exports = [
            asyncio.create_task(client.post(path, json=body)) for path, body in map(request, shares)
        ]
        async with asyncio.timeout(60):
            while (await client.get(f"/v1/sessions/{SESSIONS[0]}")).status_code != 200:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.001)
        body = {"messages": [{"role": "user", "text": "now"}]}
        assert (await own.post("/v1/sessions/mine/messages", json=body)).status_code == 201
        assert not any(export.done() for export in exports)
    for answer in await asyncio.gather(*exports):
        assert answer.json() == {}, answer.text
    for name in SESSIONS:
        assert len(await texts(client, name)) == 120
