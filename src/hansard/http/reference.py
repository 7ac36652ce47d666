"""An OpenAPI document as people read it: requests and objects, with their fields in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hansard.http.openapi import document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hansard.http.route import Dialect

Json = dict[str, Any]
_DEPTH = 4
_SAMPLES: Json = {"string": "…", "integer": 1, "number": 1.0, "boolean": False, "null": None}
_TIME = "2026-01-31T09:30:00Z"
_FORMATS = {"date-time": "time", "date": "date"}
_LIMITS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} values"),
    ("maxItems", "at most {} values"),
)
Kind = list[tuple[str, str]]
"""A type in words: pieces of text, each with the object that it names, or an empty text."""


class Field(Struct, frozen=True):
    """A parameter or a field of an object. ``text`` is Markdown with its bounds and default."""

    name: str
    kind: Kind
    required: bool
    text: str
    example: str = ""
    location: str = ""


class Failure(Struct, frozen=True):
    """An error answer."""

    status: str
    text: str


class Operation(Struct, frozen=True):
    """A request, with what it takes and what answers it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    status: str
    answer: Kind
    failures: list[Failure]
    curl: str
    sample: str


class Group(Struct, frozen=True):
    """The requests about one noun."""

    name: str
    operations: list[Operation]


class Object(Struct, frozen=True):
    """What a body or an answer consists of."""

    name: str
    text: str
    fields: list[Field]
    sample: str


class Reference(Struct, frozen=True):
    """All of one API."""

    groups: list[Group]
    objects: list[Object]


def reference(dialect: Dialect) -> Reference:
    """What there is to read of an API. Makes its document, which takes tens of milliseconds."""
    raw = msgspec.json.encode(
        document((dialect,), title=dialect.title, description=dialect.description)
    )
    described: Json = msgspec.json.decode(raw)
    schemas = described["components"]["schemas"]
    return Reference([*_groups(described["paths"], schemas)], [*_objects(schemas)])


def _groups(paths: Json, schemas: Json) -> Iterator[Group]:
    """The requests by the noun that their path begins with."""
    nouns: dict[str, list[Operation]] = {}
    for path, methods in paths.items():
        for method, described in methods.items():
            operation = _operation(path, method.upper(), described, schemas)
            nouns.setdefault(_noun(path), []).append(operation)
    for name, operations in nouns.items():
        yield Group(name, operations)


def _noun(path: str) -> str:
    pieces = [piece for piece in path.strip("/").split("/") if not piece.startswith("{")]
    named = [piece for piece in pieces if not re.fullmatch(r"v\d+|api", piece)]
    is_below = len(named) > 1 and named[0] == "sessions" and named[1].endswith("s")
    noun = named[1] if is_below else named[0] if named else "root"
    return noun.replace("-", " ").replace("_", " ").capitalize()


def _operation(path: str, method: str, described: Json, schemas: Json) -> Operation:
    content: Json = next(iter(described.get("requestBody", {}).get("content", {}).values()), {})
    status, answer = next(iter(described["responses"].items()))
    contents = answer.get("content", {}).values()
    schema = next((media.get("schema") for media in contents), None)
    return Operation(
        id=described["operationId"],
        method=method,
        path=path,
        summary=described.get("summary", ""),
        description=described.get("description", ""),
        scope=described.get("x-required-scope", ""),
        parameters=[_parameter(item) for item in described.get("parameters", ())],
        body=[*_fields(content.get("schema"), schemas)],
        status=status,
        answer=_kind(schema) if schema else [],
        failures=[
            Failure(status, answer["description"])
            for status, answer in described["responses"].items()
            if status.startswith(("4", "5")) and status.isdigit()
        ],
        curl=_curl(_filled(path, described), method, content.get("example")),
        sample=_pretty(_sample(schema, schemas, _DEPTH)) if schema else "",
    )


def _parameter(described: Json) -> Field:
    schema = described.get("schema", {})
    example = described.get("example", next(iter(schema.get("examples", ())), None))
    if isinstance(example, list):
        example = ",".join(map(str, example))
    return Field(
        described["name"],
        _kind(schema),
        bool(described.get("required")),
        _text(described.get("description", ""), schema),
        "" if example is None else _short(example),
        described["in"],
    )


