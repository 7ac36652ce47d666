"""Times as foreign files spell them; what is ambiguous is no time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

from hansard.model import times

SECOND, MINUTE = 1_000_000, 60_000_000
_YEAR = 366 * 24 * 3600 * SECOND
_SECONDS_FROM, _MILLISECONDS_FROM, _MICROSECONDS_FROM, _NANOSECONDS_FROM = 1e8, 1e11, 1e14, 1e17
_PLAIN = re.compile(r"\s*\d{9,}(?:\.\d+)?\s*")
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[T @]+(?P<hour>\d{1,2})[:h]\s*(?P<minute>\d{1,2})(?:[:m]\s*(?P<second>\d{1,2})s?)?m?"
    r"(?:\s*(?P<ms>\d{1,3})ms)?)?"
)
_YEAR_LAST = re.compile(
    r"(?P<a>\d{1,2})(?P<mark>[./-])(?P<b>\d{1,2})(?P=mark)(?P<year>\d{4})"
    r"(?:[, T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r""
    r""
    r"(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?)?",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:[a-z]+,\s+)?(?P<name>[a-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
    r"(?:[,\s]+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?)?"
    r"(?:\s+(?P<zone>utc|gmt|z))?",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOON, _MOST_MONTHS = 12, 12
_SPACE = "\u202f"

CREATED = (
    "created_at",
    "createdAt",
    "created",
    "create_time",
    "createTime",
    "creation_time",
    "start_time",
    "startTime",
    "started_at",
    "startedAt",
    "session_start",
    "sessionStart",
    "create_date",
    "inserted_at",
    "timestamp",
    "datetime",
    "date",
    "time",
    "ts",
    "sent_at",
    "sentAt",
    "send_date",
)
"""Names of the time at which a session or a message began, the surest first."""

UPDATED = (
    "updated_at",
    "updatedAt",
    "update_time",
    "updateTime",
    "last_updated",
    "lastUpdated",
    "lastUpdatedAt",
    "last_update_time",
    "lastUpdateTime",
    "last_active_at",
    "session_end",
    "end_time",
    "endTime",
    "ended_at",
    "endedAt",
    "exported_at",
)
"""Names of the time at which a session was last changed."""


def first_time(
    record: Mapping[str, object], names: tuple[str, ...], zone: tzinfo | None = None
) -> int | None:
    """The first of these fields that holds a time, in microseconds."""
    for name in names:
        if name in record and (at := moment_of(record[name], zone)) is not None:
            return at
    return None


def moment_of(value: object, zone: tzinfo | None = None) -> int | None:
    """Microseconds of a time.

    None when it is none, is ambiguous, or lies in no year that we can show.

    Numbers, also as text, are seconds, milliseconds, microseconds or nanoseconds since 1970, by
    their size.  Texts are ISO 8601, RFC 2822, or dates whose day and month cannot be confused.
    ``zone`` holds for texts without an offset; without it they are UTC.
    """
    if isinstance(value, bool) or not value:
        return None
    try:
        us = _microseconds(value, zone)
    except (ValueError, OverflowError, TypeError):
        return None
    return us if us is not None and times.EARLIEST + _YEAR < us < times.LATEST - _YEAR else None


def _microseconds(value: object, zone: tzinfo | None) -> int | None:
    if isinstance(value, int | float):
        return _of_number(float(value))
    if isinstance(value, str):
        return _of_number(float(value)) if _PLAIN.fullmatch(value) else _of_text(value, zone)
    if isinstance(value, dict) and "$date" in value:  # MongoDB's extended JSON
        inner = value["$date"]
        return moment_of(inner["$numberLong"] if isinstance(inner, dict) else inner, zone)
    return None


def _of_number(value: float) -> int | None:
    """Which unit it is shows by its size; what would be before 1973 is a duration or a counter."""
    if not math.isfinite(value) or value < _SECONDS_FROM:
        return None
    if value >= _NANOSECONDS_FROM:
        return round(value / 1000)
    factor = 1 if value >= _MICROSECONDS_FROM else 1000 if value >= _MILLISECONDS_FROM else SECOND
    return round(value * factor)


def _of_text(text: str, zone: tzinfo | None) -> int | None:
    clean = text.strip().replace(_SPACE, " ")
    try:
        moment: datetime | None = datetime.fromisoformat(clean.upper())
    except ValueError:
        moment = _dated(clean) or _mailed(clean)
    return None if moment is None else _in_zone(moment, zone)


def _in_zone(value: datetime, zone: tzinfo | None) -> int:
    return times.from_datetime(value if value.tzinfo else value.replace(tzinfo=zone or UTC))


def _dated(text: str) -> datetime | None:
    """A date whose order is certain.

    It names its month, begins with the year, or its first number can only be a day.
    """
    if match := _YEAR_FIRST.fullmatch(text):
        return _built(match, int(match["month"]), int(match["day"]))
    if match := _NAMED.fullmatch(text):
        name = match["name"][:3].lower()
        if name not in _MONTHS:
            return None
        moment = _built(match, _MONTHS.index(name) + 1, int(match["day"]))
        return moment.replace(tzinfo=UTC) if match["zone"] else moment
    if match := _YEAR_LAST.fullmatch(text):
        return _day_and_month(match)
    return None


def _day_and_month(match: re.Match[str]) -> datetime | None:
    """A point between day and month puts the day first.

    With a slash or a hyphen only the numbers can say.
    """
    a, b = int(match["a"]), int(match["b"])
    if match["mark"] == "." or a > _MOST_MONTHS or a == b:
        return _built(match, b, a)
    return _built(match, a, b) if b > _MOST_MONTHS else None


def _built(match: re.Match[str], month: int, day: int) -> datetime:
    groups = match.groupdict()
    hour = int(groups.get("hour") or 0)
    if half := groups.get("half"):
        hour = hour % _NOON + (_NOON if half.lower().startswith("p") else 0)
    return datetime(  # noqa: DTZ001 - the caller gives it the zone that the file means
        int(groups["year"]),
        month,
        day,
        hour,
        int(groups.get("minute") or 0),
        int(groups.get("second") or 0),
        int(groups.get("ms") or 0) * 1000,
    )


def _mailed(text: str) -> datetime | None:
    """RFC 2822, as mail and HTTP headers have it."""
    if not re.match(r"(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}", text):
        return None
    return parsedate_to_datetime(text)


def filled(known: list[int | None], start: int | None, end: int) -> list[int]:
    """A time for every message: its own, else a second after the one before it.

    Without any, they begin at ``start`` a second apart; without that, the last one is at ``end``.
    """
    first = next((index for index, at in enumerate(known) if at is not None), None)
    if first is None:
        begin = start if start is not None else end - (len(known) - 1) * SECOND
        return [begin + index * SECOND for index in range(len(known))]
    result: list[int] = []
    for index, at in enumerate(known):
        before = result[-1] + SECOND if result else (known[first] or 0) - (first - index) * SECOND
        result.append(before if at is None else at)
    return result
