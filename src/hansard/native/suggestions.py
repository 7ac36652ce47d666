"""``/v1/search/suggestions``: how a search may go on while it is typed."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.native.schemas import Json
from hansard.service.suggestions import MOST


class SuggestionParams(Struct, frozen=True, kw_only=True):
    """What has been typed."""

    example: ClassVar[Json] = {"q": "refund chan"}

    q: Annotated[str, Meta(max_length=256)]
    """The text of the search, up to where the reader types."""
    limit: Annotated[int, Meta(ge=1, le=100)] = MOST
    """The most ways to go on."""


class SuggestionOut(Struct, frozen=True, kw_only=True):
    """A way to go on."""

    example: ClassVar[Json] = {
        "text": "refund channel:web ",
        "label": "channel:web",
        "count": 45,
    }

    text: str
    """The whole text then."""
    label: str
    """The qualifier that it ends in."""
    count: int | None
    """How many sessions outside of the archive have this value; null where it is not counted."""


class SuggestionList(Struct, frozen=True, kw_only=True):
    """The ways to go on, at most `limit`; none where the text ends in no qualifier."""

    data: list[SuggestionOut]
    """The values with most sessions first."""


async def suggest(call: Call[SuggestionParams, None]) -> SuggestionList:
    """Complete a search: the names of qualifiers, then their values

    `metadata.` is completed by the keys of the sessions' metadata, `metadata.KEY:` by the values of
    one. A key for one end user or app is not told the values of others.
    """
    suggestions = await call.service.suggestions.find(
        call.principal, call.params.q, call.params.limit
    )
    return SuggestionList(
        data=[
            SuggestionOut(text=each.text, label=each.label, count=each.count)
            for each in suggestions
        ]
    )


routes = (
    Route(
        "GET /v1/search/suggestions",
        suggest,
        scope="sessions:read",
        params=SuggestionParams,
        returns=SuggestionList,
    ),
)