def _objects(schemas: Json) -> Iterator[Object]:
    for name, schema in schemas.items():
        yield Object(
            name,
            schema.get("description", ""),
            [*_fields(schema, schemas)],
            _pretty(_sample(schema, schemas, _DEPTH)),
        )


def _fields(schema: Json | None, schemas: Json) -> Iterator[Field]:
    resolved = _resolved(schema or {}, schemas)
    required = resolved.get("required", ())
    for name, field in resolved.get("properties", {}).items():
        examples = (value for value in field.get("examples", ()) if value is not None)
        example = next(examples, None)
        yield Field(
            name,
            _kind(field),
            name in required,
            _text(field.get("description", ""), field),
            "" if example is None else _short(example),
        )


def _resolved(schema: Json, schemas: Json) -> Json:
    while "$ref" in schema:
        schema = schemas.get(_name(schema), {})
    return schema


def _name(schema: Json) -> str:
    return str(schema["$ref"].rpartition("/")[2])


def _kind(schema: Json) -> Kind:
    """A type in words: string or null, list of Message, one of a, b."""
    if "$ref" in schema:
        return [(_name(schema), _name(schema))]
    if "anyOf" in schema:
        return [*_joined(map(_kind, schema["anyOf"]))]
    if schema.get("type") == "array" and schema.get("items"):
        if words := schema["items"].get("enum"):
            return [(f"list of any of {', '.join(map(str, words))}", "")]
        return [("list of ", ""), *_kind(schema["items"])]
    return [(_word(schema), "")]


def _word(schema: Json) -> str:
    words = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if words:
        return f"{'one of' if len(words) > 1 else 'always'} {', '.join(map(str, words))}"
    if schema.get("type") == "array":
        return "list"
    return _FORMATS.get(schema.get("format", ""), str(schema.get("type") or "any JSON"))


def _joined(kinds: Iterable[Kind]) -> Iterator[tuple[str, str]]:
    for index, kind in enumerate(kinds):
        if index:
            yield " or ", ""
        yield from kind


def _text(description: str, schema: Json) -> str:
    """A description with the bounds and the default."""
    limits = [
        words.format(alternative[key])
        for alternative in (schema, *schema.get("anyOf", ()))
        for key, words in _LIMITS
        if key in alternative
    ]
    if schema.get("default") not in (None, [], {}, "") and "default" not in description:
        limits.append(f"default {_short(schema['default'])}")
    facts = ", ".join(limits)
    return f"{description} {facts[:1].upper()}{facts[1:]}.".strip() if facts else description


def _sample(schema: Any, schemas: Json, depth: int) -> Any:  # noqa: ANN401 - any schema, any JSON
    """A value that the schema allows: an example of it, or one that is made of its fields'."""
    resolved: Json = _resolved(schema or {}, schemas)
    if examples := resolved.get("examples"):
        return examples[0]
    if (default := resolved.get("default")) not in (None, [], {}):
        return default
    if "anyOf" in resolved:
        return _sample(resolved["anyOf"][0], schemas, depth)
    if "properties" in resolved and depth:
        return {
            name: _sample(field, schemas, depth - 1)
            for name, field in resolved["properties"].items()
            if name in resolved.get("required", ()) or field.keys() & {"examples", "default"}
        }
    if resolved.get("type") == "array":
        return [_sample(resolved["items"], schemas, depth - 1)] if depth else []
    return _scalar(resolved)


def _scalar(schema: Json) -> Any:  # noqa: ANN401 - any JSON
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    is_time = schema.get("format") == "date-time"
    return _TIME if is_time else _SAMPLES.get(schema.get("type", ""), {})


def _filled(path: str, described: Json) -> str:
    """The path with the examples of its parameters."""
    for parameter in described.get("parameters", ()):
        if parameter["in"] == "path" and "example" in parameter:
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    return path


def _curl(path: str, method: str, body: Any) -> str:  # noqa: ANN401 - any JSON
    lines = [
        f'curl{"" if method == "GET" else f" -X {method}"} "$HANSARD_URL{path}"',
        '  -H "Authorization: Bearer $HANSARD_API_KEY"',
    ]
    if body is not None:
        lines += ['  -H "Content-Type: application/json"', f"  -d '{_pretty(body)}'"]
    return " \\\n".join(lines)


def _pretty(value: Any) -> str:  # noqa: ANN401 - any JSON
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
