"""The OpenAPI documents describe everything: each schema, field, parameter and answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from msgspec import Struct

from hansard.app import DIALECTS
from hansard.http.call import Call
from hansard.http.openapi import document
from hansard.http.route import Dialect, Route

Json = dict[str, Any]
BY_NAME = {dialect.name: dialect for dialect in DIALECTS}


def document_of(*dialects: Dialect) -> Json:
    """The document of these APIs, as a client receives it."""
    raw = msgspec.json.encode(document(dialects, title="", description=""))
    return msgspec.json.decode(raw, type=dict[str, Any])


def fields(schema: Any, path: str) -> Iterator[tuple[str, Json]]:
    """Every field within a schema, however deep, with its path."""
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from fields(item, f"{path}[{index}]")
    elif isinstance(schema, dict):
        for name, field in schema.get("properties", {}).items():
            yield f"{path}.{name}", field
            yield from fields(field, f"{path}.{name}")
        for key in ("items", "anyOf", "oneOf", "allOf", "additionalProperties"):
            yield from fields(schema.get(key), path)


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def described(document: Json) -> Iterator[tuple[str, Json]]:
    """Everything that is to have a description, with its path."""
    for name, schema in document["components"]["schemas"].items():
        yield name, schema
        yield from fields(schema, name)
    for where, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            yield f"{where} {parameter['in']} {parameter['name']}", parameter
        for status, answer in operation["responses"].items():
            yield f"{where} {status}", answer
            for content in answer.get("content", {}).values():
                yield from fields(content["schema"], f"{where} {status}")
    for name, scheme in document["components"]["securitySchemes"].items():
        yield f"key {name}", scheme


ELSEWHERE = {"mcp", "otlp"}
"""The APIs whose bodies a specification of others describes, so that their documents are short."""


def bare(document: Json) -> list[str]:
    """The places that have no description."""
    return [path for path, thing in described(document) if not thing.get("description")]


@pytest.mark.parametrize("name", BY_NAME)
def test_everything_is_described(name: str) -> None:
    whole = document_of(BY_NAME[name])
    assert len([*described(whole)]) > (10 if name in ELSEWHERE else 30)
    assert bare(whole) == []


def test_everything_is_described_in_the_document_of_all_apis() -> None:
    assert bare(document_of(*DIALECTS)) == []


class Sample(Struct):
    """A struct whose second field nobody described."""

    described: int
    """It is."""
    forgotten: int


async def find(call: Call[Sample, None]) -> Sample:
    """Find something."""
    return call.params


def test_a_field_or_a_parameter_without_a_description_is_found() -> None:
    route = Route(
        "GET /x/{name}", find, scope="sessions:read", params=Sample, body=Sample, returns=Sample
    )
    dialect = msgspec.structs.replace(BY_NAME["native"], routes=(route,))
    assert bare(document_of(dialect)) == [
        "Sample.forgotten",
        "GET /x/{name} path name",
        "GET /x/{name} query forgotten",
    ]


@pytest.mark.parametrize("name", BY_NAME)
def test_descriptions_are_sentences_in_markdown(name: str) -> None:
    for path, thing in described(document_of(BY_NAME[name])):
        text = thing.get("description", "")
        if text != "OK":
            assert text.endswith((".", ":")), (path, text)
            assert not text[0].islower(), (path, text)
        assert "``" not in text, path
        assert text.count("`") % 2 == 0, path


@pytest.mark.parametrize("name", BY_NAME)
def test_every_example_is_one_that_its_schema_allows(name: str) -> None:
    whole = document_of(BY_NAME[name])
    count = 0
    for path, schema in examples(whole):
        validator = jsonschema_rs.validator_for(
            {key: value for key, value in schema.items() if key != "examples"}
            | {"components": whole["components"]}
        )
        for example in schema["examples"]:
            count += 1
            assert not [error.message for error in validator.iter_errors(example)], path
    assert count > 10 or name in ELSEWHERE


def examples(document: Json) -> Iterator[tuple[str, Json]]:
    """Every schema that has examples; a parameter's example is one of its schema."""
    for name, schema in document["components"]["schemas"].items():
        for path, field in ((name, schema), *fields(schema, name)):
            if "examples" in field:
                yield path, field
    for where, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            if "example" in parameter:
                yield where, schema | {"examples": [parameter["example"]]}
            elif "examples" in schema:
                yield where, schema
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if "example" in content:
                yield where, content["schema"] | {"examples": [content["example"]]}


@pytest.mark.parametrize("name", BY_NAME)
def test_every_route_describes_its_errors(name: str) -> None:
    """What a route may answer by its declaration is there by status, not only as 4XX and 5XX."""
    for where, operation in operations(document_of(BY_NAME[name])):
        statuses = set(operation["responses"])
        assert {"4XX", "5XX", "500", "503"} <= statuses, where
        if "security" in operation:
            assert {"401", "403", "429"} <= statuses, where
        if "requestBody" in operation:
            assert {"413", "415"} <= statuses, where
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        if "Idempotency-Key" in names:
            assert {"409", "422", "404"} <= statuses, where
        if "If-Match" in names:
            assert "412" in statuses, where
