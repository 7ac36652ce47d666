"""Times in the time zone of the reader's browser, which a cookie names; in UTC without one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from hansard.errors import Invalid
from hansard.model.times import from_datetime, moment, rfc3339
from hansard.model.zones import zone as zone_named
from hansard.web import formatting

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.http.call import Call

COOKIE, IN_UTC = "zone", "utc"
"""The browser's own zone, and whether its reader rather sees UTC."""


def zone_name(call: Call[Any, Any]) -> str:
    """The IANA name of the reader's time zone."""
    name = "" if is_in_utc(call) else call.headers.cookie(COOKIE)
    name = name or "UTC"
    try:
        zone_named(name)
    except Invalid:
        return "UTC"
    return name


def is_in_utc(call: Call[Any, Any]) -> bool:
    """Whether the reader has chosen UTC."""
    return call.headers.cookie(IN_UTC) == "yes"


def is_known(call: Call[Any, Any]) -> bool:
    """Whether the browser has said its time zone."""
    return call.headers.cookie(COOKIE) is not None


def zone_of(call: Call[Any, Any]) -> tzinfo:
    return zone_named(zone_name(call))


def midnight(text: str, zone: tzinfo, after: int = 0) -> int:
    """When a day such as 2026-07-31 begins, or so many days after it; ValueError for no day."""
    day = datetime.fromisoformat(text[:10]) + timedelta(days=after)
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=zone))


def local_day(us: int, zone: tzinfo = UTC) -> str:
    """2026-07-31"""
    return f"{moment(us).astimezone(zone):%Y-%m-%d}"


def absolute(us: int, zone: tzinfo = UTC) -> str:
    """2026-07-31 14:05:09 CEST"""
    at = moment(us).astimezone(zone)
    name = at.tzname() or ""
    return f"{at:%Y-%m-%d %H:%M:%S} {'UTC' if name.startswith(('+', '-')) else ''}{name}"


def clock(us: int, zone: tzinfo = UTC) -> str:
    return f"{moment(us).astimezone(zone):%H:%M:%S}"


def day(us: int, zone: tzinfo = UTC) -> str:
    """Sunday, 22 November 2026; UTC is named."""
    at = moment(us).astimezone(zone)
    named = " UTC" if at.tzname() == "UTC" else ""
    return f"{at:%A}, {at.day} {at:%B} {at.year}{named}"


def dated(us: int, zone: tzinfo = UTC) -> Markup:
    """A whole time, with the same in UTC for who hovers."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        rfc3339(us), absolute(us), absolute(us, zone)
    )


def ago(us: int, zone: tzinfo = UTC) -> str:
    """Just now, 12 min ago, 5 h ago, 3 d ago, 12 Nov, 12 Nov 2024"""
    return formatting.ago(us, time.time(), zone)


SPELLED: dict[str, Callable[[int, tzinfo], str]] = {
    "ago": ago,
    "clock": clock,
    "dated": dated,
    "dayname": day,
    "localday": local_day,
}
"""What templates say of a time, in the reader's zone."""
