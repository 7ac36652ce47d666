"""Each dialect's OpenAPI document describes the answers, errors and keys that a client meets."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.dialects.filling import run, say, start

Json = dict[str, Any]
FOREIGN = ("b3os", "athena", "pocketpaw", "konvo", "openai", "assistant-ui")
CHAT = "/v1/ai/workflow/chat"
# Where the sessions or messages of an answer are, and what to ask for so that each key is there.
LISTS: dict[str, dict[str, tuple[str, ...]]] = {
    "b3os": {f"{CHAT}/sessions": ("data", "items"), f"{CHAT}/history?sessionId=one": ("data",)},
    "athena": {"/api/v0/sessions": ("items",), "/api/v0/api/v0/sessions": ("items",)},
    "pocketpaw": {
        "/api/sessions": ("sessions",),
        "/api/v1/sessions": ("sessions",),
        "/api/sessions/search?q=hello": ("sessions",),
        "/api/memory/sessions": (),
    },
    "konvo": {"/ai-sessions?state=true&messages=true": ("result",)},
    "openai": {"/openai/v1/conversations": ("data",)},
    "assistant-ui": {"/assistant-ui/v1/threads": ("threads",)},
}
BAD = {
    "b3os": ("limit=0", f"{CHAT}/sessions", 400),
    "athena": ("limit=0", "/api/v0/sessions", 422),
    "pocketpaw": ("limit=0", "/api/v1/sessions", 422),
    "konvo": ("page=-1", "/ai-sessions", 400),
    "openai": ("limit=0", "/openai/v1/conversations", 400),
    "assistant-ui": ("limit=0", "/assistant-ui/v1/threads", 400),
}


@pytest.fixture
async def documents(api: httpx.AsyncClient) -> dict[str, Json]:
    return {name: (await api.get(f"/openapi/{name}.json")).json() for name in FOREIGN}


def described(document: Json, schema: Json, *way: str) -> Json:
    """What a schema says of the place to which the way leads; lists are entered."""
    while True:
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if schema.get("type") == "array":
            schema = schema["items"]
        elif way:
            schema, way = schema["properties"][way[0]], way[1:]
        else:
            return schema


def operations(document: Json) -> list[Json]:
    return [method for methods in document["paths"].values() for method in methods.values()]


def content(operation: Json, status: str) -> Json:
    schema: Json = operation["responses"][status]["content"]["application/json"]["schema"]
    return schema


@pytest.mark.parametrize(
    ("name", "url"), [(name, url) for name, urls in LISTS.items() for url in urls]
)
async def test_what_a_list_holds_is_described_key_by_key(
    api: httpx.AsyncClient, documents: dict[str, Json], name: str, url: str
) -> None:
    await start(api, id="one")
    await run(api, "one", "completed", id="r-1")
    await say(api, "one", {"role": "user", "text": "hello", "run_id": "r-1"})
    way = LISTS[name][url]
    shown: Any = (await api.get(url)).json()
    for step in way:
        shown = shown[step]
    operation = documents[name]["paths"][url.partition("?")[0]]["get"]
    item = described(documents[name], content(operation, "200"), *way)
    assert set(shown[0]) == set(item["properties"])


@pytest.mark.parametrize("name", FOREIGN)
async def test_errors_are_described_with_their_status(
    api: httpx.AsyncClient, documents: dict[str, Json], name: str
) -> None:
    query, path, status = BAD[name]
    answers = [
        await api.get(f"{path}?{query}"),
        await api.get(path, headers={"X-API-KEY": "another"}),
    ]
    assert [answer.status_code for answer in answers] == [status, 401]
    for example in answers:
        error = described(
            documents[name],
            content(documents[name]["paths"][path]["get"], str(example.status_code)),
        )
        assert set(example.json()) <= set(error["properties"])
    assert all(
        {"4XX", "5XX"} <= set(operation["responses"]) for operation in operations(documents[name])
    )
    assert all(
        {"401", "403"} <= set(operation["responses"])
        for operation in operations(documents[name])
        if "security" in operation
    )


@pytest.mark.parametrize("name", FOREIGN)
async def test_no_parameter_is_said_to_be_null(documents: dict[str, Json], name: str) -> None:
    parameters = [
        parameter
        for operation in operations(documents[name])
        for parameter in operation.get("parameters", ())
    ]
    assert parameters
    assert not [parameter["name"] for parameter in parameters if "null" in str(parameter["schema"])]


async def test_every_place_of_a_key_is_told(documents: dict[str, Json]) -> None:
    everywhere: list[Json] = [{"bearer": []}, {"apiKey": []}]
    assert documents["konvo"]["paths"]["/ai-sessions"]["get"]["security"] == everywhere
    assert documents["pocketpaw"]["paths"]["/api/sessions"]["get"]["security"] == [
        *everywhere,
        {"token": []},
        {"cookie": []},
    ]
    schemes = documents["pocketpaw"]["components"]["securitySchemes"]
    assert {
        name: (scheme["in"], scheme["name"])
        for name, scheme in schemes.items()
        if name in {"token", "cookie"}
    } == {
        "token": ("query", "token"),
        "cookie": ("cookie", "pocketpaw_session"),
    }
    assert "X-Org-ID" in [
        document["name"]
        for document in documents["b3os"]["paths"][f"{CHAT}/history"]["get"]["parameters"]
    ]


async def test_words_that_a_field_is_limited_to_are_listed(documents: dict[str, Json]) -> None:
    """The first is the enum of the document on the history."""
    history = documents["b3os"]["components"]["schemas"]["MessageOut"]["properties"]
    assert set(history["linkedRunStatus"]["enum"]) == {
        "running",
        "waiting",
        "success",
        "partial",
        "failure",
        "cancelled",
    }
    item = documents["athena"]["components"]["schemas"]["SessionOut"]["properties"]
    assert set(item["session_status_v2"]["enum"]) == {"idle", "active", "needs_input", "error"}
    assert set(item["session_type"]["enum"]) == {
        "session",
        "video_session",
        "desktop_session",
        "mobile_session",
    }
    assert (item["created_at"]["type"], item["created_at"]["format"]) == ("string", "date-time")


async def test_every_body_has_an_example_that_fits(documents: dict[str, Json]) -> None:
    bodies = [
        (operation["requestBody"]["content"]["application/json"], documents[name])
        for name in FOREIGN
        for operation in operations(documents[name])
        if "requestBody" in operation
    ]
    schemas = [
        name for document in documents.values() for name in document["components"]["schemas"]
    ]
    assert len(bodies) == 20
    assert [name for name in schemas if "." in name or name.endswith("Params")] == []
    for body, document in bodies:
        described_fields = described(document, body["schema"])
        assert (
            set(described_fields.get("required", ()))
            <= set(body["example"])
            <= set(described_fields["properties"])
        )


async def test_a_download_says_what_each_form_holds(documents: dict[str, Json]) -> None:
    answer = documents["athena"]["paths"]["/api/v0/sessions/{asset_id}/download"]["get"][
        "responses"
    ]["200"]["content"]
    assert set(answer["application/json"]["schema"]["discriminator"]["mapping"]) == {
        "trace",
        "messages",
        "stats",
    }
    assert "text/markdown" in answer
    for path in ("/api/memory/session/export", "/api/v1/sessions/{session_id}/export"):
        assert (
            "text/markdown"
            in documents["pocketpaw"]["paths"][path]["get"]["responses"]["200"]["content"]
        )
