"""Telemetry of long and of large sessions: nothing is lost where a bound ends what is mended."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.dialects.otlp_spans import SECOND, START, Message, Record, genai, request

SPAN = "gen_ai.conversation.id"


def call(number: int, text: str, *, trace: int = 1, session: str | None = None) -> Record:
    """A call that was sent one message and answered another one."""
    sent, answered = Message("user", f"ask {text}"), Message("assistant", f"say {text}")
    return Record(
        trace=f"{trace:032x}",
        span=f"{number + 1:016x}",
        start=START + number * 10 * SECOND,
        end=START + number * 10 * SECOND + SECOND,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps([genai(sent)]),
            "gen_ai.output.messages": json.dumps([genai(answered)]),
        }
        | ({SPAN: session} if session else {}),
    )


async def send(client: httpx.AsyncClient, records: list[Record]) -> None:
    path, body = request(records)
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {}


async def texts(client: httpx.AsyncClient, name: str) -> list[str]:
    listed: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await client.get(f"/v1/sessions/{name}/messages?limit=200{cursor}")).json()
        listed += page["data"]
        if not page["has_more"]:
            return [message["parts"][0]["content"][:10].strip() for message in listed]
        cursor = f"&cursor={page['next_cursor']}"


async def names(client: httpx.AsyncClient) -> list[str]:
    return [each["id"] for each in (await client.get("/v1/sessions")).json()["data"]]


async def test_a_long_trace_that_gets_its_name_late_takes_all_its_messages_along(
    client: httpx.AsyncClient,
) -> None:
    await send(client, [call(number, str(number)) for number in range(210)])
    await send(client, [call(210, "210", session="conv")])
    assert await texts(client, "conv") == [
        f"{verb} {number}" for number in range(211) for verb in ("ask", "say")
    ]
    assert (await names(client)) == ["conv"]


async def test_a_large_trace_that_gets_its_name_late_takes_all_its_messages_along(
    client: httpx.AsyncClient,
) -> None:
    for number in range(12):
        await send(client, [call(number, f"{number:<10}" + "x" * 900_000)])
    await send(client, [call(12, "12", session="conv")])
    assert await texts(client, "conv") == [
        f"{verb} {number}" for number in range(13) for verb in ("ask", "say")
    ]


async def test_a_late_call_of_a_large_session_goes_to_its_end_and_moves_nothing(
    client: httpx.AsyncClient,
) -> None:
    """What is behind its place is more than 8 MiB."""
    for number in (0, *range(2, 13)):
        large = call(number, f"{number:<10}" + "x" * 900_000, trace=number + 1, session="conv")
        await send(client, [large])
    late = [call(1, "1", trace=90, session="conv"), call(13, "13", trace=90, session="conv")]
    await send(client, late)
    order = [0, *range(2, 13), 1, 13]
    assert await texts(client, "conv") == [
        f"{verb} {number}" for number in order for verb in ("ask", "say")
    ]
