"""What every server offers besides its APIs: the OpenAPI documents."""

from __future__ import annotations

import inspect
import json
import re

import httpx
import msgspec
import pytest

from hansard.app import DIALECTS
from hansard.http.bodies import BodyReader
from hansard.http.route import IF_MATCH, IF_NONE_MATCH, LAST_EVENT, ONCE, POSITION
from hansard.native import dialect as native

NAMES = (
    "native",
    "b3os",
    "athena",
    "konvo",
    "pocketpaw",
    "anthropic",
    "assistant-ui",
    "otlp",
    "mcp",
    "openai",
)


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


async def test_the_names_of_components_are_plain_words(client: httpx.AsyncClient) -> None:
    """Some generators refuse others. Each reference leads to one of them."""
    text = (await client.get("/openapi.json")).text
    schemas = json.loads(text)["components"]["schemas"]
    assert {"NativeSessionOut", "B3osSessionOut", "AssistantUiMessageOut"} <= schemas.keys()
    assert [name for name in schemas if not re.fullmatch(r"[A-Za-z0-9_]+", name)] == []
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert references <= schemas.keys()


async def test_an_unknown_document_says_which_there_are(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi/nonsense.json")
    assert answer.status_code == 404
    assert "athena" in answer.json()["detail"]


def test_routes_declare_the_headers_that_they_heed() -> None:
    used = {ONCE: "call.once(", IF_MATCH: "call.if_version(", LAST_EVENT: "event_stream("}
    for route in (
        route for dialect in DIALECTS if dialect.name != "web" for route in dialect.routes
    ):
        source = inspect.getsource(inspect.unwrap(route.handler))
        assert {header for header, call in used.items() if call in source} == set(
            route.request_headers
        ) - {IF_NONE_MATCH, POSITION}, route.path
        assert (POSITION in route.request_headers) is route.replica, route.path


async def test_the_document_tells_of_headers_of_304_and_of_what_an_import_takes(
    client: httpx.AsyncClient,
) -> None:
    paths = (await client.get("/openapi/native.json")).json()["paths"]

    def headers(path: str, method: str) -> list[str]:
        return [
            parameter["name"]
            for parameter in paths[path][method].get("parameters", ())
            if parameter["in"] == "header"
        ]

    session_path = "/v1/sessions/{session_id}"
    assert headers(session_path, "patch") == ["Idempotency-Key", "If-Match"]
    assert headers(f"{session_path}/messages", "post") == ["Idempotency-Key"]
    assert headers("/v1/events", "get") == ["Last-Event-ID"]
    replica = ["Hansard-Position"]
    for path, also in (
        (session_path, []),
        (f"{session_path}/messages", []),
        ("/v1/sessions", replica),
        ("/v1/search", replica),
    ):
        assert headers(path, "get") == ["If-None-Match", *also]
        assert "304" in paths[path]["get"]["responses"]
    assert "application/octet-stream" in paths["/v1/import"]["post"]["requestBody"]["content"]
    assert paths["/v1/import"]["post"]["requestBody"]["required"]


async def test_the_native_document_says_what_everything_is(client: httpx.AsyncClient) -> None:
    """A generator finds a named type for every field, and an example for every body."""
    document = (await client.get("/openapi/native.json")).json()
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if "." in name or name.endswith("Params")] == []
    assert schemas["SessionList"]["properties"]["data"]["items"] == {
        "$ref": "#/components/schemas/SessionOut"
    }
    parts = schemas["MessageOut"]["properties"]["parts"]
    assert (parts["type"], parts["minItems"], parts["items"]) == (
        "array",
        1,
        {"$ref": "#/components/schemas/Part"},
    )
    assert (schemas["Part"]["required"], schemas["Part"].get("additionalProperties", True)) == (
        ["type"],
        True,
    )
    assert schemas["SessionOut"]["properties"]["trail"]["items"] == {}
    assert [
        schemas["SessionOut"]["properties"][name]["type"]
        for name in ("tags", "trail", "external_ids", "metadata")
    ] == [
        "array",
        "array",
        "object",
        "object",
    ]
    for operation in (
        operation for methods in document["paths"].values() for operation in methods.values()
    ):
        problem = operation["responses"]["4XX"]["content"]["application/problem+json"]["schema"]
        assert problem == {"$ref": "#/components/schemas/ProblemDetails"}
        assert {"type": "null"} not in [
            variant
            for parameter in operation.get("parameters", ())
            for variant in parameter["schema"].get("anyOf", ())
        ]
    text = str(document)
    assert "'items': False" not in text  # which generators do not read
    assert "{'type': 'array'}" not in text
    refused = await client.get("/v1/sessions/absent")
    assert set(refused.json()) == set(schemas["ProblemDetails"]["properties"]) - {"reason"}
    refused = await client.get("/v1/sessions?limit=500")
    assert set(refused.json()) == set(schemas["ProblemDetails"]["properties"])


@pytest.mark.parametrize(
    "body", list(dict.fromkeys(route.body for route in native.routes if route.body))
)
def test_the_example_of_a_body_is_one_that_is_taken(body: type[msgspec.Struct]) -> None:
    example: dict[str, object] = body.example  # type: ignore[attr-defined]  # each has one: that is what is tested
    assert example
    BodyReader(body).read(msgspec.json.encode(example))
