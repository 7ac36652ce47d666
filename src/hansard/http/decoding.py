"""Decode query strings and bodies into structs.

Every error names the field.
"""

from __future__ import annotations

import re
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from hansard.byte_cache import MIB, ByteCache
from hansard.errors import Invalid
from hansard.http.fields import dec_hook
from hansard.http.validation_errors import complaint, unknown_parameter

MAX_PARAMETERS = 500
MAX_VALUES = 200
_WHOLE = re.compile(r"-?[0-9]+")
_METADATA = "metadata."
_COMMA = re.compile(r"(?<!\\),")


class QueryReader:
    """Reads a query string into ``params``.

    A parameter may be repeated; a field that holds a list also splits on commas and drops blanks,
    any other takes the last value. ``metadata.KEY=VALUE`` is the value ``KEY=VALUE`` of
    ``metadata``. A whole number is digits: not 1e3, not 5.0. Unknown parameters are ignored,
    unless the reader is ``strict``: then they are Invalid, but for those that begin with an
    underscore. ``escapes`` lets a backslash take a comma into a value. Where ``params`` says
    ``blank_is_absent``, a number may be blank, as in a form that was not filled in.
    """

    def __init__(
        self, params: type[msgspec.Struct], *, strict: bool = False, escapes: bool = False
    ) -> None:
        self._params = params
        self._strict = strict
        self._split = split if escapes else _split_plainly
        self._lists = {
            field.encode_name: _is_list(field.type) for field in msgspec.structs.fields(params)
        }
        self._whole = {
            field.encode_name
            for field in msgspec.structs.fields(params)
            if _is_number(field.type, int)
        }
        self._blanks = {
            field.encode_name
            for field in msgspec.structs.fields(params)
            if getattr(params, "blank_is_absent", False) and _is_number(field.type, int, float)
        }

    def read(self, query: bytes) -> Any:  # noqa: ANN401 - an instance of params
        params = _queries.get((query, self))
        if params is None:
            params, is_declared = self._decode(query)
            if is_declared:  # what is ignored must not be what tells two entries apart
                _queries.put((query, self), params)
        return params

    def _decode(self, query: bytes) -> tuple[Any, bool]:
        """An instance of params, and whether every parameter is declared."""
        values: dict[str, Any] = {}
        is_declared = True
        for name, value in pairs(query):
            if "\x00" in value:
                raise Invalid(
                    f"{name} contains a NUL character: leave it out", param=name, where="query"
                )
            is_list = self._lists.get(name)
            if not value and name in self._blanks:
                continue
            if name.startswith(_METADATA) and "metadata" in self._lists:
                pair = name.removeprefix(_METADATA) + "="
                values.setdefault("metadata", []).extend(pair + item for item in self._split(value))
            elif is_list:
                values.setdefault(name, []).extend(self._split(value))
            elif is_list is not None:
                values[name] = value
            elif self._strict and not name.startswith("_"):
                raise unknown_parameter(name, self._lists)
            else:
                is_declared = False
        for name, value in values.items():
            self._check(name, value)
        try:
            params = msgspec.convert(values, self._params, strict=False, dec_hook=dec_hook)
        except msgspec.ValidationError as problem:
            raise complaint(problem, "query", self._params, values) from problem
        return params, is_declared

    def _check(self, name: str, value: Any) -> None:  # noqa: ANN401 - a text or a list of texts
        """Invalid for what msgspec would let pass."""
        if len(value) > MAX_VALUES and self._lists[name]:
            raise Invalid(
                f"{name} has {len(value)} values: at most {MAX_VALUES}",
                param=name,
                reason="too_long",
            )
        if name in self._whole and not _WHOLE.fullmatch(value):
            raise Invalid(
                f"{name}: expected a whole number, got {value[:64]!r}",
                param=name,
                where="query",
                reason="not_an_integer",
            )


_queries = ByteCache[tuple[bytes, QueryReader], Any](4 * MIB, "query_strings")


class Nothing(msgspec.Struct, frozen=True):
    """The parameters of a route that takes none."""


def reader_of(
    params: type[msgspec.Struct] | None, *, strict: bool, escapes: bool
) -> QueryReader | None:
    """What reads the query of a route; None where there is nothing to read or to refuse."""
    return (
        QueryReader(params or Nothing, strict=strict, escapes=escapes) if params or strict else None
    )


def split(text: str) -> list[str]:
    r"""The values between commas, without blanks around; a backslash takes a comma into a value.

    >>> split(r"a\,b, c")
    ['a,b', 'c']
    """
    return [value.replace("\\,", ",") for piece in _COMMA.split(text) if (value := piece.strip())]


def escaped(value: str) -> str:
    """One value as ``split`` gives it back.

    >>> split(escaped("a,b"))
    ['a,b']
    """
    return value.replace(",", "\\,")


def _split_plainly(text: str) -> list[str]:
    return [value for piece in text.split(",") if (value := piece.strip())]


def pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("latin-1"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as problem:
        raise Invalid(f"the query string cannot be read: {problem}", code="bad_query") from problem


def check_type(content_type: str) -> None:
    """Invalid unless the body says that it is JSON, or says nothing."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise Invalid(
            f"the body is {kind}: send application/json",
            code="unsupported_media_type",
            param="Content-Type",
        )


def _is_list(kind: Any) -> bool:  # noqa: ANN401 - any annotation
    origin = get_origin(kind)
    return origin in {list, tuple} or (
        origin is not None and any(_is_list(arg) for arg in get_args(kind))
    )


def _is_number(kind: Any, *numbers: type) -> bool:  # noqa: ANN401 - any annotation
    """Whether nothing but such a number may stand there."""
    if get_origin(kind) is Annotated:
        return _is_number(get_args(kind)[0], *numbers)
    if get_origin(kind) in {Union, UnionType}:
        return all(arg is NoneType or _is_number(arg, *numbers) for arg in get_args(kind))
    return kind in numbers
