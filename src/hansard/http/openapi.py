"""OpenAPI 3.1 documents, generated from the structs that decode and encode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from hansard import __version__
from hansard.errors import Invalid
from hansard.http.fields import schema_hook
from hansard.http.route import IF_MATCH, IF_NONE_MATCH, LAST_EVENT, ONCE
from hansard.http.statuses import status_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hansard.http.route import Dialect, Route

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_HEEDED = {
    ONCE: "done once: the same request with the same key gets the first answer again",
    IF_MATCH: "the ETag of the version to change; 412 when it has changed since",
    IF_NONE_MATCH: "the ETag of an earlier answer; 304 while nothing has changed",
    LAST_EVENT: "the id of the last event that was received",
}
_PLACES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
}


def document(dialects: Iterable[Dialect], *, title: str, description: str) -> Json:
    """One document of all the routes of these dialects."""
    dialects = tuple(dialects)
    routes = [(dialect, route) for dialect in dialects for route in dialect.routes]
    types = [
        kind
        for dialect, route in routes
        for kind in (route.params, route.body, route.returns, dialect.error_body)
        if kind is not None
    ]
    schemas, components = msgspec.json.schema_components(
        types, schema_hook=_schema, ref_template=_REF
    )
    by_type = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: Json = {}
    for dialect, route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(
            dialect, route, by_type, components
        )
    told = {id(kind) for _, route in routes for kind in (route.body, route.returns)}
    asked = {
        _named(by_type[id(route.params)])
        for _, route in routes
        if route.params and id(route.params) not in told
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": __version__,
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in asked},
            "securitySchemes": _PLACES
            | {name: dict(place) for dialect in dialects for name, place in dialect.places.items()},
        },
    }


def _schema(kind: type) -> Json:
    return {} if kind is Raw else schema_hook(kind)


def _operation(dialect: Dialect, route: Route, by_type: dict[int, Any], components: Json) -> Json:
    operation: Json = {
        "operationId": f"{dialect.name}_{route.method.lower()}_{_slug(route.path)}",
        "summary": route.summary,
        "tags": [dialect.name],
    }
    rest = (route.handler.__doc__ or "").strip().partition("\n\n")[2].strip()
    if rest:
        operation["description"] = " ".join(rest.split())
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.params is not None:
        parameters += _query(components[_named(by_type[id(route.params)])])
    heeded = {name: _HEEDED[name] for name in route.request_headers} | (
        {} if route.public else dict(dialect.headers)
    )
    parameters += [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": text,
            "schema": {"type": "string"},
        }
        for name, text in heeded.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {"schema": by_type[id(route.body)], **_example(route.body)}
            },
        }
    elif route.request_types:
        operation["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": {}} for kind in route.request_types},
        }
    operation["responses"] = _answers(dialect, route, by_type) | _failures(
        dialect, route, by_type[id(dialect.error_body)]
    )
    if not route.public:
        operation["security"] = [{name: []} for name in (*_PLACES, *dialect.places)]
        operation["x-required-scope"] = route.scope
    return operation


def _answers(dialect: Dialect, route: Route, by_type: dict[int, Any]) -> Json:
    answer: Json = {"description": "OK"}
    if route.returns is not None:
        schema = by_type[id(route.returns)]
        answer["content"] = {
            route.media_type: {"schema": dialect.envelope(schema) if dialect.envelope else schema}
        }
        answer["content"] |= {kind: {"schema": {"type": "string"}} for kind in route.response_types}
    answers = {str(status): answer for status in (route.status, *route.extra_statuses)}
    if IF_NONE_MATCH in route.request_headers:
        answers["304"] = {"description": "Nothing has changed since the ETag of If-None-Match"}
    return answers


def _failures(dialect: Dialect, route: Route, schema: Json) -> Json:
    """What a client must reckon with, by status; the last two stand for all others."""
    reasons = {}
    if route.params or route.body:
        reasons[str(status_of(dialect, Invalid("")))] = (
            "A parameter or the body is not as it is described here"
        )
    if not route.public:
        reasons["401"] = "The request shows no key, or one that is not valid"
        reasons["403"] = f"The key lacks the scope {route.scope}"
    reasons |= {
        "4XX": "An error in this API's shape, with the request id",
        "5XX": "A fault of ours, or a store that cannot be reached now",
    }
    content = {dialect.error_type: {"schema": schema}}
    return {
        status: {"description": reason, "content": content} for status, reason in reasons.items()
    }


def _example(body: type) -> Json:
    """What a body may look like, where its struct has an ``example``."""
    return {"example": body.example} if hasattr(body, "example") else {}


def _query(schema: Json) -> list[Json]:
    found = []
    for name, given in schema.get("properties", {}).items():
        field = _said(given)
        one = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": field,
        }
        if "description" in field:
            one["description"] = field["description"]
        if field.get("type") == "array":
            one |= {"style": "form", "explode": True}
        found.append(one)
    return found


def _named(reference: dict[str, str]) -> str:
    """The component that a reference stands for."""
    return reference["$ref"].rpartition("/")[2]


def _said(field: Json) -> Json:
    """A field as a query string can say it, which knows no null."""
    if [one for one in field.get("anyOf", ()) if one != {"type": "null"}] != field.get("anyOf", ())[
        :1
    ]:
        return field
    rest = {key: value for key, value in field.items() if key not in {"anyOf", "default"}}
    return {**field["anyOf"][0], **rest}


def _slug(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_")
