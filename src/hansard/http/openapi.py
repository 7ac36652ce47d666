"""OpenAPI 3.1 documents, generated from the structs that decode and encode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from hansard import __version__
from hansard.http.fields import schema_hook
from hansard.http.route import IF_MATCH, IF_NONE_MATCH, LAST_EVENT, ONCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hansard.http.route import Dialect, Route

_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_HEEDED = {
    ONCE: "done once: the same request with the same key gets the first answer again",
    IF_MATCH: "the ETag of the version to change; 412 when it has changed since",
    IF_NONE_MATCH: "the ETag of an earlier answer; 304 while nothing has changed",
    LAST_EVENT: "the id of the last event that was received",
}
_KEYS: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]


def document(dialects: Iterable[Dialect], *, title: str, description: str) -> dict[str, Any]:
    """One document of all the routes of these dialects."""
    dialects = tuple(dialects)
    routes = [(dialect, route) for dialect in dialects for route in dialect.routes]
    types = [kind for dialect, route in routes for kind in (route.params, route.body, route.returns, dialect.error_body) if kind is not None]
    schemas, components = msgspec.json.schema_components(types, schema_hook=_schema, ref_template=_REF)
    by_type = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, Any] = {}
    for dialect, route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(dialect, route, by_type, components)
    told = {id(kind) for _, route in routes for kind in (route.body, route.returns)}
    asked = {_named(by_type[id(route.params)]) for _, route in routes if route.params and id(route.params) not in told}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__, "description": description, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in asked},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-KEY"}},
        },
    }


def _schema(kind: type) -> dict[str, Any]:
    return {} if kind is Raw else schema_hook(kind)


def _operation(dialect: Dialect, route: Route, by_type: dict[int, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": f"{dialect.name}_{route.method.lower()}_{_slug(route.path)}", "summary": route.summary, "tags": [dialect.name]}
    rest = (route.handler.__doc__ or "").strip().partition("\n\n")[2].strip()
    if rest:
        operation["description"] = " ".join(rest.split())
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _PARAMETER.findall(route.path)]
    if route.params is not None:
        parameters += _query(components[_named(by_type[id(route.params)])])
    parameters += [{"name": name, "in": "header", "required": False, "description": _HEEDED[name], "schema": {"type": "string"}} for name in route.heeds]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": by_type[id(route.body)], **_example(route.body)}}}
    elif route.takes:
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": {}} for kind in route.takes}}
    answer: dict[str, Any] = {"description": "OK"}
    if route.returns is not None:
        schema = by_type[id(route.returns)]
        answer["content"] = {route.media_type: {"schema": dialect.envelope(schema) if dialect.envelope else schema}}
    failure = {"description": "An error in this API's shape, with the request id", "content": {dialect.error_type: {"schema": by_type[id(dialect.error_body)]}}}
    operation["responses"] = {**{str(status): answer for status in (route.status, *route.also)}, "4XX": failure, "5XX": failure}
    if IF_NONE_MATCH in route.heeds:
        operation["responses"]["304"] = {"description": "Nothing has changed since the ETag of If-None-Match"}
    if not route.public:
        operation["security"] = _KEYS
        operation["x-required-scope"] = route.scope
    return operation


def _example(body: type) -> dict[str, Any]:
    """What a body may look like, where its struct has an ``example``."""
    return {"example": body.example} if hasattr(body, "example") else {}


def _query(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for name, given in schema.get("properties", {}).items():
        field = _said(given)
        one = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": field}
        if "description" in field:
            one["description"] = field["description"]
        if field.get("type") == "array":
            one |= {"style": "form", "explode": True}
        found.append(one)
    return found


def _named(reference: dict[str, str]) -> str:
    """The component that a reference stands for."""
    return reference["$ref"].rpartition("/")[2]


def _said(field: dict[str, Any]) -> dict[str, Any]:
    """A field as a query string can say it, which knows no null."""
    if [one for one in field.get("anyOf", ()) if one != {"type": "null"}] != field.get("anyOf", ())[:1]:
        return field
    rest = {key: value for key, value in field.items() if key not in {"anyOf", "default"}}
    return {**field["anyOf"][0], **rest}


def _slug(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_")
