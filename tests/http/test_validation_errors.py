"""A complaint names the place and the value, and says in plain words what may stand there."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from hansard.errors import Invalid
from hansard.http.bodies import BodyReader
from hansard.http.decoding import QueryReader
from hansard.model.times import Moment

Word = Literal["red", "green"]


class Inner(Struct, forbid_unknown_fields=True):
    word: Word
    other: Annotated[Word, Meta(description="one of two")] | None = None
    words: list[Word] = []
    named: dict[str, Word] = {}


class Outer(Struct, forbid_unknown_fields=True):
    inner: list[Inner] = []
    title: str | None = None
    at: Moment | None = None
    either: int | str | None = None


class ParsedSearch(Struct, kw_only=True):
    limit: Annotated[int, Meta(ge=1)] = 1
    most: Annotated[int, Meta(le=9)] | None = None
    word: Annotated[Word, Meta(description="one of two")] = "red"
    day: Annotated[date, Meta(description="a day")] | None = None
    at: Moment | None = None
    on: bool | None = None
    q: str


def refused(reader: Any, data: bytes) -> tuple[str | None, str]:
    with pytest.raises(Invalid) as caught:
        reader.read(data)
    return caught.value.param, caught.value.message


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        (b'{"inner":[{}]}', "inner[0].word", "inner[0].word: this is missing"),
        (
            b'{"inner":[{"word":"blue"}]}',
            "inner[0].word",
            "inner[0].word: unknown value 'blue': choose from green, red",
        ),
        (
            b'{"inner":[{"word":"red","other":"blue"}]}',
            "inner[0].other",
            "inner[0].other: unknown value 'blue': choose from green, red",
        ),
        (
            b'{"inner":[{"word":"red","words":["red","blue"]}]}',
            "inner[0].words[1]",
            "inner[0].words[1]: unknown value 'blue': choose from green, red",
        ),
        (
            b'{"inner":[{"word":"red","named":{"a":"blue"}}]}',
            "inner[0].named[...]",
            "inner[0].named[...]: unknown value 'blue': choose from green, red",
        ),
        (b'{"title":5}', "title", "title: expected a string or null, got a whole number"),
        (
            b'{"either":[]}',
            "either",
            "either: expected a whole number, a string or null, got a list",
        ),
        (
            b'{"at":"yesterday"}',
            "at",
            "at: 'yesterday' is not a time: write one such as 2026-01-31T09:30:00Z",
        ),
        (b'{"at":5}', "at", "at: 5 is not a time: write one such as 2026-01-31T09:30:00Z"),
        (b'{"inner":5}', "inner", "inner: expected a list, got a whole number"),
        (b"[]", None, "the body: expected an object, got a list"),
        (
            b'{"inner":[{"worx":1}]}',
            "inner[0].worx",
            "unknown field 'worx' in inner[0]: did you mean 'word'?",
        ),
    ],
)
def test_of_a_body(body: bytes, param: str | None, message: str) -> None:
    assert refused(BodyReader(Outer), body) == (param, message)


@pytest.mark.parametrize(
    ("query", "param", "message"),
    [
        (b"", "q", "q: this is missing"),
        (b"q=x&limit=many", "limit", "limit: expected a whole number, got 'many'"),
        (b"q=x&limit=1e3", "limit", "limit: expected a whole number, got '1e3'"),
        (b"q=x&limit=5.0", "limit", "limit: expected a whole number, got '5.0'"),
        (b"q=x&most=5.0", "most", "most: expected a whole number, got '5.0'"),
        (b"q=x&limit=%D9%A5", "limit", "limit: expected a whole number, got '\u0665'"),
        (b"q=x&limit=0", "limit", "limit: expected a whole number >= 1"),
        (b"q=x&word=blue", "word", "word: unknown value 'blue': choose from green, red"),
        (
            b"q=x&day=2026-13-01",
            "day",
            "day: '2026-13-01' is not a date: write one such as 2026-01-31",
        ),
        (
            b"q=x&at=2026-13-01",
            "at",
            "at: '2026-13-01' is not a time: write one such as 2026-01-31T09:30:00Z",
        ),
        (b"q=x&on=perhaps", "on", "on: expected true, false or null, got 'perhaps'"),
    ],
)
def test_of_a_query(query: bytes, param: str, message: str) -> None:
    assert refused(QueryReader(ParsedSearch), query) == (param, message)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (b"q=a&limit=0", "too_small"),
        (b"q=a&most=10", "too_large"),
        (b"q=a&most=many", "not_an_integer"),
        (b"q=a&word=blue", "not_a_choice"),
        (b"q=a&day=monday", "not_a_date"),
        (b"q=a&at=monday", "not_a_time"),
        (b"q=a&on=maybe", "not_a_boolean"),
        (b"q=a&where=here", "unknown"),
        (b"", "missing"),
    ],
)
def test_a_parameter_says_in_what_way_it_is_wrong(query: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        QueryReader(ParsedSearch, strict=True).read(query)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"inner":{}}', "wrong_type"),
        (b'{"inner":[{}]}', "missing"),
        (b'{"inner":[{"word":"blue"}]}', "not_a_choice"),
        (b'{"at":1}', "not_a_time"),
        (b'{"either":[]}', "wrong_type"),
        (b'{"colour":1}', "unknown"),
        (b"[]", "wrong_type"),
    ],
)
def test_a_field_says_in_what_way_it_is_wrong(body: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        BodyReader(Outer).read(body)
    assert caught.value.reason == reason
