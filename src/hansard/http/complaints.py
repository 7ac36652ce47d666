"""What is wrong with a query string or a body: the place, and what may stand there instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import msgspec
import msgspec.inspect
from msgspec.inspect import ListType, LiteralType, Metadata, StructType, UnionType

from hansard.errors import Invalid

_PLACE = re.compile(r" - at `(?:key in )?\$\.?(.*)`$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
_SHOWN = 64


def complaint(problem: msgspec.ValidationError, where: str, kind: type[msgspec.Struct]) -> Invalid:
    """What msgspec found in a ``kind``, with the parameter's name apart, and the words that may stand there."""
    text = str(problem)
    found = _PLACE.search(text)
    place, text = (found[1], text[: found.start()]) if found else ("", text)
    if unknown := _UNKNOWN.match(text):
        return _unknown_field(unknown[1], place, where, kind)
    words = _words(kind, place) if text.startswith("Invalid enum value") else []
    if words:
        text = f"{text}: choose from {', '.join(words)}"
    return Invalid(f"{place}: {text}" if place else text, param=place or None, where=where)


def unknown_parameter(name: str, known: Iterable[str]) -> Invalid:
    shown = name[:_SHOWN]
    return Invalid(f"there is no parameter {shown!r} here: {_meant(name, known)}", param=shown, code="unknown_parameter", where="query")


def _unknown_field(name: str, place: str, where: str, kind: type[msgspec.Struct]) -> Invalid:
    """``instead`` of the struct says what to do about a name that others use."""
    struct = next((one for one in _types(kind, place) if isinstance(one, StructType)), None)
    instead = getattr(struct.cls, "instead", {}).get(name) if struct else None
    hint = instead or _meant(name, [field.encode_name for field in struct.fields] if struct else [])
    shown = name[:_SHOWN]
    param = f"{place}.{shown}" if place else shown
    return Invalid(f"there is no field {shown!r} in {place or 'the body'}: {hint}", param=param, code="unknown_field", where=where)


def _meant(name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(known)}" if known else "there is none"


def _words(kind: type[msgspec.Struct], place: str) -> list[str]:
    """The words that a Literal at a place such as ``messages[0].role`` knows; none where there is no Literal."""
    return [str(word) for one in _types(kind, place) if isinstance(one, LiteralType) for word in one.values]


def _types(kind: type[msgspec.Struct], place: str) -> list[msgspec.inspect.Type]:
    """What may stand at a place."""
    found = _inside(msgspec.inspect.type_info(kind))
    for step in filter(None, re.split(r"[.\[\]]+", place)):
        found = [deeper for one in found for deeper in _below(one, step)]
    return found


def _below(kind: msgspec.inspect.Type, step: str) -> list[msgspec.inspect.Type]:
    if isinstance(kind, StructType):
        return [one for field in kind.fields if field.encode_name == step for one in _inside(field.type)]
    return _inside(kind.item_type) if isinstance(kind, ListType) else []


def _inside(kind: Any) -> list[msgspec.inspect.Type]:  # noqa: ANN401 - any node of msgspec's description
    """The alternatives that a type consists of, without what is only said about them."""
    if isinstance(kind, Metadata):
        return _inside(kind.type)
    return [deeper for one in kind.types for deeper in _inside(one)] if isinstance(kind, UnionType) else [kind]
