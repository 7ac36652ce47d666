"""Descriptions and examples of fields, read from below them in the source."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import pytest
from msgspec import Meta, Raw, Struct

from hansard.http.components import Components
from hansard.http.descriptions import description_of, example_of
from hansard.http.fields import schema_of


class Model(Struct):
    title: str
    """Of the model."""
    size: int
    """In bytes."""


class Base(Struct, kw_only=True):
    """A base."""

    example: ClassVar[dict[str, Any]] = {"size": 1, "title": "base"}

    size: int
    """How large it is,
    in ``bytes``."""


class Shown(Base, kw_only=True, rename="camel"):
    """A struct that says little itself."""

    described_by: ClassVar[type[Struct]] = Model
    example: ClassVar[dict[str, Any]] = {"size": 2}

    title: str
    long_name: Annotated[str, Meta(description="Of the type.")] | None = None
    tags: Annotated[Raw, schema_of(list[str])]
    bare: int = 0
    """"""


def test_a_field_is_described_below_it_or_in_a_base_or_by_another_struct() -> None:
    assert description_of(Shown, "size") == "How large it is,\nin ``bytes``."
    assert description_of(Shown, "title") == "Of the model."
    assert description_of(Shown, "bare") is None


def test_an_example_is_that_of_the_nearest_struct() -> None:
    assert (example_of(Shown, "size"), example_of(Base, "title")) == ((2,), ("base",))
    assert example_of(Model, "title") == ()


def test_a_schema_has_the_description_and_the_example_of_each_field() -> None:
    schema = Components([Shown]).resolved(Shown)
    fields = schema["properties"]
    assert schema["description"] == "A struct that says little itself."
    assert fields["size"] == {
        "type": "integer",
        "description": "How large it is, in `bytes`.",
        "examples": [2],
    }
    assert fields["longName"]["description"] == "Of the type."
    assert "description" not in fields["longName"]["anyOf"][0]
    assert fields["tags"] == {"type": "array", "items": {"type": "string"}}


def test_without_the_source_nothing_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    unread = type("Unread", (Struct,), {"__annotations__": {"a": int}, "__module__": "builtins"})
    assert description_of(unread, "a") is None
