"""The list's parameters: those of ``GET /v1/sessions``, and how the page names them."""

from __future__ import annotations

import difflib
import re
from datetime import UTC
from typing import TYPE_CHECKING, Any, ClassVar
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
from hansard.web.local_times import local_day, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

ARCHIVED = {"true": "archived", "false": "not archived", "any": "archived too"}
FLAGS = {
    "ended": ("ended", "not ended"),
    "unread": ("unread", "read"),
    "assigned": ("assigned", "unassigned"),
    "noted": ("with notes", "without notes"),
    "scored": ("rated", "not rated"),
    "has_messages": ("with messages", "empty"),
    "failed_calls": ("with failed calls", "without failed calls"),
}
RANGES = {
    "messages": ("Messages", "{} messages"),
    "tokens": ("Tokens", "{} tokens"),
    "cost": ("Cost, $", "${}"),
    "duration": ("Seconds", "{} s"),
}
"""The ranges of numbers: how the form names them, and how a chip says them."""
SORT_NAMES = {
    "-active_at": "latest activity",
    "active_at": "oldest activity",
    "-updated_at": "latest change",
    "updated_at": "oldest change",
    "-created_at": "newest first",
    "created_at": "oldest first",
    "title": "title A–Z",
    "-title": "title Z–A",
}
DEFAULT_SORT = "-active_at"
FOREVER = 2**62


class ListParams(SharedFilters, frozen=True, kw_only=True):
    """``q`` searches; ``day_from`` and ``day_until`` are whole days of the reader.

    ``columns`` are keys of the metadata that each row shows. A form sends its empty fields too.
    ``page`` counts from 0 and is for lists, ``cursor`` for searches; ``asof`` is the moment
    (microseconds) that a scrolled list began to be read.
    """

    blank_is_absent: ClassVar[bool] = True

    q: str = ""
    sub_sessions: bool = True
    task_sessions: bool = True
    day_from: str = ""
    day_until: str = ""
    sort: str = DEFAULT_SORT
    page: int = 0
    cursor: str = ""
    columns: tuple[str, ...] = ()
    asof: int | None = None


class Chip(Struct, frozen=True):
    """A filter that is on: what it says, the query without it, and that with its opposite."""

    name: str
    label: str
    without: str
    negated: str = ""


MOST_COLUMNS = 3
_NEGATED = {each.name for each in FILTERS if each.type == "values"} - {"metadata"}
"""The filters whose opposite the page offers, as a word of the search."""
_KEY = 128
_NAMES = ListParams.__struct_encode_fields__
_OTHERS = {"tab", "at", "about", "before", "after", "day", "limit", "total", "format"}
"""What may stand in an address beside the list's own: the pane's, and what only a request to the
API has a use for.
"""


def cleaned(params: ListParams, zone: tzinfo = UTC) -> ListParams:
    """The parameters within their limits, their days in a time zone.

    A value that nothing has stays, so that the list is empty and its chip can be dropped.
    """
    lists = {
        each.field: tuple(value[:256] for value in getattr(params, each.field) if value)
        for each in FILTERS
        if each.type == "values"
    }
    days = {
        "created_from": _day(params.day_from, zone) or params.created_from,
        "created_until": _day(params.day_until, zone, 1) or params.created_until,
    }
    columns = dict.fromkeys(key[:_KEY] for key in params.columns if key.strip("\x00 "))
    sort = params.sort if params.sort in SORTS else DEFAULT_SORT
    texts = {
        "q": params.q.strip().replace("\x00", "")[:500],
        **{
            field: (getattr(params, field) or "").strip().replace("\x00", "")[:256] or None
            for field in ("title", "note")
        },
    }
    return replace(
        params,
        **lists,
        **days,
        **texts,
        columns=(*columns,)[:MOST_COLUMNS],
        sort=sort,
        page=min(max(params.page, 0), 10_000_000),
    )


def unknown(params: ListParams, query_string: bytes) -> str:
    """What no list could be narrowed by, in words; empty when every name and value is known."""
    for name, _ in decoding.pairs(query_string):
        is_known = name in _NAMES or name in _OTHERS or name.startswith(("_", "metadata."))
        if not is_known:
            return f"There is no filter {name[:64]!r}{_meant(name, _NAMES) or '.'}"
    for name, values in CHOICES.items():
        for chosen in getattr(params, name):
            if chosen not in values:
                return f"There is no {name} {chosen[:64]!r}: choose from {', '.join(values)}."
    for name in ("day_from", "day_until"):
        if (day := getattr(params, name)) and _day(day, UTC) is None:
            return f"{name}: {day[:64]!r} is not a day: write it as 2026-07-31."
    return (
        ""
        if params.sort in SORTS
        else f"There is no order {params.sort[:64]!r}: choose from {', '.join(SORTS)}."
    )


