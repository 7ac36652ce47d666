"""Times are integer microseconds since 1970, UTC; here they meet their RFC 3339 spelling."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BLANK_OFFSET = re.compile(r"([T ]\d\d:?\d\d\S*) (\d\d:?\d\d)$")
_FRACTION = re.compile(r"(\.\d{6})\d+")
EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999


class Moment(int):
    """A time that a caller gives: microseconds, spelled in RFC 3339 with any offset on the wire."""

    __slots__ = ()


def moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def rfc3339(us: int) -> str:
    """UTC with ``Z``; six decimals only where there are any.

    >>> rfc3339(1_700_000_000_000_000)
    '2023-11-14T22:13:20Z'
    """
    minute, rest = divmod(us, 60_000_000)
    second, fraction = divmod(rest, 1_000_000)
    return (
        f"{_minute(minute)}{second:02d}.{fraction:06d}Z"
        if fraction
        else f"{_minute(minute)}{second:02d}Z"
    )


def rfc3339_or_none(us: int | None) -> str | None:
    return None if us is None else rfc3339(us)


@lru_cache(4096)
def _minute(minute: int) -> str:
    """A time up to its seconds; the messages of a page share few minutes."""
    return moment(minute * 60_000_000).isoformat()[: len("2023-11-14T22:13:")]


def rfc3339_ms(us: int) -> str:
    """UTC with ``Z`` and exactly three decimals."""
    return moment(us).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> int:
    """Microseconds of an ISO 8601 time with any offset; a time without one is in UTC.

    A blank is read as the ``+`` of an offset: it is one in a query string that was not encoded.
    Raises ValueError for a text that is not a time.
    """
    cleaned = _FRACTION.sub(r"\1", _BLANK_OFFSET.sub(r"\1+\2", text.strip().upper()))
    if len(cleaned) < len("2024-01-01"):
        message = f"{text!r} is not an ISO 8601 time"
        raise ValueError(message)
    return from_datetime(datetime.fromisoformat(cleaned))


def from_datetime(value: datetime) -> int:
    try:
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        us = (aware - _EPOCH) // _MICROSECOND
    except OverflowError as problem:
        raise ValueError(str(problem)) from problem
    if not EARLIEST <= us <= LATEST:
        message = f"{value.isoformat()} is in UTC outside the years 1 to 9999"
        raise ValueError(message)
    return us
