"""What is wrong with a query string or a body: where, and what may be there instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import msgspec.inspect
from msgspec.inspect import LiteralType, Metadata, StructType, UnionType

from hansard.errors import Invalid
from hansard.http.fields import NotATime
from hansard.model.decode_errors import joined, meant, parted, plain, reason_of

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
_GOT = re.compile(r", got `\w+`$")
_NO_DATE = "Invalid RFC3339 encoded date"
_STEP = re.compile(r"\[[^\]]*\]|[^.\[\]]+")
_SHOWN = 64


def complaint(
    problem: msgspec.ValidationError,
    where: str,
    kind: type[msgspec.Struct],
    values: Mapping[str, object] | None = None,
) -> Invalid:
    """The error for what msgspec refused in a ``kind``: where it is, and what may be there instead.

    ``values`` are the texts of a query string, by name.
    """
    text, path = parted(problem)
    if unknown := _UNKNOWN.match(text):
        return _unknown_field(unknown[1], path, where, kind)
    choices = _choices(kind, path) if text.startswith("Invalid enum value") else []
    hint = f": choose from {', '.join(choices)}" if choices else ""
    if where == "query":  # a list is a parameter that is repeated: it has a name, and no numbers
        path = path.partition("[")[0]
    quoted = _quoting(text, (values or {}).get(path))
    reason = "not_a_time" if isinstance(problem.__cause__, NotATime) else reason_of(problem)
    return Invalid(
        f"{path or f'the {where}'}: {quoted}{hint}", param=path or None, where=where, reason=reason
    )


def unknown_parameter(name: str, known: Iterable[str]) -> Invalid:
    shown = name[:_SHOWN]
    return Invalid(
        f"unknown parameter {shown!r}: {meant(name, known)}",
        param=shown,
        code="unknown_parameter",
        reason="unknown",
        where="query",
    )


def _unknown_field(name: str, path: str, where: str, kind: type[msgspec.Struct]) -> Invalid:
    """``instead`` of the struct is advice for names that other APIs use."""
    struct = next((node for node in _types(kind, path) if isinstance(node, StructType)), None)
    instead = getattr(struct.cls, "instead", {}).get(name) if struct else None
    hint = instead or meant(name, [field.encode_name for field in struct.fields] if struct else [])
    shown = name[:_SHOWN]
    return Invalid(
        f"unknown field {shown!r} in {path or f'the {where}'}: {hint}",
        param=joined(path, shown),
        code="unknown_field",
        reason="unknown",
        where=where,
    )


def _quoting(text: str, value: object) -> str:
    """The text in plain words, with the value in place of its type."""
    shown = repr(value[:_SHOWN]) if isinstance(value, str) else "this"
    if text == _NO_DATE:
        return f"{shown} is not a date: write one such as 2026-01-31"
    return (
        plain(_GOT.sub("", text)) + f", got {shown}"
        if isinstance(value, str) and _GOT.search(text)
        else plain(text)
    )


def _choices(kind: type[msgspec.Struct], path: str) -> list[str]:
    """The values of the Literal at a path such as ``messages[0].role``; none without a Literal."""
    literals = (node for node in _types(kind, path) if isinstance(node, LiteralType))
    return [str(value) for literal in literals for value in literal.values]


def _types(kind: type[msgspec.Struct], path: str) -> list[msgspec.inspect.Type]:
    """The types that may be at a path."""
    nodes = _inside(msgspec.inspect.type_info(kind))
    for step in _STEP.findall(path):
        nodes = [below for node in nodes for below in _below(node, step)]
    return nodes


def _below(node: msgspec.inspect.Type, step: str) -> list[msgspec.inspect.Type]:
    if isinstance(node, StructType):
        fields = (field for field in node.fields if field.encode_name == step)
        return [inside for field in fields for inside in _inside(field.type)]
    return _inside(getattr(node, "item_type", getattr(node, "value_type", None)))


def _inside(node: Any) -> list[msgspec.inspect.Type]:  # noqa: ANN401 - any node of msgspec's description
    """The alternatives of a type, without their metadata."""
    if isinstance(node, Metadata):
        return _inside(node.type)
    if isinstance(node, UnionType):
        return [inside for alternative in node.types for inside in _inside(alternative)]
    return [node]
