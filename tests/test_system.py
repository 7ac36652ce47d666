"""What every server offers besides its APIs: the OpenAPI documents."""

from __future__ import annotations

import inspect

import httpx
import pytest

from hansard.app import DIALECTS
from hansard.http.route import IF_MATCH, IF_NONE_MATCH, LAST_EVENT, ONCE

NAMES = ("native", "b3os", "athena", "konvo", "pocketpaw")


@pytest.mark.parametrize("path", ["/openapi.json", *(f"/openapi/{name}.json" for name in NAMES)])
async def test_each_openapi_document_can_be_read(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["responses"]


async def test_an_unknown_document_says_which_there_are(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi/nonsense.json")
    assert answer.status_code == 404
    assert "athena" in answer.json()["detail"]


def test_routes_declare_the_headers_that_they_heed() -> None:
    used = {ONCE: "call.once(", IF_MATCH: "call.if_version(", LAST_EVENT: "event_stream("}
    for route in (route for dialect in DIALECTS if dialect.name != "web" for route in dialect.routes):
        source = inspect.getsource(inspect.unwrap(route.handler))
        assert {header for header, call in used.items() if call in source} == set(route.heeds) - {IF_NONE_MATCH}, route.path


async def test_the_document_tells_of_headers_of_304_and_of_what_an_import_takes(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi/native.json")).json()["paths"]

    def headers(path: str, method: str) -> list[str]:
        return [one["name"] for one in paths[path][method].get("parameters", ()) if one["in"] == "header"]

    one = "/v1/sessions/{session_id}"
    assert headers(one, "patch") == ["Idempotency-Key", "If-Match"]
    assert headers(f"{one}/messages", "post") == ["Idempotency-Key"]
    assert headers("/v1/events", "get") == ["Last-Event-ID"]
    for path in (one, f"{one}/messages", "/v1/sessions", "/v1/search"):
        assert headers(path, "get") == ["If-None-Match"]
        assert "304" in paths[path]["get"]["responses"]
    assert "application/octet-stream" in paths["/v1/import"]["post"]["requestBody"]["content"]
    assert paths["/v1/import"]["post"]["requestBody"]["required"]
