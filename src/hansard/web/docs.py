"""The API reference: the OpenAPI documents as pages, one for each API, and the list of errors; no script, nothing from elsewhere."""

from __future__ import annotations

import re
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hansard.errors import NotFound
from hansard.http.openapi import document
from hansard.http.route import Dialect, Route

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call
    from hansard.web.rendering import Pages

_DEPTH = 3
_SAMPLES: dict[str, Any] = {
    "string": "…",
    "integer": 0,
    "number": 0.0,
    "boolean": False,
    "object": {},
    "null": None,
}
_TIME = "2026-11-22T09:30:00Z"


class Field(Struct, frozen=True):
    """A parameter or a property: ``kind`` is its type in words."""

    name: str
    kind: str
    required: bool
    note: str
    where: str = ""


class Operation(Struct, frozen=True):
    id: str
    verb: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]
    status: str
    curl: str
    sample: str


class Group(Struct, frozen=True):
    name: str
    operations: list[Operation]


class Failing(Struct, frozen=True):
    """A code that an error may have, and what is said with it; ``…`` stands for what is known only then."""

    code: str
    status: int
    says: list[str]


class Docs:
    def __init__(self, pages: Pages, dialects: tuple[Dialect, ...]) -> None:
        self._pages = pages
        self._dialects = dialects
        self._groups: dict[str, list[Group]] = {}

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET /docs", self.show, public=True, media_type="text/html"),
            Route("GET /docs/errors", self.errors, public=True, media_type="text/html"),
            Route("GET /docs/{name}", self.show, public=True, media_type="text/html"),
        )

    @cached_property
    def _errors(self) -> dict[str, list[Failing]]:
        return msgspec.json.decode(
            (files("hansard.web") / "errors.json").read_bytes(), type=dict[str, list[Failing]]
        )

    async def errors(self, call: Call[None, None]) -> Response:
        """The errors of the native API, each at its code"""
        return self._pages.page(call, "errors.html", apis=self._dialects, kinds=self._errors)

    async def show(self, call: Call[None, None]) -> Response:
        """The reference of one API, the native one without a name"""
        name = call.path.get("name") or self._dialects[0].name
        dialect = next((one for one in self._dialects if one.name == name), None)
        if dialect is None:
            raise NotFound(f"there is no API {name!r}", code="route_not_found")
        if name not in self._groups:
            self._groups[name] = _groups(
                _plain(document((dialect,), title=dialect.title, description=dialect.description))
            )
        return self._pages.page(
            call, "docs.html", apis=self._dialects, api=dialect, groups=self._groups[name]
        )


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(given))
    return made


def _groups(given: dict[str, Any]) -> list[Group]:
    """The operations by the noun that their path begins with."""
    schemas = given["components"]["schemas"]
    found: dict[str, list[Operation]] = {}
    for path, methods in given["paths"].items():
        for method, operation in methods.items():
            found.setdefault(_noun(path), []).append(
                _operation(path, method.upper(), operation, schemas)
            )
    return [Group(name, operations) for name, operations in found.items()]


def _noun(path: str) -> str:
    pieces = [piece for piece in path.strip("/").split("/") if not piece.startswith("{")]
    named = [piece for piece in pieces if not re.fullmatch(r"v\d+|api", piece)]
    own = len(named) > 1 and named[0] == "sessions" and named[1].endswith("s")
    return (
        (named[1] if own else named[0] if named else "root")
        .replace("-", " ")
        .replace("_", " ")
        .capitalize()
    )


def _operation(path: str, verb: str, given: dict[str, Any], schemas: dict[str, Any]) -> Operation:
    content: dict[str, Any] = next(
        iter(given.get("requestBody", {}).get("content", {}).values()), {}
    )
    body = content.get("schema")
    status, answer = next(iter(given["responses"].items()))
    schema = next((told.get("schema") for told in answer.get("content", {}).values()), None)
    sample = (
        content.get("example") or _sample(body, schemas, _DEPTH, only_required=True)
        if body
        else None
    )
    return Operation(
        id=given["operationId"],
        verb=verb,
        path=path,
        summary=given.get("summary", ""),
        description=given.get("description", ""),
        scope=given.get("x-required-scope", ""),
        parameters=[_parameter(one) for one in given.get("parameters", ())],
        body=_fields(body, schemas),
        answer=_fields(schema, schemas),
        status=status,
        curl=_curl(path, verb, sample),
        sample=_pretty(_sample(schema, schemas, _DEPTH)) if schema else "",
    )


def _parameter(given: dict[str, Any]) -> Field:
    schema = given.get("schema", {})
    return Field(
        given["name"],
        _kind(schema),
        bool(given.get("required")),
        _note(given.get("description") or "", schema),
        given["in"],
    )


def _fields(schema: dict[str, Any] | None, schemas: dict[str, Any]) -> list[Field]:
    resolved = _resolve(schema or {}, schemas)
    required = resolved.get("required", ())
    return [
        Field(name, _kind(one), name in required, _note(one.get("description", ""), one))
        for name, one in resolved.get("properties", {}).items()
    ]


def _resolve(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = schemas.get(schema["$ref"].rpartition("/")[2], {})
    return schema


def _kind(schema: dict[str, Any]) -> str:
    """A type in words: string or null, list of Message, one of a, b."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2].rpartition(".")[2])
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}" if schema.get("items") else "list"
    if schema.get("format") == "date-time":
        return "time"
    return str(schema.get("type") or "any JSON")


def _note(text: str, schema: dict[str, Any]) -> str:
    limits = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "at least"), ("maximum", "at most"), ("maxLength", "at most"))
        if key in schema
    ]
    if schema.get("default") not in (None, [], {}, ""):
        limits.append(f"default {msgspec.json.encode(schema['default']).decode()}")
    return "; ".join(part for part in (text, ", ".join(limits)) if part)


def _sample(
    schema: Any,  # noqa: ANN401 - any value
    schemas: dict[str, Any],
    depth: int,
    *,
    only_required: bool = False,
) -> Any:  # noqa: ANN401 - any JSON
    """A value that the schema allows."""
    given = _resolve(schema or {}, schemas)
    if "anyOf" in given:
        return _sample(given["anyOf"][0], schemas, depth, only_required=only_required)
    if (default := given.get("default")) not in (None, [], {}):
        return default
    if "enum" in given:
        return given["enum"][0]
    if given.get("type") == "array":
        return (
            [_sample(given["items"], schemas, depth - 1, only_required=only_required)]
            if depth and given.get("items")
            else []
        )
    if "properties" in given and depth:
        chosen = {
            name: one
            for name, one in given["properties"].items()
            if not only_required or name in given.get("required", ())
        }
        chosen = chosen or dict([*given["properties"].items()][:2])
        return {
            name: _sample(one, schemas, depth - 1, only_required=only_required)
            for name, one in chosen.items()
        }
    return _TIME if given.get("format") == "date-time" else _SAMPLES.get(given.get("type", ""), {})


def _pretty(value: Any) -> str:  # noqa: ANN401 - any JSON
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _curl(path: str, verb: str, body: Any) -> str:  # noqa: ANN401 - any JSON
    lines = [
        f'curl{"" if verb == "GET" else f" -X {verb}"} "$HANSARD_URL{path}"',
        '  -H "Authorization: Bearer $HANSARD_API_KEY"',
    ]
    if body is not None:
        lines += ['  -H "Content-Type: application/json"', f"  -d '{_pretty(body)}'"]
    return " \\\n".join(lines)
