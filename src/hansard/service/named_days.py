"""Days as requests name them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hansard.errors import Invalid
from hansard.model.times import moment
from hansard.model.zones import today, zone
from hansard.service.search_values import is_calendar_span, time_span


def named_day(param: str, text: str, tz: str, now: datetime) -> date:
    """The day in a time zone that ``text`` names; Invalid where it names none.

    ``text`` is a day, a month, a year, ``today``, ``yesterday``, so long ago as ``7d``, or a time.
    Of a month or a year it is the first day, or the last one where ``param`` is ``until``.

    >>> now = datetime.fromisoformat("2026-01-31T23:30:00Z")
    >>> [named_day("from", text, "Asia/Tokyo", now).isoformat() for text in ("today", "7d")]
    ['2026-02-01', '2026-01-25']
    >>> named_day("until", "2024-02", "UTC", now).isoformat()
    '2024-02-29'
    """
    word = text.strip().lower()
    if word in {"today", "yesterday"}:
        return today(tz, now) - timedelta(days=word == "yesterday")
    where = zone(tz)
    try:
        first, last = time_span(text.strip(), round(now.timestamp() * 1_000_000))
        if is_calendar_span(word):
            return moment(last if param == "until" else first).date()
        return moment(first).astimezone(where).date()
    except (ValueError, OverflowError):
        raise Invalid(
            f"{param}: {text[:64]!r} is not a day: write one such as 2026-01-31, today or 7d",
            param=param,
            reason="not_a_date",
        ) from None
