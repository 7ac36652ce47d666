"""Requests and their statements arrive at a collector as spans, inside the caller's trace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from hansard.access import ALL_SCOPES
from hansard.app import opened, running
from hansard.settings import Settings
from tests.support.postgres_cluster import free_port

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SESSION_PATH = "/v1/sessions/{session_id}"


class Collector:
    """A real OTLP receiver on a port of its own."""

    def __init__(self) -> None:
        spans: list[Any] = []
        self.spans = spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                sent = ExportTraceServiceRequest.FromString(body)
                spans.extend(
                    span
                    for resource in sent.resource_spans
                    for scope in resource.scope_spans
                    for span in scope.spans
                )
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    receiver = Collector()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


async def key_of(url: str) -> str:
    async with opened(Settings(store=url)) as service:
        operator = service.workspaces.operator(await service.workspaces.create("acme"))
        return (await service.keys.create(operator, "tests", ALL_SCOPES))[0]


async def requested(settings: Settings, key: str) -> httpx.Response:
    """The answer to an append that says whose trace it is part of; the server has ended then."""
    async with (
        running(settings) as app,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://hansard.test",
            headers={"Authorization": f"Bearer {key}"},
        ) as client,
    ):
        await client.post("/v1/sessions", json={"id": "a"})
        return await client.post(
            "/v1/sessions/a/messages",
            json={"messages": [{"role": "user", "text": "a secret word"}]},
            headers={"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": "mine"},
        )


async def test_a_request_is_a_span_of_its_callers_trace_with_its_statements(
    store_url: str, collector: Collector
) -> None:
    key = await key_of(store_url)
    answer = await requested(Settings(store=store_url, otlp_endpoint=collector.url), key)
    assert answer.status_code == 201
    ours = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    (request,) = [span for span in ours if span.name == f"POST {SESSION_PATH}/messages"]
    statements = [span for span in ours if span is not request]
    assert request.parent_span_id.hex() == CALLER
    assert {span.parent_span_id for span in statements} == {request.span_id}
    assert "event_put" in {span.name for span in statements}
    for span in statements:
        assert request.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= request.end_time_unix_nano + 1_000_000
    facts = {attribute.key: attribute.value for attribute in request.attributes}
    assert facts["http.response.status_code"].int_value == 201
    assert facts["hansard.request_id"].string_value == "mine"
    text = str(collector.spans)
    assert "secret word" not in text
    assert key not in text


async def test_a_collector_that_is_away_costs_nothing_but_the_spans(store_url: str) -> None:
    nowhere = Settings(store=store_url, otlp_endpoint=f"http://127.0.0.1:{free_port()}")
    assert (await requested(nowhere, await key_of(store_url))).status_code == 201
