"""The texts of JSON, read without decoding it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from hansard.model.json_texts import texts_of

LEVELS = 16
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(['a "quote" \\ and ]}', "\\", '"', "1e5", "[{"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner)
)


def _decoded(value: Any, depth: int = 0) -> Iterator[str]:
    """The same texts, of the decoded value."""
    match value:
        case str():
            yield value
        case bool() | None:
            return
        case int() | float():
            yield str(value)
        case list() if depth < LEVELS:
            for item in value:
                yield from _decoded(item, depth + 1)
        case dict() if depth < LEVELS:
            for key, item in value.items():
                yield key
                yield from _decoded(item, depth + 1)


@given(values)
def test_the_texts_are_those_of_the_decoded_value(value: Any) -> None:
    compact = msgspec.json.encode(value)
    for spelled in (compact, msgspec.json.format(compact, indent=2)):
        assert list(texts_of(Raw(spelled))) == list(_decoded(msgspec.json.decode(spelled)))


def test_what_lies_deeper_than_sixteen_levels_is_left_out() -> None:
    nested = b"[" * LEVELS + b'"here",["deeper"],"too"' + b"]" * LEVELS
    assert list(texts_of(Raw(nested))) == ["here", "too"]


def test_no_more_is_read_than_is_asked_for() -> None:
    texts = texts_of(Raw(b'{"a": "b", "c": "\\q"}'))
    assert [next(texts), next(texts), next(texts)] == ["a", "b", "c"]
