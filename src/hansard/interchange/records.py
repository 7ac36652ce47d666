"""The one shape that every foreign format is read into, and the rules for what a format does not say."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec
from msgspec import Raw, Struct

from hansard import ids
from hansard.errors import Invalid
from hansard.interchange.values import Bad
from hansard.model import MessageDraft, SessionDraft, parts, times
from hansard.model.message import MOST_TOKENS

SECOND, MINUTE = 1_000_000, 60_000_000
_YEAR = 366 * 24 * 3600 * SECOND
_MILLISECONDS_FROM, _MICROSECONDS_FROM = 1e11, 1e14


class SessionRecord(Struct, frozen=True, kw_only=True):
    """A session on its way in, with all that belongs to it; every message has its time and its ``client_id``."""

    number: int
    draft: SessionDraft
    messages: list[MessageDraft]
    ended_at: int | None = None
    archived_at: int | None = None


class Rules(Struct, frozen=True, kw_only=True):
    """What the caller decides for what a file leaves open.

    ``now`` is the time of the import in microseconds, ``zone`` holds for times without an
    offset (None: what the format is known to mean), ``channel`` replaces a missing channel.
    """

    now: int
    zone: tzinfo | None = None
    channel: str | None = None


class Unreadable(Exception):
    """A record that is not what its format promises; the text says where and how."""


def guarded(number: int, make: Callable[[], SessionRecord]) -> SessionRecord | Bad:
    """The record that ``make`` reads, or why it cannot: whatever a foreign record holds, it never ends the file."""
    try:
        record = make()
        raw_json(record.draft, "the session")
    except Unreadable as problem:
        return Bad(number, str(problem))
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as problem:
        return Bad(number, f"not of this format's shape: {type(problem).__name__}: {problem}")
    return record


def own_id(value: object, record: object) -> str:
    """The record's own id, else one made of its content, so that the same record is known again."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        named = str(value).strip().replace("/", "_")
        if ids.is_own_id(named):
            return named
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "import_" + hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()


def client_ids(values: Sequence[object]) -> list[str]:
    """What messages are known by when they come again: their own ids, else their places; no two are the same."""
    taken: Counter[str] = Counter()
    result = []
    for index, value in enumerate(values):
        own = (
            str(value)
            if isinstance(value, str | int) and ids.is_own_id(str(value))
            else f"import:{index}"
        )
        taken[own] += 1
        result.append(own if taken[own] == 1 else f"{own}#{taken[own]}")
    return result


def encoded(items: Sequence[dict[str, Any]], where: str) -> tuple[Raw, str]:
    """Parts as they are stored, and what they say in words; Unreadable when they are not sound."""
    raw = raw_json(list(items), where)
    try:
        return raw, parts.text_of(parts.check(raw, where))
    except Invalid as problem:
        raise Unreadable(problem.message) from problem


def raw_json(value: object, where: str) -> Raw:
    """A foreign value as JSON bytes; Unreadable for what JSON cannot carry, such as a lone surrogate."""
    try:
        return Raw(msgspec.json.encode(value))
    except (UnicodeEncodeError, OverflowError, RecursionError, msgspec.EncodeError) as problem:
        message = f"{where} cannot be written as JSON: {problem}"
        raise Unreadable(message) from problem


def moment_of(value: object, zone: tzinfo | None = None) -> int | None:
    """Microseconds of a time in seconds, milliseconds, microseconds or ISO 8601; None when it is none, or no year that we can show."""
    if isinstance(value, bool) or not value:
        return None
    try:
        us = (
            _of_number(float(value))
            if isinstance(value, int | float)
            else _of_text(value, zone)
            if isinstance(value, str)
            else None
        )
    except (ValueError, OverflowError):
        return None
    return us if us is not None and times.EARLIEST + _YEAR < us < times.LATEST - _YEAR else None


def _of_number(value: float) -> int:
    """Which unit it is shows by its size; not a number raises ValueError."""
    if value <= 0:
        message = "no number of seconds since 1970"
        raise ValueError(message)
    factor = (
        1 if value >= _MICROSECONDS_FROM else 1000 if value >= _MILLISECONDS_FROM else 1_000_000
    )
    return round(value * factor)


def _of_text(text: str, zone: tzinfo | None) -> int:
    us = times.parse(text)
    if zone is None or zone is UTC or _has_offset(text):
        return us
    naive = times.moment(us).replace(tzinfo=None)
    return times.from_datetime(naive.replace(tzinfo=zone))


def _has_offset(text: str) -> bool:
    return datetime.fromisoformat(text.strip()).tzinfo is not None


def counted(value: object) -> int:
    """A number of tokens; 0 for what cannot be one."""
    return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else 0


def filled(known: Sequence[int | None], start: int | None, end: int) -> list[int]:
    """A time for every message: its own, else a second after the one before it.

    Without any, they begin at ``start`` a second apart; without that, the last one is at ``end``.
    """
    first = next((index for index, time in enumerate(known) if time is not None), None)
    if first is None:
        begin = start if start is not None else end - (len(known) - 1) * SECOND
        return [begin + index * SECOND for index in range(len(known))]
    result: list[int] = []
    for index, time in enumerate(known):
        before = result[-1] + SECOND if result else (known[first] or 0) - (first - index) * SECOND
        result.append(before if time is None else time)
    return result
