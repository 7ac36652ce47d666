"""The contest of telemetry: how many spans of calls are taken, and what another key notices.

Exporters send their batches one after the other, as the batch processors of OpenTelemetry do: 512
spans each, of many conversations at once, each span with the whole history of its conversation.
What frameworks send is mixed: of the second row's spans one in four is such a call, and beside it
stand the call of a tool, a request over HTTP and a statement of a database, as their own spans.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from hansard_bench import wire
from hansard_bench.neighbours import paced
from hansard_bench.table import Row, duration, rate
from hansard_bench.wire import Unexpected, ask, expect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hansard_bench.competitors import Arena, Store
    from hansard_bench.wire import Sample

    _Span = tuple[bytes, bytes, int, dict[str, str | int]]

_BATCH, _SESSIONS, _TURNS = 512, 96, 12
_LISTS, _APPENDS = 40, 20
"""Requests a second of the key that is measured beside the exporter."""
_SHORTEST, _LONGEST_SECONDS = 0.3, 6.0
_EXPORTERS = 3
_NAMES = ("gen_ai.conversation.id", "gen_ai.agent.name")
_BESIDE: tuple[dict[str, str | int], ...] = (
    {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find_order",
     "gen_ai.tool.call.id": "call_1", "gen_ai.tool.call.arguments": '{"number": 7}',
     "gen_ai.tool.call.result": '{"state": "sent"}'},
    {"http.request.method": "POST", "url.full": "https://api.openai.com/v1/chat/completions",
     "server.address": "api.openai.com", "server.port": 443, "http.response.status_code": 200},
    {"db.system.name": "postgresql", "db.namespace": "shop", "db.operation.name": "SELECT",
     "db.query.text": "select state from orders where id = $1", "server.address": "db"},
)  # fmt: skip
"""What stands beside a call in a mix; the last two are of no conversation."""
_DROPPED = _BATCH // (1 + len(_BESIDE)) * 2
_MODEL = "gpt-fake-2"
_WORDS = ("order", "where", "parcel", "tomorrow", "please", "waiting", "Oslo", "three", "sent")
_SYSTEM = "You are the helper of a shop. " + "Look up what you do not know, and be short. " * 5


async def telemetry(arena: Arena) -> list[Row]:
    """Spans a second of one key, while another one lists and appends."""
    if arena.neighbour is None:
        raise Unexpected("the data has no second key: run once without --reuse")
    quiet, effort = arena.neighbour, arena.effort
    names = [f"beside-spans-{number}" for number in range(8)]
    for name in names:
        body = json.dumps({"id": name}).encode()
        await quiet.ask(wire.request("POST", "/v1/sessions", quiet.headers, body), 200, 201)
    count = max(1, int(4 * effort.neighbour)) * effort.rounds
    seed = time.time_ns()
    batches = _exports(arena.ours, seed, count)
    seconds = min(_LONGEST_SECONDS, max(_SHORTEST, 4 * effort.rounds * effort.seconds))
    await _beside(quiet, names, _SHORTEST)
    rest = await _beside(quiet, names, seconds)
    exporting = asyncio.create_task(_export(arena.ours, batches))
    lists, appends = await _beside(quiet, names, seconds, exporting)
    row = _row(await exporting, (rest[0], lists), (rest[1], appends), arena)
    mixed = _exports(arena.ours, seed + _EXPORTERS * 1_000_000, count, _BESIDE)
    return [row, _mixed_row(await _export(arena.ours, mixed, dropped=_DROPPED), arena)]


def _exports(
    store: Store, seed: int, count: int, beside: Sequence[dict[str, str | int]] = ()
) -> list[list[bytes]]:
    """The requests of each exporter."""
    return [
        list(itertools.islice(_batches(store, seed + number * 1_000_000, beside), count))
        for number in range(_EXPORTERS)
    ]


def _row(
    spans_a_second: float, lists: Sequence[Sample], appends: Sequence[Sample], arena: Arena
) -> Row:
    slower = [beside.percentile(0.5) / rest.percentile(0.5) for rest, beside in (lists, appends)]
    targets = arena.targets
    figures = ", ".join(
        f"{name} {duration(beside.percentile(0.5))} (at rest {duration(rest.percentile(0.5))})"
        for name, (rest, beside) in (("lists", lists), ("appends", appends))
    )
    return Row(
        what=f"spans of calls in batches of {_BATCH}, and another key beside them",
        measured=f"{rate(spans_a_second)}; {figures}",
        target=f"≥ {targets.spans:,.0f}/s, ≤ {targets.beside_spans:g} × at rest",
        reached=spans_a_second >= targets.spans and max(slower) <= targets.beside_spans,
        note=f"lists {slower[0]:.1f} ×, appends {slower[1]:.1f} ×",
        figures={
            "spans_per_second": spans_a_second,
            "lists_ratio": slower[0],
            "appends_ratio": slower[1],
        },
    )


def _mixed_row(spans_a_second: float, arena: Arena) -> Row:
    targets = arena.targets
    return Row(
        what=f"spans in batches of {_BATCH}, of which one in {1 + len(_BESIDE)} is a call",
        measured=rate(spans_a_second),
        target=f"≥ {targets.spans:,.0f}/s",
        reached=spans_a_second >= targets.spans,
        figures={"spans_per_second": spans_a_second},
    )


async def _export(store: Store, batches: Sequence[Sequence[bytes]], *, dropped: int = 0) -> float:
    """Send the batches of each exporter on its own connection; the spans of a second.

    Of each batch so many must be ``dropped``.
    """
    check = expect(200)

    async def exporter(own: Sequence[bytes]) -> None:
        connection = await store.load.connect()
        try:
            for request in own:
                answer = await ask(connection, request)
                check(answer)
                partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
                if partial.rejected_spans != dropped:
                    raise Unexpected(f"other spans were taken: {answer.body[:200]!r}")
        finally:
            connection.close()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for own in batches:
            group.create_task(exporter(own))
    return _BATCH * sum(map(len, batches)) / (time.perf_counter() - began)


async def _beside(
    store: Store, names: Sequence[str], seconds: float, until: asyncio.Task[Any] | None = None
) -> tuple[Sample, Sample]:
    """Lists and appends for so long, at most ``until`` a task is done."""
    lists = itertools.cycle([store.list()])
    appends = itertools.cycle([store.append(name) for name in names])
    taken: tuple[list[Sample], list[Sample]] = ([], [])
    began = time.perf_counter()
    while not (taken[0] and until is not None and until.done()):
        step = min(_SHORTEST, seconds)
        both = await asyncio.gather(
            paced(store, lists, _LISTS, step), paced(store, appends, _APPENDS, step)
        )
        for kept, sample in zip(taken, both, strict=True):
            kept.append(sample)
        if until is None and time.perf_counter() - began >= seconds:
            break
    first, second = (
        wire.Sample(
            sum(sample.seconds for sample in kept),
            sorted(itertools.chain.from_iterable(sample.latencies for sample in kept)),
        )
        for kept in taken
    )
    return first, second


def _batches(
    store: Store, seed: int, beside: Sequence[dict[str, str | int]] = ()
) -> Iterator[bytes]:
    """Requests without end, each with the next spans of conversations that go on at once."""
    calls = itertools.chain.from_iterable(_spans(seed + number) for number in itertools.count())
    spans = (span for call in calls for span in (call, *_around(call, beside)))
    while True:
        body = ExportTraceServiceRequest()
        scope = body.resource_spans.add().scope_spans.add()
        for trace, span, at, attributes in itertools.islice(spans, _BATCH):
            added = scope.spans.add(trace_id=trace, span_id=span, name=f"chat {_MODEL}")
            added.start_time_unix_nano, added.end_time_unix_nano = at, at + 900_000
            for key, value in attributes.items():
                packed = added.attributes.add(key=key).value
                if isinstance(value, int):
                    packed.int_value = value
                else:
                    packed.string_value = value
        yield wire.request(
            "POST",
            "/v1/traces",
            store.headers,
            body.SerializeToString(),
            "application/x-protobuf",
        )


def _around(call: _Span, beside: Sequence[dict[str, str | int]]) -> Iterator[_Span]:
    """The other spans of the trace of a call."""
    trace, span, at, attributes = call
    for number, own in enumerate(beside, 1):
        named = {key: attributes[key] for key in _NAMES} if "gen_ai.operation.name" in own else {}
        yield trace, bytes([number]) + span[1:], at, own | named


def _spans(seed: int) -> Iterator[_Span]:
    """The calls of some conversations, one turn here and one there, until all are over."""
    chance = random.Random(seed)
    at = time.time_ns()
    live = {f"bench-{seed}-{number}": list[Any]() for number in range(_SESSIONS)}
    while live:
        name = chance.choice(list(live))
        history = live[name]
        history.append(_message(chance, "user", 20))
        answer = _message(chance, "assistant", 70)
        at += 1_000_000
        yield chance.randbytes(16), chance.randbytes(8), at, _attributes(name, history, answer)
        history.append(answer)
        if len(history) >= 2 * _TURNS:
            del live[name]


def _message(chance: random.Random, role: str, words: int) -> dict[str, Any]:
    text = " ".join(chance.choices(_WORDS, k=words))
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _attributes(name: str, history: list[Any], answer: Any) -> dict[str, str | int]:
    """What instrumentation says of one call."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.request.model": _MODEL,
        "gen_ai.response.model": _MODEL,
        "gen_ai.agent.name": "Helper",
        "gen_ai.conversation.id": name,
        "user.id": f"user-{name[-2:]}",
        "gen_ai.usage.input_tokens": 110,
        "gen_ai.usage.output_tokens": 17,
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": _SYSTEM}]),
        "gen_ai.input.messages": json.dumps(history),
        "gen_ai.output.messages": json.dumps([answer]),
    }
