"""Days in a time zone, as stretches of quarters of an hour in which its clock is not set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from hansard.byte_cache import MIB, remembered
from hansard.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUARTER = 900
_EPOCH = date(1970, 1, 1)


class Stretch(Struct, frozen=True):
    """Quarters of an hour since 1970, from ``first`` to before ``end``.

    Local time is ``offset`` quarters ahead.
    """

    first: int
    end: int
    offset: int


@remembered(MIB)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone; Invalid when there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise Invalid(
            f"tz: unknown time zone {name[:64]!r}: write an IANA name such as Europe/Berlin or UTC",
            param="tz",
            reason="not_a_choice",
        ) from problem


def today(name: str, now: datetime) -> date:
    """The day that it is in a zone."""
    return now.astimezone(zone(name)).date()


@remembered(MIB)
def stretches(name: str, first: int, last: int) -> tuple[Stretch, ...]:
    """The days ``first`` to ``last``, counted from 1970, in a time zone."""
    where = zone(name)
    days: list[Stretch] = []
    for start, end, offset in _pieces(where, first, last):
        if days and days[-1].offset == offset:
            days[-1] = Stretch(days[-1].first, end, offset)
        elif end > start:
            days.append(Stretch(start, end, offset))
    return tuple(days)


def _pieces(where: ZoneInfo, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Each day, in two pieces where the clock is set within it."""
    start = _midnight(where, first)
    for day in range(first, last + 1):
        end = _midnight(where, day + 1)
        before, after = _offset(where, start), _offset(where, end - 1)
        if before == after:
            yield start, end, before
        else:
            low, high = start, end - 1
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(where, middle) == before else (low, middle)
            yield start, high, before
            yield high, end, after
        start = end


def _midnight(where: ZoneInfo, day: int) -> int:
    """The quarter in which a day begins."""
    local = datetime.combine(_EPOCH + timedelta(days=day), datetime.min.time(), where)
    return round(local.timestamp()) // _QUARTER


def _offset(where: ZoneInfo, slot: int) -> int:
    """How many quarters local time is ahead of UTC."""
    ahead = datetime.fromtimestamp(slot * _QUARTER, UTC).astimezone(where).utcoffset()
    return round((ahead or timedelta()).total_seconds() / _QUARTER)