def _meant(typed: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(typed, known, 1)
    return f": did you mean {close[0]!r}?" if close else ""


def _day(text: str, zone: tzinfo, after: int = 0) -> Moment | None:
    """The first moment of a day, or with ``after`` 1 its last; None for what is no day."""
    try:
        return Moment(midnight(text, zone, after) - after) if text else None
    except ValueError:
        return None


def filter_of(params: ListParams) -> SessionFilter:
    """The filter without the search text. A list leaves out the archive, a search does not.

    What is unknown of ``none`` is left out: ``unknown`` names it.
    """
    params = replace(params, none=tuple(name for name in params.none if name in CHOICES["none"]))
    skipped = branches(sub_sessions=params.sub_sessions, task_sessions=params.task_sessions)
    return SessionFilter(**shared_values(params, "any" if params.q else "false"), branch=skipped)


def as_of(filters: SessionFilter, moment: int | None) -> SessionFilter:
    """The same list without later changes, so that rows keep their positions while one scrolls."""
    return (
        filters
        if moment is None
        else replace(filters, updated_until=Moment(min(moment, filters.updated_until or FOREVER)))
    )


def narrowing(params: ListParams) -> list[tuple[str, str]]:
    """Those of ``pairs`` that say which sessions are meant, and in which order."""
    return [pair for pair in pairs(params) if pair[0] != "columns"]


def pairs(params: ListParams) -> list[tuple[str, str]]:
    """The parameters that are not as usual, in a fixed order; without page and moment."""
    query_pairs = [("q", params.q)] if params.q else []
    query_pairs += pairs_of(params)
    query_pairs += [
        (field, "false")
        for field in ("sub_sessions", "task_sessions")
        if not getattr(params, field)
    ]
    if params.sort != DEFAULT_SORT:
        query_pairs.append(("sort", params.sort))
    return query_pairs + [("columns", key) for key in params.columns]


def query(fields: list[tuple[str, str]]) -> str:
    """``?a=b``, or nothing."""
    return "?" + urlencode(fields, quote_via=_quote) if fields else ""


def _quote(text: Any, _safe: Any = "", encoding: Any = None, errors: Any = None) -> str:  # noqa: ANN401 - urllib's protocol
    return quote_plus(text, "-:@", encoding, errors)


def chips(params: ListParams, zone: tzinfo = UTC) -> list[Chip]:
    """The filters and columns that are on, each with the query that drops it."""
    fields = pairs(params)
    labels = {"sub_sessions": "no sub-sessions", "task_sessions": "no task sessions"}
    names = {"created_from": "from", "created_until": "until", "columns": "column"}
    times = names_of("moment")
    shown = []
    for index, (name, value) in enumerate(fields):
        if name in {"q", "sort"}:
            continue
        label = labels.get(name) or (
            f"{names.get(name, name.replace('_', ' '))}: "
            f"{local_day(parse(value), zone) if name in times else value}"
        )
        range_name, _, end = name.rpartition("_")
        if range_name in RANGES:
            label = f"{'≥' if end == 'from' else '≤'} {RANGES[range_name][1].format(value)}"
        elif name == "none":
            label = f"{value}: (none)"
        elif name == "archived":
            label = ARCHIVED[value]
        elif name in FLAGS:
            label = FLAGS[name][value == "false"]
        rest = fields[:index] + fields[index + 1 :]
        negated = _with_word(f"-{name}:{_quoted(value)}", rest) if name in _NEGATED else ""
        shown.append(Chip(name, label, query(rest), negated))
    return shown


def _with_word(word: str, fields: list[tuple[str, str]]) -> str:
    """The query with a word more in its search."""
    typed = " ".join([*(value for name, value in fields if name == "q"), word])
    return query([("q", typed), *(pair for pair in fields if pair[0] != "q")])


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"[\s()]", value) else value


def curl_query(params: ListParams) -> str:
    """The query string by which the API gives the same list."""
    fields = [(name, value) for name, value in narrowing(params) if name != "q"]
    return query([*fields, ("limit", "50")])
