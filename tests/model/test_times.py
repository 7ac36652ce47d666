"""Times go in with any offset and come out as UTC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.model import times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
        ("2024-01-15t10:30:00.5z", "2024-01-15T10:30:00.500000Z"),
        ("2024-01-15T10:30:00+02:00", "2024-01-15T08:30:00Z"),
        ("2024-01-15T10:30:00 02:00", "2024-01-15T08:30:00Z"),
        ("2024-01-15 10:30 02:00", "2024-01-15T08:30:00Z"),
        ("2024-01-15 10:30", "2024-01-15T10:30:00Z"),
        ("2024-01-15T10:30:00", "2024-01-15T10:30:00Z"),
        ("2024-01-15", "2024-01-15T00:00:00Z"),
        ("2024-01-15T10:30:00.123456789Z", "2024-01-15T10:30:00.123456Z"),
        (" 2024-01-15 10:30:00 ", "2024-01-15T10:30:00Z"),
    ],
)
def test_any_iso_time_is_read(text: str, expected: str) -> None:
    assert times.rfc3339(times.parse(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2024",
        "2024-13-01",
        "2024-01-15T25:00:00Z",
        "0001-01-01T00:00:00+14:00x",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        times.parse(text)


@given(st.integers(times.EARLIEST, times.LATEST))
def test_every_time_survives_its_spelling(us: int) -> None:
    assert times.parse(times.rfc3339(us)) == us
    assert len(times.rfc3339_ms(us).partition(".")[2]) == 4
