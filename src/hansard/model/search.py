from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hansard.model.session import Session
from hansard.model.session_filter import SessionFilter

SearchSort = Literal["recency", "relevance"]


class SearchQuery(Struct, frozen=True, kw_only=True):
    """What somebody typed, and which page of the answer. ``recency`` orders by the last message of each session.

    ``filter`` narrows beside the qualifiers that the text has. Without ``system`` what the system said is left out, unless the text
    says which roles are meant.
    """

    text: str
    filter: SessionFilter = SessionFilter()
    system: bool = True
    sort: SearchSort = "recency"
    limit: int = 20
    cursor: str | None = None
    with_total: bool = False


class Snippet(Struct, frozen=True):
    """A piece of a matching message; ``highlights`` are stretches of ``text``, start and end in characters."""

    message_id: str
    seq: int
    role: str
    created_at: int
    text: str
    highlights: list[tuple[int, int]]


class Found(Struct, frozen=True):
    """A session that matches: how many of its messages do (up to 50 are counted), and what the best say, best first.

    ``title_highlights`` are stretches of the title, empty when it does not match.
    """

    session: Session
    matches: int
    title_highlights: list[tuple[int, int]]
    snippets: list[Snippet]


class Results(Struct, frozen=True, kw_only=True):
    """A page of what was found. ``total`` is the number of sessions, None when it was not asked for.

    With ``total_is_lower_bound`` there are more than ``total``, which is exact otherwise.
    """

    items: list[Found]
    has_more: bool
    next_cursor: str | None = None
    total: int | None = None
    total_is_lower_bound: bool = False
