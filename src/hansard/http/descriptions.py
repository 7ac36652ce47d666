"""Descriptions of struct fields, read from the source: the string literal below a field.

    class Session(Struct):
        title: str | None
        '''Shown in lists.'''

Python drops such a literal when it compiles, so descriptions cost nothing until a document is made.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msgspec import Struct


def description_of(struct: type[Struct], field: str) -> str | None:
    """The description of a field, from the struct or a base, else from its ``described_by``."""
    for kind in struct.__mro__:
        if text := _in_module(kind.__module__).get(kind.__qualname__, {}).get(field):
            return text
    fallback = getattr(struct, "described_by", None)
    return description_of(fallback, field) if fallback else None


def example_of(struct: type[Struct], name: str) -> tuple[Any, ...]:
    """The value of a field in the struct's ``example`` or that of its ``described_by``, if any.

    ``name`` is the field's name on the wire.
    """
    for kind in _chain(struct):
        example = getattr(kind, "example", {})
        if name in example:
            return (example[name],)
    return ()


def _chain(struct: type[Struct]) -> Iterator[type[Struct]]:
    """The struct, the one that describes it, the one that describes that, and so on."""
    kind: type[Struct] | None = struct
    while kind is not None:
        yield kind
        kind = getattr(kind, "described_by", None)


@cache
def _in_module(name: str) -> dict[str, dict[str, str]]:
    """The described fields of each class of a module; none where the source is not at hand."""
    try:
        source = inspect.getsource(sys.modules[name])
    except (OSError, TypeError):
        return {}
    return {
        node.name: dict(_in_class(node))
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
    }


def _in_class(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(below.value.value)
