"""The filters of sessions, which lists, searches, exports, bulk actions and views share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from hansard.errors import Invalid
from hansard.model import SessionFilter
from hansard.model.session import Sort
from hansard.model.session_filter import CHOICES, Archived, SharedFilters, branches, shared_values
from hansard.native.schemas import Cursor, Limit


class FilterParams(SharedFilters, frozen=True, kw_only=True, cache_hash=True):
    """Which sessions: those that pass every filter. The values of one filter are alternatives."""

    sub_sessions: bool = True
    """False leaves out sessions that branched from another."""
    task_sessions: bool = True
    """False leaves out sessions of kind `workflow` or `task`."""


class ListParams(FilterParams, frozen=True, kw_only=True, cache_hash=True):
    """The filters of sessions, and which page of them."""

    sort: Sort = "-active_at"
    """The order; `-` is descending. Sessions of one moment or title are ordered by their id."""
    limit: Limit = 50
    """The most sessions that a page may have."""
    cursor: Cursor = None
    total: bool = False
    """True adds `total`, the exact number of sessions that match."""
    with_documents: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    """Shows the document of this key that each session has, as its `documents`."""


def filter_of(params: FilterParams, archived: Archived = "any") -> SessionFilter:
    """The filter that the parameters mean; Invalid for a value that could never match.

    ``archived`` is what holds where they say nothing of the archive.
    """
    for field, choices in CHOICES.items():
        check_words(field, getattr(params, field), choices)
    skipped = branches(sub_sessions=params.sub_sessions, task_sessions=params.task_sessions)
    values = shared_values(params, archived) | {"title": params.title or None}
    return SessionFilter(**values, branch=skipped)


def check_words(field: str, values: Sequence[str], known: Sequence[str]) -> None:
    """Raise Invalid for a word that no session has: an empty list would look like an answer."""
    unknown = [value for value in values if value not in known]
    if unknown:
        raise Invalid(
            f"{field}: unknown value {unknown[0]!r}: choose from {', '.join(known)}", param=field
        )
