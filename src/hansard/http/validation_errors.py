"""What is wrong with a query string or a body: the place, and what may stand there instead."""

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
    given: Mapping[str, object] | None = None,
) -> Invalid:
    """What msgspec found in a ``kind``, with the parameter's name apart, and what may stand there; ``given`` are texts by name."""
    text, place = parted(problem)
    if unknown := _UNKNOWN.match(text):
        return _unknown_field(unknown[1], place, where, kind)
    words = _words(kind, place) if text.startswith("Invalid enum value") else []
    hint = f": choose from {', '.join(words)}" if words else ""
    if where == "query":  # a list is a parameter that is repeated: it has a name, and no numbers
        place = place.partition("[")[0]
    said = _quoting(text, (given or {}).get(place))
    reason = "not_a_time" if isinstance(problem.__cause__, NotATime) else reason_of(problem)
    return Invalid(
        f"{place or f'the {where}'}: {said}{hint}", param=place or None, where=where, reason=reason
    )


def unknown_parameter(name: str, known: Iterable[str]) -> Invalid:
    shown = name[:_SHOWN]
    return Invalid(
        f"there is no parameter {shown!r} here: {meant(name, known)}",
        param=shown,
        code="unknown_parameter",
        reason="unknown",
        where="query",
    )


def _unknown_field(name: str, place: str, where: str, kind: type[msgspec.Struct]) -> Invalid:
    """``instead`` of the struct says what to do about a name that others use."""
    struct = next((one for one in _types(kind, place) if isinstance(one, StructType)), None)
    instead = getattr(struct.cls, "instead", {}).get(name) if struct else None
    hint = instead or meant(name, [field.encode_name for field in struct.fields] if struct else [])
    shown = name[:_SHOWN]
    return Invalid(
        f"there is no field {shown!r} in {place or 'the body'}: {hint}",
        param=joined(place, shown),
        code="unknown_field",
        reason="unknown",
        where=where,
    )


def _quoting(text: str, value: object) -> str:
    """The text in plain words, with the value that was given in the place of its type."""
    shown = repr(value[:_SHOWN]) if isinstance(value, str) else "this"
    if text == _NO_DATE:
        return f"{shown} is no date: write one such as 2026-01-31"
    return (
        plain(_GOT.sub("", text)) + f", got {shown}"
        if isinstance(value, str) and _GOT.search(text)
        else plain(text)
    )


def _words(kind: type[msgspec.Struct], place: str) -> list[str]:
    """The words that a Literal at a place such as ``messages[0].role`` knows; none where there is no Literal."""
    return [
        str(word)
        for one in _types(kind, place)
        if isinstance(one, LiteralType)
        for word in one.values
    ]


def _types(kind: type[msgspec.Struct], place: str) -> list[msgspec.inspect.Type]:
    """What may stand at a place."""
    found = _inside(msgspec.inspect.type_info(kind))
    for step in _STEP.findall(place):
        found = [deeper for one in found for deeper in _below(one, step)]
    return found


def _below(kind: msgspec.inspect.Type, step: str) -> list[msgspec.inspect.Type]:
    if isinstance(kind, StructType):
        return [
            one for field in kind.fields if field.encode_name == step for one in _inside(field.type)
        ]
    return _inside(getattr(kind, "item_type", getattr(kind, "value_type", None)))


def _inside(kind: Any) -> list[msgspec.inspect.Type]:  # noqa: ANN401 - any node of msgspec's description
    """The alternatives that a type consists of, without what is only said about them."""
    if isinstance(kind, Metadata):
        return _inside(kind.type)
    return (
        [deeper for one in kind.types for deeper in _inside(one)]
        if isinstance(kind, UnionType)
        else [kind]
    )
