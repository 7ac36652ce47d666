from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from hansard.model.message import Message
from hansard.model.session import Session
from hansard.model.session_filter import SessionFilter

T = TypeVar("T")
SearchSort = Literal["recency", "relevance"]


class SearchQuery(Struct, frozen=True, kw_only=True):
    """A text to search for, and which page of the results.

    ``filter`` narrows them beside the qualifiers of the text. ``recency`` orders by the last
    message of each session. Without ``system``, system messages are left out unless the text has a
    role. Without ``tools``, what tools were given and answered is left out unless the text is about
    tools.
    """

    text: str
    filter: SessionFilter = SessionFilter()
    system: bool = True
    tools: bool = True
    sort: SearchSort = "recency"
    limit: int = 20
    cursor: str | None = None
    with_total: bool = False


class SearchNote(Struct, frozen=True):
    """A piece of a search that was not understood, why, and what may be meant."""

    text: str
    message: str
    suggestion: str | None = None


class Jump(Struct, frozen=True, kw_only=True):
    """What an id that was searched for is the id of: a session, a message of it, or a user."""

    session: Session | None = None
    message: Message | None = None
    user_id: str | None = None


class Snippet(Struct, frozen=True):
    """A passage of a matching message; ``highlights`` are (start, end) in characters of it."""

    message_id: str
    seq: int
    role: str
    created_at: int
    text: str
    highlights: list[tuple[int, int]]


class SearchHit(Struct, frozen=True):
    """A session that matches; ``matches`` counts its messages that do, up to 50.

    ``snippets`` are the best passages, the best first. ``title_highlights`` are (start, end) in
    characters of the title, empty when it does not match.
    """

    session: Session
    matches: int
    title_highlights: list[tuple[int, int]]
    snippets: list[Snippet]


class Results(Struct, Generic[T], frozen=True, kw_only=True):
    """A page of results; ``total`` is the number of sessions, None unless ``with_total`` was set.

    With ``total_is_lower_bound`` there are more than ``total``, which is exact otherwise.
    ``notes`` say what of the text was not understood; ``jump`` is set when it is an id.
    """

    items: list[T]
    has_more: bool
    next_cursor: str | None = None
    total: int | None = None
    total_is_lower_bound: bool = False
    notes: Sequence[SearchNote] = ()
    jump: Jump | None = None
