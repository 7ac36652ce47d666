"""Telemetry becomes sessions: of every emitter, in any order, twice, without what is not ours."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from tests.conftest import client_of
from tests.dialects.emitters import EMITTERS
from tests.dialects.otlp_spans import (
    CALL_ID,
    MODEL,
    SECOND,
    START,
    TURNS,
    Message,
    Record,
    contents,
    conversation,
    genai,
    request,
)

Json = dict[str, Any]
SAME = ("user", "agent", "state", "run_id", "input_tokens", "output_tokens")
PROTOBUF = {"Content-Type": "application/x-protobuf"}


async def send(client: httpx.AsyncClient, records: Sequence[Record]) -> None:
    """Send each record by itself, as JSON."""
    for record in records:
        path, body = request([record])
        answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text


def content(part: Json) -> str:
    """What one part says, whatever emitter spelled it."""
    if part["type"] == "tool_call":
        return str(part.get("call_id", part["id"]))
    if part["type"] == "tool_call_response":
        response = part["response"]
        return str(response[0]["text"] if isinstance(response, list) else response)
    return str(part.get("content"))


async def sessions(client: httpx.AsyncClient) -> dict[str, Any]:
    """All sessions with what they hold, but for numbers that a repair leaves out."""
    held = {}
    for session in (await client.get("/v1/sessions?limit=200")).json()["data"]:
        listed = await client.get(f"/v1/sessions/{session['uid']}/messages?limit=200")
        held[session["id"]] = {
            **{name: session[name] for name in SAME},
            "messages": [
                {
                    "role": message["role"],
                    "content": [content(part) for part in message["parts"]],
                    "model": message.get("model"),
                    "usage": message.get("usage"),
                    "created_at": message["created_at"],
                }
                for message in listed.json()["data"]
            ],
        }
    return held


@pytest.mark.parametrize("name", EMITTERS)
async def test_six_turns_with_a_tool_become_one_session(
    client: httpx.AsyncClient, name: str
) -> None:
    emitter, user = EMITTERS[name]
    await send(client, emitter())
    held = await sessions(client)
    assert list(held) == ["thread-9"]
    session = held["thread-9"]
    messages = [(record["role"], *record["content"]) for record in session["messages"]]
    assert messages == contents()
    assert sum(role == "user" for role, _ in messages) == len(TURNS)
    assert [role for role, text in messages if text == CALL_ID] == ["assistant"]
    assert session["user"] == user
    calls = len(list(conversation()))
    assert (session["input_tokens"], session["output_tokens"]) == (11 * calls, 7 * calls)
    models = [record["model"] for record in session["messages"] if record["role"] == "assistant"]
    assert models == [MODEL] * calls


@pytest.mark.parametrize("name", EMITTERS)
async def test_any_order_and_twice_gives_the_same_sessions(service: Service, name: str) -> None:
    emitter, _ = EMITTERS[name]
    records = emitter()
    chance = random.Random(name)
    orders = [records, chance.choice((records[::-1], chance.sample(records, len(records))))]
    results = []
    for number, order in enumerate(orders):
        workspace = await service.workspaces.create(f"{name}-{number}-{chance.random()}")
        operator = service.workspaces.operator(workspace)
        key, _ = await service.keys.create(operator, "exporter", ALL_SCOPES)
        async with client_of(service, key) as client:
            await send(client, [*order, *chance.sample(order, len(order) // 3)])
            results.append(await sessions(client))
    assert list(results[0]) == ["thread-9"]
    assert results[1] == results[0]


async def test_the_model_of_a_session_is_the_one_that_was_asked_for(
    client: httpx.AsyncClient,
) -> None:
    """Where no answer names one, and whichever span comes first."""
    messages = [{"role": "user", "parts": [{"type": "text", "content": "Hello"}]}]
    record = Record(
        "ab" * 16,
        "cd" * 8,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.conversation.id": "asked",
            "gen_ai.request.model": "gpt-5",
            "gen_ai.input.messages": json.dumps(messages),
        },
    )
    await send(client, [record])
    assert (await client.get("/v1/sessions/asked")).json()["model"] == "gpt-5"


async def test_each_trace_is_a_run_of_its_session(client: httpx.AsyncClient) -> None:
    records = EMITTERS["pydantic-ai"][0]()
    records[-1].status = {"code": 2, "message": "the tool broke"}
    await send(client, records[::-1])
    session = (await client.get("/v1/sessions/thread-9")).json()
    runs = (await client.get("/v1/sessions/thread-9/runs")).json()["data"]
    traces = list(dict.fromkeys(record.trace for record in records))
    assert [run["id"] for run in runs] == traces[::-1]
    assert [run["state"] for run in runs] == ["failed", *["completed"] * (len(traces) - 1)]
    assert (session["state"], session["run_id"]) == ("failed", traces[-1])
    assert session["run_error"] == "the tool broke"
    messages = (await client.get("/v1/sessions/thread-9/messages")).json()["data"]
    assert {message["run_id"] for message in messages} == set(traces)


async def test_what_is_not_of_a_conversation_is_counted_and_dropped(
    client: httpx.AsyncClient,
) -> None:
    chat = EMITTERS["pydantic-ai"][0]()[0]
    foreign = Record("b" * 32, "c" * 16, attributes={"http.route": "/orders"})
    path, body = request([foreign, chat, foreign])
    answer = await client.post(path, json=body)
    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "2"
    packed = ExportTraceServiceRequest()
    for name in ("http.route", "gen_ai.operation.name"):
        span = packed.resource_spans.add().scope_spans.add().spans.add()
        span.trace_id, span.span_id = b"t" * 16, name[:8].encode()
        span.attributes.add(key=name).value.string_value = "chat"
    answer = await client.post(path, content=packed.SerializeToString(), headers=PROTOBUF)
    response = ExportTraceServiceResponse.FromString(answer.content)
    assert answer.headers["content-type"] == PROTOBUF["Content-Type"]
    assert response.partial_success.rejected_spans == 1


async def test_a_session_without_an_id_is_that_of_its_trace_until_one_comes(
    client: httpx.AsyncClient,
) -> None:
    records = EMITTERS["agent-framework"][0]()
    spans = [record for record in records if record.event is None]
    agents = [record for record in spans if not record.parent]
    await send(
        client, [record for record in spans if record.parent and record.trace == agents[0].trace]
    )
    held = await client.get(f"/v1/sessions/trace-{agents[0].trace}")
    assert held.json()["metadata"] == {"source": "telemetry", "known_by": "trace"}
    assert held.json()["message_count"] == 3
    await send(client, agents[:1])
    assert list(await sessions(client)) == ["thread-9"]
    gone = await client.get(f"/v1/sessions/trace-{agents[0].trace}")
    assert gone.status_code == 404


async def test_what_an_application_wrote_between_is_left_alone(client: httpx.AsyncClient) -> None:
    records = EMITTERS["openinference"][0]()
    await client.post("/v1/sessions", json={"id": "thread-9", "agent": "Ours"})
    await send(client, records[1:2])
    own = {"messages": [{"role": "user", "text": "Written by the application"}]}
    await client.post("/v1/sessions/thread-9/messages", json=own)
    await send(client, records[:1])
    listed = (await client.get("/v1/sessions/thread-9/messages")).json()["data"]
    texts = [content(part) for message in listed for part in message["parts"]]
    assert "Written by the application" in texts
    assert texts.count("Good day") == 1
    assert [message["seq"] for message in listed] == list(range(1, len(listed) + 1))
    assert (await client.get("/v1/sessions/thread-9")).json()["agent"] == "Ours"


async def test_the_state_of_a_deleted_session_is_deleted(
    client: httpx.AsyncClient, service: Service
) -> None:
    records = EMITTERS["openinference"][0]()
    await send(client, records[:3])
    await client.delete("/v1/sessions/thread-9")
    await send(client, records[3:4])
    (session,) = (await sessions(client)).values()
    sent = list(conversation())[3].sent
    assert len(session["messages"]) == len(sent) + 1


async def test_metrics_are_taken_and_dropped_with_a_warning(client: httpx.AsyncClient) -> None:
    """An exporter that is told one address for all signals logs no error."""
    answer = await client.post("/v1/metrics", content=b"", headers=PROTOBUF)
    assert answer.status_code == 200, answer.text
    partial = ExportMetricsServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_data_points == 0
    assert partial.error_message.startswith("metrics are not kept")
    answer = await client.post("/v1/metrics", json={"resourceMetrics": []})
    assert answer.json() == {"partialSuccess": {"errorMessage": partial.error_message}}


async def test_protobuf_and_gzip_say_the_same_as_json(client: httpx.AsyncClient) -> None:
    for record in EMITTERS["adk"][0]():
        path, body = request([record])
        body = json.loads(json.dumps(body), object_hook=_with_bytes)
        kind = ExportLogsServiceRequest if record.event else ExportTraceServiceRequest
        packed = gzip.compress(ParseDict(body, kind()).SerializeToString())
        headers = PROTOBUF | {"Content-Encoding": "gzip"}
        answer = await client.post(path, content=packed, headers=headers)
        assert answer.status_code == 200, answer.text
    (session,) = (await sessions(client)).values()
    assert [(record["role"], *record["content"]) for record in session["messages"]] == contents()


def _with_bytes(value: Json) -> Json:
    """JSON of protobuf has base64 where OTLP JSON has hex."""
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode()
        if key in {"traceId", "spanId", "parentSpanId"}
        else item
        for key, item in value.items()
    }


async def test_langfuse_shows_its_key_by_basic_authentication(service: Service, key: str) -> None:
    pair = base64.b64encode(f"pk-lf-1:{key}".encode()).decode()
    path, body = request(EMITTERS["langfuse"][0]())
    async with client_of(service, key) as client:
        client.headers["Authorization"] = f"Basic {pair}"
        answer = await client.post("/api/public/otel" + path, json=body)
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = "Basic " + base64.b64encode(b"pk:wrong").decode()
        answer = await client.post("/api/public/otel" + path, json=body)
        assert answer.status_code == 401
        client.headers["Authorization"] = f"Bearer {key}"
        assert list(await sessions(client)) == ["thread-9"]


async def test_a_header_that_is_still_percent_encoded_shows_its_key(
    service: Service, key: str
) -> None:
    path, body = request(EMITTERS["agent-framework"][0]())
    async with client_of(service, key) as client:
        for header, status in ((f"Bearer%20{key}", 200), ("Bearer%20", 401), ("Bearer%20x", 401)):
            client.headers["Authorization"] = header
            assert (await client.post(path, json=body)).status_code == status


async def test_a_key_needs_the_scope_and_writes_no_session_of_others(
    service: Service, principal: Principal, client: httpx.AsyncClient
) -> None:
    reading, _ = await service.keys.create(principal, "reader", ("sessions:read",))
    narrow, _ = await service.keys.create(principal, "bob's", ("sessions:write",), user_id="bob")
    path, body = request(EMITTERS["langfuse"][0]()[:1])
    async with client_of(service, reading) as reader:
        assert (await reader.post(path, json=body)).status_code == 403
    async with client_of(service, narrow) as bob:
        answer = await bob.post(path, json=body)
        assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
        assert await sessions(client) == {}
        await client.post("/v1/sessions", json={"id": "thread-9", "user": "ada"})
        answer = await bob.post(path, json=body)
        assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert (await sessions(client))["thread-9"]["messages"] == []


async def test_a_body_that_is_no_otlp_is_refused(client: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b"\x00" * (16 * 1024 * 1024 + 1))
    cases: list[tuple[bytes, Json, int]] = [
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"\xff\xff", PROTOBUF, 400),
        (b"x", {"Content-Type": "text/plain"}, 415),
        (b"x", PROTOBUF | {"Content-Encoding": "br"}, 415),
        (b"x", PROTOBUF | {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"abc")[:-4], PROTOBUF | {"Content-Encoding": "gzip"}, 400),
        (bomb, PROTOBUF | {"Content-Encoding": "gzip"}, 413),
    ]
    for body, headers, status in cases:
        answer = await client.post("/v1/traces", content=body, headers=headers)
        assert answer.status_code == status, (body[:9], answer.text)
        assert answer.json()["code"] == status


async def test_attributes_of_no_shape_are_dropped_and_the_rest_is_taken(
    client: httpx.AsyncClient,
) -> None:
    hostile: list[Any] = [
        "[" * 5000,
        '[{"role": 5, "parts": {"type": []}}]',
        '[{"role": "user", "parts": [{"type": "tool_call", "arguments": {"a": NaN}}]}]',
        '[null, 7, "text", {"parts": [[[]]]}]',
        [{"role": {"a": 1}}],
        17,
        json.dumps([{"role": "user", "parts": [{"type": "text", "content": "x" * 5_000_000}]}]),
    ]
    good = EMITTERS["openinference"][0]()[0]
    for number, value in enumerate(hostile):
        attributes = {
            "gen_ai.operation.name": [] if number == 5 else "chat",
            "gen_ai.conversation.id": "hostile",
            "gen_ai.input.messages": value,
            "gen_ai.response.model": "m\x00" * 500,
            "user.id": "u" * 500,
        }
        span = Record(f"{number + 50:032x}", "e" * 16, start=START, attributes=attributes)
        path, body = request([span, good])
        answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text
    odd = Record("not hex", "e" * 16, attributes={"gen_ai.operation.name": "chat"})
    path, body = request([odd])
    answer = await client.post(path, json=body)
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert len((await sessions(client))["thread-9"]["messages"]) == 3


async def test_ids_of_any_spelling_become_ids_of_sessions(client: httpx.AsyncClient) -> None:
    for number, named in enumerate(("a/b", "x" * 300, "line\nbreak")):
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.conversation.id": named,
            "gen_ai.output.messages": json.dumps([genai(Message("assistant", "Yes"))]),
        }
        span = Record(
            f"{number + 7:032x}", "d" * 16, start=START, end=START + SECOND, attributes=attributes
        )
        await send(client, [span, span])
    held = await sessions(client)
    assert len(held) == 3
    assert {"a%2Fb", "line%0Abreak"} < held.keys()
