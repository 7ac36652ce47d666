"""Times are read where they are unambiguous, and nowhere else."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.interchange.moments import CREATED, first_time, moment_of
from hansard.model.times import rfc3339

BERLIN_SUMMER = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_714_557_600, "2024-05-01T10:00:00Z"),
        (1_714_557_600.25, "2024-05-01T10:00:00.250000Z"),
        (1_714_557_600_250, "2024-05-01T10:00:00.250000Z"),
        (1_714_557_600_250_000, "2024-05-01T10:00:00.250000Z"),
        (1_714_557_600_250_000_000, "2024-05-01T10:00:00.250000Z"),
        ("1714557600", "2024-05-01T10:00:00Z"),
        ("1714557600.25", "2024-05-01T10:00:00.250000Z"),
        ("1714557600250000000", "2024-05-01T10:00:00.250000Z"),
        ({"$date": {"$numberLong": "1714557600250"}}, "2024-05-01T10:00:00.250000Z"),
        ({"$date": "2024-05-01T10:00:00Z"}, "2024-05-01T10:00:00Z"),
        ("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00Z"),
        ("2024-05-01T10:00:00.123456789Z", "2024-05-01T10:00:00.123456Z"),
        ("2024-05-01t10:00:00z", "2024-05-01T10:00:00Z"),
        ("2024-05-01", "2024-05-01T00:00:00Z"),
        ("20240501", "2024-05-01T00:00:00Z"),
        ("13/02/2024 10:00", "2024-02-13T10:00:00Z"),
        ("2/13/2024, 3:04 PM", "2024-02-13T15:04:00Z"),
        ("05/05/2024", "2024-05-05T00:00:00Z"),
        ("1.2.2024 10:00", "2024-02-01T10:00:00Z"),
        ("January 2, 2024 3:04am", "2024-01-02T03:04:00Z"),
        ("January 2, 2024 12:04am", "2024-01-02T00:04:00Z"),
        ("Jan 2, 2024, 3:04:05\u202fPM UTC", "2024-01-02T15:04:05Z"),
        ("Thursday, January 2, 2024 at 3:04 PM", "2024-01-02T15:04:00Z"),
        ("2024-1-2@03h04m05s", "2024-01-02T03:04:05Z"),
        ("2024-1-2 @03h 04m 05s 250ms", "2024-01-02T03:04:05.250000Z"),
        ("Tue, 02 Jan 2024 10:00:00 GMT", "2024-01-02T10:00:00Z"),
        ("2 Jan 2024 10:00:00 +0100", "2024-01-02T09:00:00Z"),
    ],
)
def test_a_time_is_read_in_every_spelling_that_can_mean_but_one(
    value: object, expected: str
) -> None:
    at = moment_of(value)
    assert at is not None
    assert rfc3339(at) == expected


@pytest.mark.parametrize(
    "value",
    [
        "01/02/2024 10:00", "1-2-2024", "13/13/2024", "2024-13-01", "32 Jan 2024", "Foo 2, 2024",
        "0001-01-01", "9999-12-31T23:59:59", "soon", "", None, True, [], {}, {"$date": None},
        0, -5, 5, 20240501, 1e300, float("nan"), float("inf"),
    ],
)  # fmt: skip
def test_what_is_ambiguous_or_no_time_is_none(value: object) -> None:
    assert moment_of(value) is None


def test_a_zone_holds_for_what_has_no_offset_alone() -> None:
    plain, own = (
        moment_of(text, BERLIN_SUMMER) for text in ("2024-05-01T12:00:00", "2024-05-01T12:00:00Z")
    )
    assert plain is not None
    assert own is not None
    assert own - plain == 7_200_000_000
    assert moment_of("May 1, 2024 12:00pm", BERLIN_SUMMER) == plain


def test_of_several_fields_the_first_that_holds_a_time_counts() -> None:
    record = {"date": "2024-05-01", "createdAt": "soon", "start_time": "2024-05-02"}
    assert first_time(record, CREATED) == moment_of("2024-05-02")
    assert first_time({"date": "x"}, CREATED) is None


@given(st.text() | st.integers() | st.floats() | st.binary())
def test_whatever_a_time_is_it_is_read_or_none(value: object) -> None:
    at = moment_of(value)
    assert at is None or isinstance(rfc3339(at), str)
