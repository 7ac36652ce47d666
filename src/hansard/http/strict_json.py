"""JSON that means one thing to everybody: no duplicate names, no lone surrogates, no depth that a reader could stumble over."""

from __future__ import annotations

import json
import re
from typing import Any

from hansard.errors import Invalid
from hansard.model.json_depth import DEPTH, is_too_deep

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def check(data: bytes) -> None:
    """Raises Invalid for a body that JSON's grammar allows and that two readers would read differently.

    A body that is no JSON at all may pass: whoever decodes it says so.
    """
    if is_too_deep(data):
        raise Invalid(f"the body is nested more than {DEPTH} deep", code="too_deep")
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as problem:
            raise Invalid(f"the body is not UTF-8: {problem}", code="bad_json") from problem
    if data.count(b":") > 1:
        _decoded(data)
    if _SURROGATE.search(data):
        _check_surrogates(data)


def _decoded(data: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return _decode(data.decode())
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(
            f"the name {twice!r} stands twice in one object", code="duplicate_name", param=twice
        )
    return found


def _check_surrogates(data: bytes) -> None:
    decoded = _decoded(data)
    try:
        json.dumps(decoded, ensure_ascii=False).encode()
    except UnicodeEncodeError as problem:
        raise Invalid(
            "the body holds half of a surrogate pair, which is no character", code="bad_text"
        ) from problem


_decode = json.JSONDecoder(object_pairs_hook=_unique).decode
