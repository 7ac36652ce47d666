"""OpenAPI 3.1 documents, generated from the structs that decode and encode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hansard import __version__
from hansard.http.components import Components, plain
from hansard.http.failures import failures
from hansard.http.msgpack import MSGPACK
from hansard.http.route import IF_MATCH, IF_NONE_MATCH, LAST_EVENT, ONCE, Described

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hansard.http.route import Dialect, Route

Json = dict[str, Any]
_PARAMETER = re.compile(r"{(\w+)}")
_NULL = {"type": "null"}
_HEADERS = {
    ONCE: Described(
        "Makes the request safe to repeat: one with the same key is done once, and answered again"
        " with the first answer. Chosen by the caller; at most 255 printable characters.",
        "order-17-message-4",
    ),
    IF_MATCH: Described(
        "The ETag or the version of the session that the change is meant for. Refused with 412"
        " when the session has changed since.",
        '"v3"',
    ),
    IF_NONE_MATCH: Described(
        "The ETag of an earlier answer. Answered with 304, without a body, while it is current.",
        '"v3-1b2c3d4e"',
    ),
    LAST_EVENT: Described(
        "The id of the last event received; the stream goes on after it. Browsers send it when"
        " they reconnect.",
        "1042",
    ),
}
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of the workspace, as `Authorization: Bearer hsd_…`.",
    },
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-KEY",
        "description": "A key of the workspace, as `X-API-KEY: hsd_…`.",
    },
}


def document(
    dialects: Iterable[Dialect], *, title: str, description: str, root_path: str = ""
) -> Json:
    """One document of all the routes of these dialects, on a server at ``root_path``."""
    dialects = tuple(dialects)
    routes = [(dialect, route) for dialect in dialects for route in dialect.routes]
    components = Components(
        kind
        for dialect, route in routes
        for kind in (route.params, route.body, route.returns, dialect.error_body)
        if kind is not None
    )
    paths: Json = {}
    for dialect, route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(
            dialect, route, components
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": __version__,
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": root_path or "/"}],
        "paths": paths,
        "components": {
            "schemas": _shown(components, [route for _, route in routes]),
            "securitySchemes": _SECURITY
            | {
                name: dict(scheme)
                for dialect in dialects
                for name, scheme in dialect.security_schemes.items()
            },
        },
    }


def _shown(components: Components, routes: list[Route]) -> Json:
    """The components without those that are only the parameters of a query."""
    bodies = {id(kind) for route in routes for kind in (route.body, route.returns)}
    queries = {
        components.name(route.params)
        for route in routes
        if route.params and id(route.params) not in bodies
    }
    return {name: schema for name, schema in components.by_name.items() if name not in queries}


def _operation(dialect: Dialect, route: Route, components: Components) -> Json:
    operation: Json = {
        "operationId": f"{dialect.name}_{route.method.lower()}_{_slug(route.path)}",
        "summary": plain(route.summary),
        "tags": [dialect.name],
    }
    _, _, rest = (route.handler.__doc__ or "").strip().partition("\n\n")
    if rest.strip():
        operation["description"] = plain(rest)
    parameters = [
        *_in_path(dialect, route),
        *_in_query(dialect, route, components),
        *_in_headers(dialect, route),
    ]
    if parameters:
        operation["parameters"] = parameters
    if content := _request(route, components):
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = _answers(dialect, route, components) | failures(
        dialect, route, components.schema(dialect.error_body)
    )
    if not route.public:
        operation["security"] = [{name: []} for name in (*_SECURITY, *dialect.security_schemes)]
        operation["x-required-scope"] = route.scope
    return operation


def _in_path(dialect: Dialect, route: Route) -> Iterator[Json]:
    for name in _PARAMETER.findall(route.path):
        parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        if name in dialect.path_parameters:
            description, example = dialect.path_parameters[name]
            parameter |= {"description": description, "example": example}
        yield parameter


def _in_query(dialect: Dialect, route: Route, components: Components) -> Iterator[Json]:
    if route.params is None:
        return
    query = components.resolved(route.params)
    for name, described in query.get("properties", {}).items():
        schema = _without_null(described)
        parameter = {
            "name": name,
            "in": "query",
            "required": name in query.get("required", ()),
            "schema": schema,
        }
        if description := schema.pop("description", ""):
            parameter["description"] = description
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": True}
            parameter["description"] = f"{description} {_several(dialect)}".strip()
        yield parameter


def _several(dialect: Dialect) -> str:
    text = "Repeat the parameter for several values, or separate them by commas"
    return f"{text}; `\\,` is a comma within a value." if dialect.escapes else f"{text}."


def _in_headers(dialect: Dialect, route: Route) -> Iterator[Json]:
    headers = {name: _HEADERS[name] for name in route.request_headers}
    if not route.public:
        headers |= dialect.headers
    for name, (description, example) in headers.items():
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "description": description,
            "schema": {"type": "string"},
            "example": example,
        }


def _request(route: Route, components: Components) -> Json:
    """The body of a request by its media type; empty where there is none."""
    if route.body is None:
        return {kind: {"schema": {}} for kind in route.request_types}
    example = {"example": route.body.example} if hasattr(route.body, "example") else {}
    content = {"application/json": {"schema": components.schema(route.body), **example}}
    return content | ({MSGPACK: {"schema": components.schema(route.body)}} if route.msgpack else {})


def _answers(dialect: Dialect, route: Route, components: Components) -> Json:
    answer: Json = {"description": "OK"}
    if route.returns is not None:
        schema = components.schema(route.returns)
        answer["content"] = {
            route.media_type: {"schema": dialect.envelope(schema) if dialect.envelope else schema}
        }
        answer["content"] |= {kind: {"schema": {"type": "string"}} for kind in route.response_types}
        if route.msgpack:
            answer["content"][MSGPACK] = {"schema": schema}
    answers = {str(status): answer for status in (route.status, *route.extra_statuses)}
    if IF_NONE_MATCH in route.request_headers:
        answers["304"] = {"description": "Nothing has changed since the answer with this ETag."}
    return answers


def _without_null(field: Json) -> Json:
    """A field as a query string has it, which knows no null."""
    alternatives = [schema for schema in field.get("anyOf", ()) if schema != _NULL]
    if len(alternatives) != 1:
        return dict(field)
    rest = {key: value for key, value in field.items() if key not in {"anyOf", "default"}}
    return {**alternatives[0], **rest}


def _slug(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_")
