"""The values of search qualifiers that are times or numbers: one of them, or a range.

``>x``, ``>=x``, ``<x``, ``<=x``, ``a..b``, ``a..`` and ``..b`` are ranges. A time is an ISO 8601
time, a day, a month, a year, ``today``, ``yesterday``, ``now``, or so long ago: ``90min``, ``24h``,
``7d``, ``2w``, ``3mo``, ``1y``. Days are in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from msgspec import Struct

from hansard.model import times
from hansard.model.times import LATEST, moment

Range = tuple[int | None, int | None]
"""The least and the greatest value, both included; None where there is no bound."""
Span = tuple[int, int]
"""The first and the last value that a text stands for."""
NUMBERS = "write a whole number, such as 3, >3 or 3..5"
TIMES = "write one such as 2026-01-31, 2026-01-31T09:30:00Z, 7d, today or yesterday"
_DAY = 86_400_000_000
_AGO = re.compile(r"(\d{1,6})\s*(min|h|d|w|mo|y)")
_UNITS = {
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": _DAY,
    "w": 7 * _DAY,
    "mo": 30 * _DAY,
    "y": 365 * _DAY,
}
_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")
_PLAIN_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMPARED = re.compile(r"(>=|<=|>|<)(.+)")


def time_span(text: str, now: int) -> Span:
    """The first and the last microsecond that a time stands for; ValueError for what is no time.

    >>> now = times.parse("2026-01-31T12:00:00Z")
    >>> [times.rfc3339(at) for at in time_span("yesterday", now)]
    ['2026-01-30T00:00:00Z', '2026-01-30T23:59:59.999999Z']
    >>> times.rfc3339(time_span("7d", now)[0])
    '2026-01-24T12:00:00Z'
    """
    word = text.strip().lower()
    today = now - now % _DAY
    if word in {"today", "yesterday"}:
        first = today - _DAY * (word == "yesterday")
        return first, first + _DAY - 1
    if word == "now":
        return now, now
    if ago := _AGO.fullmatch(word):
        at = now - int(ago[1]) * _UNITS[ago[2]]
        return max(at, times.EARLIEST), max(at, times.EARLIEST)
    if month := _MONTH.fullmatch(word):
        return _month(int(month[1]), int(month[2]) if month[2] else None)
    at = times.parse(text)
    return at, at + (_DAY - 1 if _PLAIN_DAY.fullmatch(word) else 0)


def is_calendar_span(text: str) -> bool:
    """Whether a time is a whole day, month or year, written in digits."""
    return bool(_PLAIN_DAY.fullmatch(text) or _MONTH.fullmatch(text))


def _month(year: int, month: int | None) -> Span:
    first = times.parse(f"{year:04d}-{month or 1:02d}-01")
    later = moment(first) + timedelta(days=31 if month else 366)
    last = times.parse(f"{later.year:04d}-{later.month if month else 1:02d}-01") - 1
    return first, last


def number_span(text: str) -> Span:
    """ValueError for what is no whole number."""
    number = int(text.strip().replace("_", ""))
    if not 0 <= number < 2**53:
        raise ValueError(text)
    return number, number


def range_of(text: str, span: Callable[[str], Span]) -> Range:
    """The range that a value means; ValueError when it means none."""
    if compared := _COMPARED.fullmatch(text):
        first, last = span(compared[2])
        return {
            ">": (last + 1, None),
            ">=": (first, None),
            "<": (None, first - 1),
            "<=": (None, last),
        }[compared[1]]
    begin, dots, end = text.partition("..")
    if not dots:
        return span(text)
    if not begin and not end:
        raise ValueError(text)
    return (span(begin)[0] if begin else None), (span(end)[1] if end else None)


class Amounts(Struct, frozen=True):
    """Money or a length of time: ``units`` by their names, each as so many of the smallest.

    ``unit`` is what one of the filter's is, which a number without a name counts.
    """

    unit: int
    units: Mapping[str, int]
    advice: str

    def span(self, text: str) -> Span:
        """A number with or without a unit, in the smallest; ValueError for what is none.

        >>> DURATION.span("1.5min")
        (90000000, 90000000)
        """
        amount = _AMOUNT.fullmatch(text.strip().lower().removeprefix("$"))
        if amount is None or (amount[2] and amount[2] not in self.units):
            raise ValueError(text)
        number = round(Decimal(amount[1]) * self.units.get(amount[2], self.unit))
        if number > _MOST * self.unit:
            raise ValueError(text)
        return number, number

    def of(self, smallest: int) -> float:
        """So many of the smallest as the filter has it."""
        return smallest / self.unit


_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})\s*([a-z]*)")
_MOST = 9_000_000
COST = Amounts(1_000_000_000, {}, "write US dollars, such as 0.5, >1 or 0.1..2")
DURATION = Amounts(
    1_000_000,
    {
        "ms": 1000,
        **dict.fromkeys(("s", "sec"), 1_000_000),
        **dict.fromkeys(("m", "min"), 60_000_000),
        "h": 3_600_000_000,
        "d": _DAY,
    },
    "write seconds, or a time such as 90s, >5min or 1h..2h",
)


def since(text: str, now: int) -> int:
    """Where ``after:`` begins."""
    return time_span(text, now)[0]


def until(text: str, now: int) -> int:
    """Where ``before:`` ends."""
    return min(time_span(text, now)[0], LATEST) - 1
