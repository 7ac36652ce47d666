"""How numbers, times and names are said on the page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import msgspec

from hansard.model.times import moment, rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from msgspec import Raw

    from hansard.model import Session

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_THOUSAND, _MILLION, _TEN = 1000, 1_000_000, 10
CENT = 10_000_000
"""In nanodollars."""
_CUT = 80
_WORD = 14
"""A word that is longer than this is cut."""
_MARKS = re.compile(r"\*\*|__|`+|^#+ ", re.MULTILINE)


def number(value: float) -> str:
    """1,284"""
    return f"{value:,.0f}"


def short(value: float) -> str:
    """7.0k, 1.2M: for chips."""
    if value < _THOUSAND:
        return f"{value:.0f}"
    unit, size = ("k", _THOUSAND) if value < _MILLION else ("M", _MILLION)
    scaled = value / size
    return f"{scaled:.1f}{unit}" if scaled < _TEN else f"{scaled:.0f}{unit}"


def money(nanos: float) -> str:
    """$0.0123: never rounded to nothing."""
    return f"${nanos / 1e9:,.2f}" if nanos >= CENT or not nanos else f"${nanos / 1e9:.4f}"


def price(nanos: int) -> str:
    """As ``money``; a dash where nothing is known, for nobody was told a price of nothing."""
    return money(nanos) if nanos else "–"


def dollars(nanos: int) -> str:
    """12.345678: exact, with cents at least."""
    whole, _, rest = f"{nanos // 10**9}.{nanos % 10**9:09}".partition(".")
    return f"{whole}.{rest.rstrip('0'):0<2}"


def duration(seconds: float | None) -> str:
    """145 ms, 2.2 s, 4 min 12 s, 3 h 20 min, 2 d 4 h"""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    for big, small, size, part in (("min", "s", _MINUTE, 1), ("h", "min", _HOUR, _MINUTE)):
        if seconds < size * (_MINUTE if size == _MINUTE else 24):
            return f"{seconds // size:.0f} {big} {seconds % size // part:.0f} {small}"
    return f"{seconds // _DAY:.0f} d {seconds % _DAY // _HOUR:.0f} h"


def ago(us: int, now: float, zone: tzinfo = UTC) -> str:
    """Just now, 12 min ago, 5 h ago, 3 d ago, 12 Nov, 12 Nov 2024"""
    at = moment(us).astimezone(zone)
    seconds = now - us / 1e6
    if seconds < _MINUTE:
        return "just now"
    for unit, size, until in (("min", _MINUTE, _HOUR), ("h", _HOUR, _DAY), ("d", _DAY, 7 * _DAY)):
        if seconds < until:
            return f"{seconds // size:.0f} {unit} ago"
    this_year = datetime.fromtimestamp(now, zone).year == at.year
    return f"{at.day} {at:%b}" if this_year else f"{at.day} {at:%b} {at.year}"


def stamp(us: int) -> str:
    """A time to the minute that both people and browsers read."""
    return f"{moment(us):%Y-%m-%d %H:%MZ}"


def title(session: Session) -> str:
    """What the session is called: never its id."""
    if session.title and session.title_by == "auto" and len(session.title) >= _CUT:
        return session.title.rstrip(" .,;:!?…") + "…"
    return session.title or session.preview or "Untitled session"


def speaker(role: str, session: Session) -> str:
    """Who speaks in a role: the agent by its name where that is known."""
    return {
        "user": "User",
        "assistant": session.agent or "Assistant",
        "tool": "Tool",
        "system": "System",
    }.get(role, role)


def quoted_role(session: Session) -> str:
    """The role that wrote the last preview; empty where the session does not say it.

    The last message can be of a tool, or without words: then another message is quoted.
    """
    if session.last_preview == session.preview:
        return "user"
    return session.last_role if session.last_role in {"user", "assistant"} else ""


def path(text: str) -> str:
    """A text as one piece of a URL's path."""
    return quote(text, safe=":@!$'()*,;=~-._")


def plural(count: int, singular: str, many: str = "") -> str:
    return f"{number(count)} {singular if count == 1 else many or singular + 's'}"


def qualified(query: str) -> str:
    """A list's query as a person would say it: state: waiting, channel: web"""
    return ", ".join(f"{name}: {value}" for name, value in parse_qsl(query))


def shortened(text: str, most: int) -> str:
    """At most so many characters, up to the end of a word, and a sign when there were more.

    >>> shortened("Where is my order?", 14)
    'Where is my…'
    """
    if len(text) <= most:
        return text
    blank = text.rfind(" ", most - _WORD, most + 1)
    return text[: blank if blank > 0 else most].rstrip(" .,;:!?…") + "…"


def unmarked(text: str) -> str:
    """A line of Markdown as plain words, for previews."""
    return _MARKS.sub("", text)


def scalars(metadata: Raw) -> list[tuple[str, str]]:
    """The texts, numbers and flags at the top of the metadata, each with its key."""
    fields: dict[str, Any] = msgspec.json.decode(metadata)
    return [
        (key, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for key, value in fields.items()
        if isinstance(value, str | int | float)
    ]


def cells(session: Session, keys: Sequence[str]) -> list[tuple[str, str]]:
    """What a session has under each of the keys of its metadata; empty where it has nothing."""
    values = dict(scalars(session.metadata)) if keys else {}
    return [(key, values.get(key, "")) for key in keys]


FILTERS: dict[str, Callable[..., Any]] = {
    "cells": cells,
    "duration": duration,
    "iso": rfc3339,
    "money": money,
    "number": number,
    "path": path,
    "plural": plural,
    "price": price,
    "qualified": qualified,
    "quoted_role": quoted_role,
    "short": short,
    "shortened": shortened,
    "speaker": speaker,
    "stamp": stamp,
    "titled": title,
    "unmarked": unmarked,
}
