"""The list's parameters: those of ``GET /v1/sessions`` by the same names, and how the page speaks of them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from msgspec import Struct
from msgspec.structs import replace

from hansard.http import decoding
from hansard.model import SessionFilter
from hansard.model.session import SORTS
from hansard.model.session_filter import (
    CHOICES,
    FILTERS,
    SharedFilters,
    branches,
    names_of,
    pairs_of,
    shared_values,
)
from hansard.model.times import Moment, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

FLAGS = {
    "archived": ("archived", "not archived"),
    "ended": ("ended", "not ended"),
    "unread": ("unread", "read"),
    "assigned": ("assigned", "unassigned"),
    "noted": ("with notes", "without notes"),
    "scored": ("rated", "not rated"),
    "has_messages": ("with messages", "empty"),
}
SORT_NAMES = {
    "-updated_at": "latest change",
    "updated_at": "oldest change",
    "-active_at": "latest activity",
    "active_at": "oldest activity",
    "-created_at": "newest first",
    "created_at": "oldest first",
    "title": "title A–Z",
    "-title": "title Z–A",
}
DEFAULT_SORT = "-updated_at"
FOREVER = 2**62
_DAY_US = 86_400_000_000


class ListParams(SharedFilters, frozen=True, kw_only=True):
    """``q`` searches; ``day_from`` and ``day_until`` are whole days in UTC.

    ``page`` counts from 0 and is for lists, ``cursor`` for searches; ``asof`` is the moment (microseconds) that a
    scrolled list began to be read.
    """

    q: str = ""
    sub_sessions: bool = True
    task_sessions: bool = True
    day_from: str = ""
    day_until: str = ""
    sort: str = DEFAULT_SORT
    page: int = 0
    cursor: str = ""
    asof: int | None = None


class Chip(Struct, frozen=True):
    """A filter that is on: what it says, and the query without it."""

    name: str
    label: str
    without: str


_NAMES = ListParams.__struct_encode_fields__
_OTHERS = {"tab", "at", "about", "before", "after", "day", "limit", "total", "format"}
"""What may stand in an address beside the list's own: the pane's, and what only a request to the API has a use for."""


def cleaned(asked: ListParams) -> ListParams:
    """The parameters within their limits. A value that nothing has stays, so that the list is empty and its chip can be dropped."""
    lists = {
        each.field: tuple(value[:256] for value in getattr(asked, each.field) if value)
        for each in FILTERS
        if each.type == "values"
    }
    days = {
        "created_from": _day(asked.day_from, 0) or asked.created_from,
        "created_until": _day(asked.day_until, 1) or asked.created_until,
    }
    sort = asked.sort if asked.sort in SORTS else DEFAULT_SORT
    texts = {
        "q": asked.q.strip().replace("\x00", "")[:500],
        "title": (asked.title or "").strip().replace("\x00", "")[:256] or None,
    }
    return replace(
        asked, **lists, **days, **texts, sort=sort, page=min(max(asked.page, 0), 10_000_000)
    )


def unknown(asked: ListParams, query_string: bytes) -> str:
    """What no list could be narrowed by, in words; empty when every name and value is known."""
    for name, _ in decoding.pairs(query_string):
        if name not in _NAMES and name not in _OTHERS and not name.startswith("_"):
            return f"There is no filter {name[:64]!r}{_meant(name, _NAMES) or '.'}"
    for name, values in CHOICES.items():
        for one in getattr(asked, name):
            if one not in values:
                return f"There is no {name} {one[:64]!r}: choose from {', '.join(values)}."
    for name in ("day_from", "day_until"):
        if (said := getattr(asked, name)) and _day(said, 0) is None:
            return f"{name}: {said[:64]!r} is no day: write it as 2026-07-31."
    return (
        ""
        if asked.sort in SORTS
        else f"There is no order {asked.sort[:64]!r}: choose from {', '.join(SORTS)}."
    )


def _meant(given: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(given, known, 1)
    return f": did you mean {close[0]!r}?" if close else ""


def _day(text: str, after: int) -> Moment | None:
    """The first moment of a day, or its last; None for what is no day."""
    try:
        return Moment(parse(text[:10]) + after * (_DAY_US - 1)) if text else None
    except ValueError:
        return None


def filter_of(asked: ListParams) -> SessionFilter:
    """The filter without the search text."""
    skipped = branches(sub_sessions=asked.sub_sessions, task_sessions=asked.task_sessions)
    return SessionFilter(**shared_values(asked), branch=skipped)


def as_of(wanted: SessionFilter, moment: int | None) -> SessionFilter:
    """The same list without what changed since a moment, so that rows keep their places while somebody scrolls."""
    return (
        wanted
        if moment is None
        else replace(wanted, updated_until=Moment(min(moment, wanted.updated_until or FOREVER)))
    )


def pairs(asked: ListParams) -> list[tuple[str, str]]:
    """The parameters that are not as usual, in a fixed order; without page and moment."""
    found = [("q", asked.q)] if asked.q else []
    found += pairs_of(asked)
    found += [
        (field, "false") for field in ("sub_sessions", "task_sessions") if not getattr(asked, field)
    ]
    if asked.sort != DEFAULT_SORT:
        found.append(("sort", asked.sort))
    return found


def query(given: list[tuple[str, str]]) -> str:
    """``?a=b``, or nothing."""
    return "?" + urlencode(given, quote_via=_quote) if given else ""


def _quote(text: Any, _safe: Any = "", encoding: Any = None, errors: Any = None) -> str:  # noqa: ANN401 - urllib's protocol
    return quote_plus(text, "-:@", encoding, errors)


def chips(asked: ListParams) -> list[Chip]:
    """The filters that are on, each with the query that drops it."""
    given = pairs(asked)
    said = {"sub_sessions": "no sub-sessions", "task_sessions": "no task sessions"}
    names = {"created_from": "from", "created_until": "until"}
    times = names_of("moment")
    found = []
    for place, (name, value) in enumerate(given):
        if name in {"q", "sort"}:
            continue
        label = (
            said.get(name)
            or f"{names.get(name, name.replace('_', ' '))}: {value.partition('T')[0] if name in times else value}"
        )
        if name in FLAGS:
            label = FLAGS[name][value == "false"]
        found.append(Chip(name, label, query(given[:place] + given[place + 1 :])))
    return found


def curl_query(asked: ListParams) -> str:
    """The same list asked of the API."""
    given = [(name, value) for name, value in pairs(asked) if name != "q"]
    return query([*given, ("limit", "50")])
